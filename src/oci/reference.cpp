#include "oci/reference.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

static bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
static bool is_alnum(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

// Lower-case letters and digits, joined by '.', '_', '__' or any number of '-'.
static bool is_path_component(std::string_view text) {
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (is_lower_or_digit(text[i])) {
            ++i;
            continue;
        }
        const std::size_t end = std::min(text.find_first_not_of(text[i], i), text.size());
        const std::size_t run = end - i;
        const bool separator = (text[i] == '.' && run == 1) || (text[i] == '_' && run <= 2) || text[i] == '-';
        if (!separator || !is_lower_or_digit(text[end])) return false;
        i = end;
    }
    return true;
}

static bool is_port(std::string_view text) {
    const auto port = base::to_uint(text);
    return port && *port <= 65535;
}

static bool is_domain(std::string_view text) {
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos || close < 3) return false;
        const auto inside = text.substr(1, close - 1);
        const bool hex = std::ranges::all_of(inside, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
        });
        return hex && (close + 1 == text.size() || (text[close + 1] == ':' && is_port(text.substr(close + 2))));
    }
    const auto colon = text.find(':');
    if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
    for (const auto label : base::split(text.substr(0, colon), '.')) {
        if (label.empty() || !is_alnum(label.front()) || !is_alnum(label.back())) return false;
        if (!std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; })) return false;
    }
    return true;
}

static bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
    return std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

static bool looks_like_domain(std::string_view text) {
    return text.find_first_of(".:") != std::string_view::npos || text == "localhost" || text.starts_with('[') ||
           base::to_lower(text) != text;
}

namespace {

// Splits and checks; a fault is told in Docker's words.
struct Parser {
    std::string_view text;
    std::string fault;

    bool fail(std::string_view why) {
        fault = why;
        return false;
    }

    bool parse(Reference& out) {
        if (text.empty()) return fail("invalid reference format: it is empty");
        if (text.size() == 64 &&
            std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }))
            return fail(cat("invalid repository name (", text, "), cannot specify 64-byte hexadecimal strings"));
        std::string_view name = text;
        if (const auto at = name.find('@'); at != std::string_view::npos) {
            out.digest = base::Digest::parse(name.substr(at + 1));
            if (!out.digest) return fail("invalid reference format: what follows '@' is no digest");
            name = name.substr(0, at);
        }
        const auto colon = name.rfind(':');
        if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
            out.tag = name.substr(colon + 1);
            if (!is_tag(out.tag)) return fail(cat("invalid reference format: \"", out.tag, "\" is no tag"));
            name = name.substr(0, colon);
        }
        return parse_name(name, out);
    }

    bool parse_name(std::string_view name, Reference& out) {
        const auto slash = name.find('/');
        out.domain = "docker.io";
        if (slash != std::string_view::npos && looks_like_domain(name.substr(0, slash))) {
            out.domain = name.substr(0, slash);
            if (!is_domain(out.domain))
                return fail(cat("invalid reference format: \"", out.domain, "\" is no host name"));
            name = name.substr(slash + 1);
            if (out.domain == "index.docker.io" || out.domain == "registry-1.docker.io") out.domain = "docker.io";
        }
        out.path = name;
        for (const auto component : base::split(name, '/')) {
            if (is_path_component(component)) continue;
            if (base::to_lower(name) != name && is_path_component(base::to_lower(component)))
                return fail(cat("invalid reference format: repository name (", name, ") must be lowercase"));
            return fail("invalid reference format");
        }
        if (out.domain == "docker.io" && out.path.find('/') == std::string::npos) out.path = cat("library/", out.path);
        if (out.path.size() + out.domain.size() > 254)
            return fail("invalid reference format: the name is longer than 255 characters");
        if (out.tag.empty() && !out.digest) out.tag = "latest";
        return true;
    }
};

}  // namespace

Reference Reference::parse(std::string_view text) {
    Reference out;
    Parser parser{text, {}};
    if (!parser.parse(out))
        throw Error(ErrorKind::invalid, cat(parser.fault, text.empty() ? "" : cat(": \"", text.substr(0, 300), '"')),
                    "an image is named [HOST[:PORT]/]path[:tag][@digest], in lower-case letters");
    return out;
}

std::optional<Reference> Reference::try_parse(std::string_view text) {
    Reference out;
    Parser parser{text, {}};
    if (!parser.parse(out)) return std::nullopt;
    return out;
}

std::string Reference::repository() const { return cat(domain, '/', path); }

std::string Reference::familiar_repository() const {
    if (domain != "docker.io") return repository();
    if (path.starts_with("library/") && path.find('/', 8) == std::string::npos) return path.substr(8);
    return looks_like_domain(path.substr(0, path.find('/'))) ? repository() : path;
}

static std::string with_ends(std::string name, const Reference& reference) {
    if (!reference.tag.empty()) name += cat(':', reference.tag);
    if (reference.digest) name += cat('@', reference.digest->to_text());
    return name;
}

std::string Reference::to_text() const { return with_ends(repository(), *this); }
std::string Reference::familiar() const { return with_ends(familiar_repository(), *this); }

}  // namespace tutti::oci
