#include "app/kept_copy.h"

#include <cstdio>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::app {

void keep_copy(const std::string& copy, const std::function<void(const std::string& folder)>& fill) {
    if (os::exists(copy)) return;
    const std::string cache = base::path::folder(copy);
    os::make_folders(cache);
    const os::TempFolder aside(cache, "fetch-");
    const std::string folder = base::cat(aside.path(), "/copy");
    os::make_folders(folder);
    fill(folder);
    if (::rename(folder.c_str(), copy.c_str()) != 0 && !os::exists(copy))
        base::throw_errno(base::cat("keeping ", copy));
}

}  // namespace tutti::app
