#include "compose/remote.h"

#include <algorithm>
#include <array>

#include "base/path.h"
#include "base/text.h"

namespace tutti::compose {

using base::cat;

namespace {

bool is_word(char c, std::string_view more) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
}

// "user@host:path", the way of scp.
bool is_scp_style(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0) return false;
    const std::size_t colon = text.find(':', at);
    if (colon == std::string_view::npos || colon == at + 1) return false;
    const auto words = [&](std::size_t from, std::size_t to, std::string_view more) {
        return std::ranges::all_of(text.substr(from, to - from), [&](char c) { return is_word(c, more); });
    };
    return words(0, at, "-_") && words(at + 1, colon, "-.");
}

}  // namespace

std::optional<GitReference> parse_git_reference(std::string_view text) {
    if (text.starts_with("./") || text.starts_with("../")) return std::nullopt;
    const std::size_t hash = text.find('#');
    const auto address = text.substr(0, hash);
    const auto fragment = hash == std::string_view::npos ? std::string_view() : text.substr(hash + 1);

    const std::size_t scheme_end = address.find("://");
    if (scheme_end != std::string_view::npos) {
        constexpr std::array<std::string_view, 4> known{"http", "https", "git", "ssh"};
        const std::string scheme = base::to_lower(address.substr(0, scheme_end));
        if (std::ranges::find(known, scheme) == known.end()) return std::nullopt;
        if (scheme.starts_with("http") && !address.substr(0, address.find('?')).ends_with(".git")) return std::nullopt;
    } else if (!address.starts_with("github.com/") && !is_scp_style(address)) {
        return std::nullopt;
    }

    GitReference git;
    git.remote = address;
    if (address.starts_with("github.com/")) git.remote = cat("https://", address);
    const std::size_t colon = fragment.find(':');
    git.reference = fragment.substr(0, colon);
    // Rooted before it is cleaned, so that no `..` leads out of the repository.
    if (colon != std::string_view::npos) git.folder = base::path::join("/", fragment.substr(colon + 1)).substr(1);
    return git;
}

bool is_artifact(std::string_view text) { return text.starts_with("oci://"); }

bool is_remote(std::string_view text) { return is_artifact(text) || parse_git_reference(text).has_value(); }

bool is_artifact_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == std::string_view::npos;
}

}  // namespace tutti::compose
