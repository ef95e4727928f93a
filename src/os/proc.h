// What /proc says of other processes: who holds a socket.
// Used by advice.
// Reads only; processes that we may not look into are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tutti::os {

struct SocketHolder {
    int pid = 0;
    std::string name;  // comm
};
std::optional<SocketHolder> find_socket_holder(std::uint64_t inode);

}  // namespace tutti::os
