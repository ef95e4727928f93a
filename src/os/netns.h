// Network namespaces as descriptors: make one, and do something inside one.
// Used by networks (sandboxes), the name server (sockets towards upstream) and their tests. Starts no thread and no
// process: a namespace belongs to the calling thread, which enters it and comes back.
#pragma once

#include <functional>

#include "os/fd.h"

namespace tutti::os {

// The namespace of the calling thread; lives as long as the descriptor.
Fd current_netns();

// The calling thread is in `netns` as long as the object lives. If the way back fails the program ends: nothing may go
// on in a container's namespace by mistake.
class InNetns {
  public:
    explicit InNetns(const Fd& netns);
    InNetns(const InNetns&) = delete;
    InNetns& operator=(const InNetns&) = delete;
    ~InNetns();

  private:
    Fd home_;
};

// A fresh namespace; `inside` runs in it before anybody else can (loopback is down at first).
Fd make_netns(const std::function<void()>& inside = {});

// Writes one value below /proc/sys/net of the calling thread's namespace: set_net_sysctl("ipv4/ip_forward", "1").
// False where the kernel has no such file; throws for anything else.
bool set_net_sysctl(const std::string& name, std::string_view value);
std::string net_sysctl(const std::string& name);  // empty where there is none

}  // namespace tutti::os
