#include "os/proc.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "os/file.h"

namespace tutti::os {
namespace {

struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, Close>;

bool holds(const std::string& descriptors, const std::string& wanted) {
    const Folder folder(::opendir(descriptors.c_str()));
    if (!folder) return false;
    while (const dirent* entry = ::readdir(folder.get())) {
        std::array<char, 64> target{};
        const ssize_t size = ::readlinkat(::dirfd(folder.get()), entry->d_name, target.data(), target.size());
        if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted) return true;
    }
    return false;
}

}  // namespace

std::optional<SocketHolder> find_socket_holder(std::uint64_t inode) {
    if (inode == 0) return std::nullopt;
    const std::string wanted = base::cat("socket:[", inode, "]");
    const Folder proc(::opendir("/proc"));
    if (!proc) return std::nullopt;
    while (const dirent* entry = ::readdir(proc.get())) {
        const auto pid = base::to_int(entry->d_name);
        if (!pid || !holds(base::cat("/proc/", *pid, "/fd"), wanted)) continue;
        const auto name = read_file_if_exists(base::cat("/proc/", *pid, "/comm"));
        return SocketHolder{static_cast<int>(*pid), name ? std::string(base::trim(*name)) : std::string("?")};
    }
    return std::nullopt;
}

}  // namespace tutti::os
