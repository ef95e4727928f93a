#include "compose/paths.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/path.h"
#include "base/text.h"
#include "compose/path_table.h"
#include "compose/remote.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

enum class Kind : unsigned char { path, build_context, maybe_windows, extends_file, watched, mount, volume };

const PathTable<Kind>& path_attributes() {
    static const PathTable<Kind> table{
        {"services.*.build.context", Kind::build_context},
        {"services.*.build.additional_contexts.*", Kind::build_context},
        {"services.*.build.ssh.*", Kind::maybe_windows},
        {"services.*.env_file.*.path", Kind::path},
        {"services.*.label_file.*", Kind::path},
        {"services.*.extends.file", Kind::extends_file},
        {"services.*.develop.watch.*.path", Kind::watched},
        {"services.*.volumes.*", Kind::mount},
        {"configs.*.file", Kind::maybe_windows},
        {"secrets.*.file", Kind::maybe_windows},
        {"volumes.*", Kind::volume},
    };
    return table;
}

class Resolver {
  public:
    Resolver(const PathBase& base, doc::Diagnostics& diagnostics) : base_(base), diagnostics_(diagnostics) {}

    void walk(Node& value, PathTable<Kind>::Place place, const Where& where) {
        if (!place) return;
        if (const Kind* kind = place.rule()) return resolve(value, *kind, where);
        if (value.is_map())
            for (auto& [key, mark, child] : value.entries()) walk(child, place.down(key), where.down(key));
        if (value.is_list())
            for (Node& item : value.items()) walk(item, place.down("[]"), where.down("[]"));
    }

    bool failed() const { return failed_; }

  private:
    void resolve(Node& value, Kind kind, const Where& where) {
        switch (kind) {
            case Kind::path: return resolve_path(value, where);
            case Kind::extends_file:
                if (!value.is_text() || !is_remote(value.as_text())) resolve_path(value, where);
                return;
            case Kind::build_context: return resolve_context(value, where);
            case Kind::maybe_windows:
                if (value.is_text()) value.as_text() = below_unless_absolute(value.as_text());
                return;
            case Kind::watched:
                resolve_path(value, where);
                if (value.is_text()) follow_links(value, where);
                return;
            case Kind::mount: return resolve_mount(value, where);
            case Kind::volume: return resolve_device(value);
        }
    }

    void refuse(const Node& at, std::string message) {
        failed_ = true;
        diagnostics_.error(at, std::move(message));
    }

    void resolve_path(Node& value, const Where& where) {
        if (value.is_list()) {
            for (Node& item : value.items()) resolve_path(item, where);
        } else if (value.is_text()) {
            value.as_text() = below(expand_home(value.as_text(), base_.home));
        } else {
            refuse(value, cat(where.to_text(), " must be a path, not a ", to_text(value.kind())));
        }
    }

    std::string below(const std::string& path) const {
        return path.empty() || base::path::is_absolute(path) ? path : base::path::join(base_.folder, path);
    }

    // A client on Windows may talk to an engine on Linux.
    std::string below_unless_absolute(std::string_view text) const {
        const std::string path = expand_home(text, base_.home);
        if (base::path::is_absolute(path) || is_windows_absolute(path)) return path;
        return base::path::join(base_.folder, path);
    }

    void resolve_context(Node& value, const Where& where) {
        if (!value.is_text())
            return refuse(value, cat(where.to_text(), " must be a string, not a ", to_text(value.kind())));
        const std::string& context = value.as_text();
        constexpr std::array<std::string_view, 3> elsewhere{"service:", "github.com/", "git@"};
        if (context.find("://") != std::string::npos) return;
        if (std::ranges::any_of(elsewhere, [&](auto prefix) { return context.starts_with(prefix); })) return;
        resolve_path(value, where);
    }

    void resolve_mount(Node& value, const Where& where) {
        if (!value.is_map() || value.text_or("type") != "bind") return;
        Node* source = value.find("source");
        if (!source) return refuse(value, "invalid mount config for type \"bind\": field Source must not be empty");
        if (!source->is_text()) return refuse(*source, cat(where.to_text(), ".source must be a string"));
        source->as_text() = below_unless_absolute(source->as_text());
    }

    // A local volume with `o: bind` is a bind mount in disguise.
    void resolve_device(Node& volume) {
        if (volume.text_or("driver") != "local") return;
        Node* options = volume.find("driver_opts");
        if (!options || options->text_or("o") != "bind") return;
        Node* device = options->find("device");
        if (device && device->is_text()) device->as_text() = below_unless_absolute(device->as_text());
    }

    // Watchers see the real folder, so the first link on the way is replaced by what it stands for.
    void follow_links(Node& value, const Where& where) {
        std::string& path = value.as_text();
        std::string walked = base::path::is_absolute(path) ? "/" : "";
        for (const auto part : base::split(path, '/')) {
            if (part.empty()) continue;
            walked = base::path::join(walked, part);
            if (!base_.files.read_link(walked)) continue;
            const auto real = real_path(walked, base_.files);
            if (!real) return refuse(value, cat(where.to_text(), ": ", walked, " is a link to nothing"));
            path = cat(*real, std::string_view(path).substr(path.find(walked) + walked.size()));
            return;
        }
    }

    const PathBase& base_;
    doc::Diagnostics& diagnostics_;
    bool failed_ = false;
};

bool is_separator(char c) { return c == '/' || c == '\\'; }

// `prefix` is given with backslashes; case and the kind of slash do not count, and a whole part must match.
bool has_prefix(std::string_view path, std::string_view prefix) {
    if (path.size() < prefix.size()) return false;
    const auto same = [](char a, char b) {
        return is_separator(b) ? is_separator(a)
                               : base::to_lower(std::string_view(&a, 1)) == base::to_lower(std::string_view(&b, 1));
    };
    if (!std::ranges::equal(path.substr(0, prefix.size()), prefix, same)) return false;
    return path.size() == prefix.size() || is_separator(path[prefix.size()]);
}

// The length of "\\host\share" if `start` characters stand before the host.
std::size_t share_length(std::string_view path, std::size_t start) {
    int separators = 0;
    for (std::size_t i = start; i < path.size(); ++i)
        if (is_separator(path[i]) && ++separators == 2) return i;
    return path.size();
}

std::size_t volume_name_length(std::string_view path) {
    constexpr std::string_view network_device = "\\\\.\\UNC";
    if (path.size() >= 2 && path[1] == ':') return 2;
    if (path.empty() || !is_separator(path[0])) return 0;
    if (has_prefix(path, network_device)) return share_length(path, network_device.size() + 1);
    if (has_prefix(path, "\\\\.") || has_prefix(path, "\\\\?") || has_prefix(path, "\\??")) {
        constexpr std::size_t device = 3;
        if (path.size() == device) return device;
        const auto end = std::find_if(path.begin() + device + 1, path.end(), is_separator);
        return static_cast<std::size_t>(end - path.begin());
    }
    return path.size() >= 2 && is_separator(path[1]) ? share_length(path, 2) : 0;
}

}  // namespace

std::optional<std::string> real_path(std::string path, const base::Files& files) {
    constexpr int most_links = 255;
    int links = 0;
    std::string walked = "/";
    std::string rest = std::move(path);
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        const std::string part = rest.substr(0, slash);
        rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
        const std::string next = base::path::join(walked, part);
        const auto link = files.read_link(next);
        if (!link) {
            walked = next;
            continue;
        }
        if (++links > most_links) return std::nullopt;
        if (base::path::is_absolute(*link)) walked = "/";
        rest = rest.empty() ? *link : cat(*link, '/', rest);
    }
    if (files.kind(walked) == base::Files::Kind::absent) return std::nullopt;
    return walked;
}

std::string expand_home(std::string_view path, std::string_view home) {
    if (!path.starts_with('~') || home.empty()) return std::string(path);
    return base::path::join(home, path.substr(1));
}

bool is_windows_absolute(std::string_view path) {
    const std::size_t length = volume_name_length(path);
    if (length == 0) return false;
    if (path.size() > 1 && is_separator(path[0]) && is_separator(path[1])) return true;
    return path.size() > length && is_separator(path[length]);
}

bool resolve_paths(Node& model, const PathBase& base, doc::Diagnostics& diagnostics) {
    Resolver resolver(base, diagnostics);
    resolver.walk(model, path_attributes().root(), Where{});
    return !resolver.failed();
}

}  // namespace tutti::compose
