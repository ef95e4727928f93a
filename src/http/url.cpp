#include "http/url.h"

#include <algorithm>

#include "base/text.h"

namespace tutti::http {

using base::cat;

static std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

static bool is_host(std::string_view host) {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == ':' || c == '%';
    });
}

std::optional<Url> Url::parse(std::string_view text) {
    Url url;
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    url.scheme = base::to_lower(text.substr(0, scheme_end));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(scheme_end + 3);
    text = text.substr(0, text.find('#'));
    const auto path = text.find_first_of("/?");
    std::string_view authority = text.substr(0, path);
    if (path != std::string_view::npos)
        url.target = text[path] == '?' ? cat('/', text.substr(path)) : std::string(text.substr(path));
    if (authority.find('@') != std::string_view::npos) return std::nullopt;  // user info has no business here

    std::string_view port;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        url.host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority[0] != ':') return std::nullopt;
        port = authority.empty() ? authority : authority.substr(1);
    } else {
        const auto colon = authority.find(':');
        url.host = base::to_lower(authority.substr(0, colon));
        if (url.host.find(':') != std::string::npos) return std::nullopt;
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    }
    if (!is_host(url.host)) return std::nullopt;
    url.port = default_port(url.scheme);
    if (!port.empty()) {
        const auto number = base::to_uint(port);
        if (!number || *number == 0 || *number > 65535) return std::nullopt;
        url.port = static_cast<std::uint16_t>(*number);
    }
    const bool clean =
        std::ranges::all_of(url.target, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
    if (!clean) return std::nullopt;
    return url;
}

std::string Url::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : cat('[', host, ']');
    return port == default_port(scheme) ? name : cat(name, ':', port);
}

std::string Url::to_text() const { return cat(scheme, "://", authority(), target); }

std::optional<Url> Url::resolve(std::string_view location) const {
    if (location.find("://") != std::string_view::npos && location.find("://") < location.find_first_of("/?#"))
        return parse(location);
    if (location.starts_with("//")) return parse(cat(scheme, ':', location));
    Url url = *this;
    const std::string path = target.substr(0, target.find('?'));
    if (location.starts_with('/'))
        url.target = location;
    else if (location.starts_with('?'))
        url.target = cat(path, location);
    else
        url.target = cat(path.substr(0, path.rfind('/') + 1), location);
    return parse(url.to_text());
}

bool Url::is_loopback() const {
    if (host == "localhost" || host == "::1" || host.ends_with(".localhost")) return true;
    return host.starts_with("127.") &&
           host.find_first_not_of("0123456789.") == std::string::npos;  // not 127.example.com
}

std::string percent_encode(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
            c == '_' || c == '~')
            out += c;
        else
            out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

static constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k <= bytes.size() ? base64_alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    std::uint32_t group = 0;
    int bits = 0;
    while (text.ends_with('=')) text.remove_suffix(1);
    for (char c : text) {
        if (c == '-') c = '+';
        if (c == '_') c = '/';
        const auto value = base64_alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        group = group << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(group >> bits & 0xff);
        }
    }
    return out;
}

}  // namespace tutti::http
