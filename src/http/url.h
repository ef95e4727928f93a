// An http(s) URL in parts, and percent-encoding.
// Used by the registry protocol and clients. Not for file names or references of images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tutti::http {

struct Url {
    std::string scheme;  // "http" or "https"
    std::string host;    // without brackets
    std::uint16_t port = 0;
    std::string target = "/";  // path and query, never a fragment

    static std::optional<Url> parse(std::string_view text);
    std::string authority() const;  // "host", "host:5000", "[::1]:5000": as the Host header wants it
    std::string to_text() const;
    // What a Location header means here: absolute, "//host/…", "/path" or relative to the path. Nothing if it is no
    // http URL.
    std::optional<Url> resolve(std::string_view location) const;
    bool same_origin(const Url& other) const {
        return scheme == other.scheme && host == other.host && port == other.port;
    }
    bool is_loopback() const;  // localhost, 127.0.0.0/8, ::1 as written
};

std::string percent_encode(std::string_view text);  // all but unreserved characters
std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // also without padding and the URL alphabet

}  // namespace tutti::http
