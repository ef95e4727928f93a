#include <fcntl.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/files.h"
#include "embedded/function_streams.h"
#include "oci/inside.h"
#include "oci/unpack_files.h"

namespace tutti::embedded {

void unpack_into(const os::Fd& root, const std::string& folder, const std::function<std::string()>& source,
                 bool keep_owner) {
    const auto clean = oci::clean_path(base::path::absolute(folder, "/"));
    const auto place = clean ? oci::open_inside(root, *clean, O_RDONLY | O_DIRECTORY) : std::nullopt;
    if (!place)
        throw base::Error(base::ErrorKind::not_found,
                          base::cat("Could not find the folder ", folder, " in the container"));
    FunctionSource bytes(source);
    oci::unpack_files(bytes, *place, {keep_owner, {}});
}

}  // namespace tutti::embedded
