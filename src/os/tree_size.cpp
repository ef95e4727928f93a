#include "os/tree_size.h"

#include <fts.h>
#include <sys/stat.h>

#include <memory>
#include <set>

namespace tutti::os {

std::int64_t tree_size(const std::string& folder) {
    std::string path = folder;
    char* const roots[] = {path.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> walk(::fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr),
                                                   ::fts_close);
    if (!walk) return 0;
    std::int64_t bytes = 0;
    std::set<ino_t> linked;
    while (const FTSENT* entry = ::fts_read(walk.get())) {
        if (entry->fts_info != FTS_F) continue;
        if (entry->fts_statp->st_nlink > 1 && !linked.insert(entry->fts_statp->st_ino).second) continue;
        bytes += entry->fts_statp->st_size;
    }
    return bytes;
}

}  // namespace tutti::os
