#include "embedded/disk_use.h"

#include "os/tree_size.h"

namespace tutti::embedded {

void add_sizes(Parts& parts, const records::Folder& folder, engine::ContainerSummary& line) {
    line.size_rw = os::tree_size(folder.file("upper"));
    line.size_root = line.size_rw;
    if (const auto image = parts.store().image(base::Digest::require(line.image_id))) line.size_root += image->size;
}

}  // namespace tutti::embedded
