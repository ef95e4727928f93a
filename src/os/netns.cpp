#include "os/netns.h"

#include <fcntl.h>
#include <sched.h>

#include <exception>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::os {

namespace {

void enter(const Fd& netns) {
    if (setns(netns.get(), CLONE_NEWNET) != 0) base::throw_errno("entering a network namespace");
}

}  // namespace

Fd current_netns() { return open("/proc/thread-self/ns/net", O_RDONLY); }

InNetns::InNetns(const Fd& netns) : home_(current_netns()) { enter(netns); }

InNetns::~InNetns() {
    if (setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();
}

Fd make_netns(const std::function<void()>& inside) {
    const Fd home = current_netns();
    const InNetns way_back(home);  // enters where we are already: only its end matters
    if (unshare(CLONE_NEWNET) != 0) base::throw_errno("making a network namespace");
    Fd netns = current_netns();
    if (inside) inside();
    return netns;
}

bool set_net_sysctl(const std::string& name, std::string_view value) {
    const std::string path = base::cat("/proc/sys/net/", name);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) {
        if (errno == ENOENT) return false;
        base::throw_errno(base::cat("opening ", path));
    }
    write_all(file, value);
    return true;
}

std::string net_sysctl(const std::string& name) {
    const auto text = read_file_if_exists(base::cat("/proc/sys/net/", name));
    return std::string(base::trim(text.value_or("")));
}

}  // namespace tutti::os
