#include <algorithm>
#include <array>
#include <cstdint>

#include "base/path.h"
#include "base/text.h"
#include "model/short_form.h"

namespace tutti::model {

namespace {

constexpr std::array<std::string_view, 6> propagations = {"rprivate", "private", "rshared",
                                                          "shared",   "rslave",  "slave"};

std::size_t first_character(std::string_view text) {  // its length in bytes
    std::size_t length = 1;
    while (length < text.size() && length < 4 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) ++length;
    return length;
}

// A letter in any alphabet. Beyond Latin, punctuation, symbols, private use and emoji are told apart by their blocks.
bool is_letter(std::string_view character) {
    if (character.size() == 1) {
        const char c = static_cast<char>(character[0] | 0x20);
        return c >= 'a' && c <= 'z';
    }
    std::uint32_t code = static_cast<unsigned char>(character[0]) & (0xffU >> (character.size() + 1));
    for (const char byte : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    if (code < 0xc0) return code == 0xaa || code == 0xb5 || code == 0xba;
    const bool symbol = code == 0xd7 || code == 0xf7 || (code >= 0x2000 && code < 0x2c00) ||
                        (code >= 0x3000 && code < 0x3005) || (code >= 0xe000 && code < 0xf900) || code >= 0x1f000;
    return !symbol;
}

bool is_drive(std::string_view part) {
    return !part.empty() && first_character(part) == part.size() && is_letter(part);
}

bool is_path(std::string_view source) {
    if (source.empty()) return false;
    if (source[0] == '.' || source[0] == '/' || source[0] == '~' || source.starts_with("\\\\")) return true;
    const std::size_t first = first_character(source);
    return first < source.size() && source[first] == ':' && is_letter(source.substr(0, first));
}

// The parts between colons; those after a drive letter or inside ${…} do not split.
// None if a ${ stays open.
std::vector<std::string_view> split_mount(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    int braces = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && text.substr(i).starts_with("${")) {
            ++braces;
        } else if (text[i] == '}' && braces > 0) {
            --braces;
        } else if (text[i] == ':' && braces == 0 && !is_drive(text.substr(begin, i - begin))) {
            parts.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    if (braces != 0) return {};
    parts.push_back(text.substr(begin));
    return parts;
}

// The last of contradicting options wins. Gives the first one that nobody knows; it does nothing.
std::string_view apply_options(Mount& mount, std::string_view options) {
    std::string_view unknown;
    const auto bind = [&mount]() -> BindOptions& { return mount.bind ? *mount.bind : mount.bind.emplace(); };
    for (const std::string_view option : base::split(options, ',')) {
        if (option == "ro" || option == "rw")
            mount.read_only = option == "ro";
        else if (option == "nocopy")
            mount.volume.emplace().nocopy = true;
        else if (option == "z" || option == "Z")
            bind().selinux = option;
        else if (std::find(propagations.begin(), propagations.end(), option) != propagations.end())
            bind().propagation = option;
        else if (unknown.empty() && option != "cached" && option != "delegated" && option != "consistent")
            unknown = option;
    }
    return unknown;
}

void complete(Mount& mount) {
    if (is_path(mount.source)) {
        mount.type = "bind";
        if (!mount.bind) mount.bind.emplace();
        mount.bind->create_host_path = true;
    } else {
        mount.type = "volume";
        if (!mount.volume) mount.volume.emplace();
    }
}

}  // namespace

Parsed<Mount> parse_mount(std::string_view text) {
    Parsed<Mount> mount;
    if (text.empty()) return {{}, "invalid empty volume spec"};
    if (text.size() <= 2) {
        mount.value.type = "volume";
        mount.value.target = base::path::clean(text);
        return mount;
    }
    const std::vector<std::string_view> parts = split_mount(text);
    if (parts.empty()) return {{}, base::cat("invalid spec: ", text, ": ${ without }")};
    if (std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); }))
        return {{}, base::cat("invalid spec: ", text, ": empty section between colons")};
    if (parts.size() > 3) return {{}, base::cat("invalid spec: ", text, ": too many colons")};

    if (parts.size() == 1) {
        mount.value.target = parts[0];
    } else {
        mount.value.source = parts[0];
        mount.value.target = parts[1];
    }
    if (parts.size() == 3)
        if (const std::string_view unknown = apply_options(mount.value, parts[2]); !unknown.empty())
            mount.remark = base::cat("unknown option '", unknown, "' is ignored");
    complete(mount.value);
    mount.value.target = base::path::clean(mount.value.target);
    return mount;
}

}  // namespace tutti::model
