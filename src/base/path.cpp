#include "base/path.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace tutti::base::path {

namespace {

// The parts of a path after `.` and inner `..` are resolved; leading `..` of a relative path stay.
std::vector<std::string_view> parts_of(std::string_view path) {
    const bool rooted = is_absolute(path);
    std::vector<std::string_view> parts;
    for (const auto part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        const bool climbs = part == "..", can_climb = !parts.empty() && parts.back() != "..";
        if (climbs && can_climb) {
            parts.pop_back();
        } else if (!climbs || !rooted) {
            parts.push_back(part);
        }
    }
    return parts;
}

std::string put_together(std::vector<std::string_view>::const_iterator begin,
                         std::vector<std::string_view>::const_iterator end, bool rooted) {
    std::string out = rooted ? "/" : "";
    for (auto part = begin; part != end; ++part) {
        if (part != begin) out += '/';
        out += *part;
    }
    return out.empty() ? "." : out;
}

// True of most paths there are: then nothing needs to be taken apart.
bool is_clean(std::string_view path) {
    if (path.empty() || path.ends_with('/')) return path == "/";
    std::size_t start = path.starts_with('/') ? 1 : 0;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view part = path.substr(start, end - start);
        if (part.empty() || part == "." || part == "..") return false;
        start = end + 1;
    }
    return true;
}

}  // namespace

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

std::string clean(std::string_view path) {
    if (is_clean(path)) return std::string(path);
    const auto parts = parts_of(path);
    return put_together(parts.begin(), parts.end(), is_absolute(path));
}

std::string join(std::string_view folder, std::string_view name) {
    if (folder.empty()) return name.empty() ? "" : clean(name);
    if (name.empty()) return clean(folder);
    return clean(cat(folder, '/', name));
}

std::string folder(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return clean(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1));
}

std::string_view last(std::string_view path) {
    if (path.empty()) return ".";
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (path == "/") return path;
    return path.substr(path.rfind('/') + 1);
}

std::string absolute(std::string_view path, std::string_view cwd) {
    return is_absolute(path) ? clean(path) : join(cwd, path);
}

std::optional<std::string> relative(std::string_view from, std::string_view to) {
    if (is_absolute(from) != is_absolute(to)) return std::nullopt;
    const auto base = parts_of(from);
    const auto target = parts_of(to);
    std::size_t common = 0;
    while (common < base.size() && common < target.size() && base[common] == target[common]) ++common;
    if (common < base.size() && base[common] == "..") return std::nullopt;
    std::string out;
    for (std::size_t i = common; i < base.size(); ++i) out += out.empty() ? ".." : "/..";
    for (std::size_t i = common; i < target.size(); ++i) {
        if (!out.empty()) out += '/';
        out += target[i];
    }
    return out.empty() ? "." : out;
}

}  // namespace tutti::base::path
