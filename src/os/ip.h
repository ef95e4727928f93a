// Internet addresses, prefixes and MAC addresses as values: read, printed, compared, counted up. Both families.
// Used by networks, published ports and the name server. Opens no socket.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tutti::os {

class IpAddress {
  public:
    IpAddress() = default;                                         // 0.0.0.0
    static std::optional<IpAddress> parse(std::string_view text);  // "10.0.0.1", "fd00::1"; no zone, no port
    static IpAddress v4(std::uint32_t host_order);
    static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
    static IpAddress any(int family);                                  // 0.0.0.0 or ::
    static std::optional<IpAddress> from_bytes(std::string_view raw);  // 4 or 16 bytes in network order

    bool is_v4() const { return v4_; }
    int family() const { return v4_ ? AF_INET : AF_INET6; }
    int bits() const { return v4_ ? 32 : 128; }
    std::string_view raw() const;  // 4 or 16 bytes in network order
    std::string to_text() const;

    bool is_any() const;
    bool is_loopback() const;
    bool is_link_local() const;
    bool is_multicast() const;

    IpAddress plus(std::uint64_t count) const;  // wraps around
    IpAddress masked(int length) const;

    auto operator<=>(const IpAddress&) const = default;

  private:
    bool v4_ = true;
    std::array<std::uint8_t, 16> bytes_{};  // v4 uses the first four
};

// A network "172.17.0.0/16", or an address with the length of its network (host bits are kept: see network()).
struct IpPrefix {
    IpAddress address;
    int length = 0;

    static std::optional<IpPrefix> parse(std::string_view text);  // the length is required
    std::string to_text() const;
    IpPrefix network() const { return {address.masked(length), length}; }
    IpAddress first() const { return address.masked(length); }
    IpAddress last() const;
    bool contains(const IpAddress& other) const;
    bool overlaps(const IpPrefix& other) const;

    auto operator<=>(const IpPrefix&) const = default;
};

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    static std::optional<MacAddress> parse(std::string_view text);  // "02:42:ac:11:00:02", also with '-'
    std::string to_text() const;
    auto operator<=>(const MacAddress&) const = default;
};

// For bind, connect and sendto.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    SocketAddress() = default;
    SocketAddress(const IpAddress& address, std::uint16_t port);
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    IpAddress address() const;
    std::uint16_t port() const;
};

}  // namespace tutti::os
