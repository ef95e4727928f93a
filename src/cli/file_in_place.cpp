#include "cli/file_in_place.h"

#include <fcntl.h>

#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

namespace tutti::cli {

void write_in_place(const Session& session, const std::string& path,
                    const std::function<void(const ByteSink&)>& write) {
    const std::string target = session.place(path);
    const std::string aside = target + ".part";
    try {
        {
            const os::Fd file = os::open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            write([&](std::string_view bytes) { os::write_all(file, bytes); });
        }
        if (::rename(aside.c_str(), target.c_str()) != 0) base::throw_errno(base::cat("writing ", target));
    } catch (...) {
        os::remove_file(aside);
        throw;
    }
}

}  // namespace tutti::cli
