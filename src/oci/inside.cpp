#include "oci/inside.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace tutti::oci {

std::optional<std::string> clean_path(std::string_view path) {
    std::vector<std::string_view> parts;
    for (const auto part : base::split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else {
            if (parts.empty()) return std::nullopt;
            parts.pop_back();
        }
    }
    std::string out;
    for (const auto part : parts) out += base::cat(out.empty() ? "" : "/", part);
    return out;
}

Split split_path(const std::string& clean) {
    const auto slash = clean.rfind('/');
    if (slash == std::string::npos) return {"", clean};
    return {clean.substr(0, slash), clean.substr(slash + 1)};
}

std::optional<os::Fd> open_inside(const os::Fd& root, const std::string& clean, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int attempt = 0;; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root.get(), clean.empty() ? "." : clean.c_str(), &how, sizeof how);
        if (fd >= 0) return os::Fd(static_cast<int>(fd));
        if (errno == EAGAIN && attempt < 64) continue;  // a rename raced with the look-up
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return std::nullopt;
        base::throw_errno(base::cat("opening ", clean));
    }
}

}  // namespace tutti::oci
