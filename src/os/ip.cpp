#include "os/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace tutti::os {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    const std::string terminated(text);
    IpAddress address;
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.v4_ = false;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
    IpAddress address;
    for (int i = 0; i < 4; ++i) address.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress address;
    address.v4_ = false;
    address.bytes_ = bytes;
    return address;
}

IpAddress IpAddress::any(int family) {
    IpAddress address;
    address.v4_ = family == AF_INET;
    return address;
}

std::optional<IpAddress> IpAddress::from_bytes(std::string_view raw) {
    if (raw.size() != 4 && raw.size() != 16) return std::nullopt;
    IpAddress address;
    address.v4_ = raw.size() == 4;
    std::memcpy(address.bytes_.data(), raw.data(), raw.size());
    return address;
}

std::string_view IpAddress::raw() const {
    return {reinterpret_cast<const char*>(bytes_.data()), v4_ ? std::size_t{4} : std::size_t{16}};
}

std::string IpAddress::to_text() const {
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(family(), bytes_.data(), text, sizeof text);
}

bool IpAddress::is_any() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
    if (v4_) return bytes_[0] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; }) &&
           bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
    if (v4_) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const { return v4_ ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

IpAddress IpAddress::plus(std::uint64_t count) const {
    IpAddress sum = *this;
    for (int i = bits() / 8 - 1; i >= 0 && count != 0; --i) {
        count += sum.bytes_[i];
        sum.bytes_[i] = static_cast<std::uint8_t>(count);
        count >>= 8;
    }
    return sum;
}

IpAddress IpAddress::masked(int length) const {
    IpAddress result = *this;
    for (int i = 0; i < bits() / 8; ++i) {
        const int kept = std::clamp(length - 8 * i, 0, 8);
        result.bytes_[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
    }
    return result;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto length = base::to_uint(text.substr(slash + 1));
    if (!address || !length || *length > static_cast<unsigned>(address->bits())) return std::nullopt;
    return IpPrefix{*address, static_cast<int>(*length)};
}

std::string IpPrefix::to_text() const { return base::cat(address.to_text(), "/", length); }

IpAddress IpPrefix::last() const {
    std::string raw(address.raw());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const int kept = std::clamp(length - 8 * static_cast<int>(i), 0, 8);
        raw[i] = static_cast<char>(static_cast<std::uint8_t>(raw[i]) | (0xff >> kept));
    }
    return *IpAddress::from_bytes(raw);
}

bool IpPrefix::contains(const IpAddress& other) const {
    return other.is_v4() == address.is_v4() && other.masked(length) == first();
}

bool IpPrefix::overlaps(const IpPrefix& other) const {
    if (other.address.is_v4() != address.is_v4()) return false;
    const int shorter = std::min(length, other.length);
    return address.masked(shorter) == other.address.masked(shorter);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    if (text.size() != 17 || (text[2] != ':' && text[2] != '-')) return std::nullopt;
    const auto parts = base::split(text, text[2]);
    if (parts.size() != 6) return std::nullopt;
    MacAddress mac;
    for (std::size_t i = 0; i < 6; ++i) {
        const auto byte = parts[i].size() == 2 ? base::to_uint(parts[i], 16) : std::nullopt;
        if (!byte) return std::nullopt;
        mac.bytes[i] = static_cast<std::uint8_t>(*byte);
    }
    return mac;
}

std::string MacAddress::to_text() const {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i != 0) text += ':';
        text += base::to_hex({&bytes[i], 1});
    }
    return text;
}

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
    if (address.is_v4()) {
        auto& in = reinterpret_cast<sockaddr_in&>(storage);
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, address.raw().data(), 4);
        size = sizeof in;
    } else {
        auto& in = reinterpret_cast<sockaddr_in6&>(storage);
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        std::memcpy(&in.sin6_addr, address.raw().data(), 16);
        size = sizeof in;
    }
}

IpAddress SocketAddress::address() const {
    if (storage.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
        return *IpAddress::from_bytes({reinterpret_cast<const char*>(&in.sin_addr), 4});
    }
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    return *IpAddress::from_bytes({reinterpret_cast<const char*>(&in.sin6_addr), 16});
}

std::uint16_t SocketAddress::port() const {
    if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

}  // namespace tutti::os
