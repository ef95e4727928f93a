#include "compose/unicity.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "compose/merge.h"
#include "compose/path_table.h"
#include "doc/go_text.h"
#include "model/short_form.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

enum class Key : unsigned char { before_equals, volume, device, config, secret, port, exposed, env_file };

const PathTable<Key>& keys() {
    static const PathTable<Key> table{
        {"networks.*.labels", Key::before_equals},
        {"networks.*.ipam.options", Key::before_equals},
        {"services.*.annotations", Key::before_equals},
        {"services.*.build.args", Key::before_equals},
        {"services.*.build.additional_contexts", Key::before_equals},
        {"services.*.build.platform", Key::before_equals},
        {"services.*.build.tags", Key::before_equals},
        {"services.*.build.labels", Key::before_equals},
        {"services.*.cap_add", Key::before_equals},
        {"services.*.cap_drop", Key::before_equals},
        {"services.*.devices", Key::device},
        {"services.*.configs", Key::config},
        {"services.*.deploy.labels", Key::before_equals},
        {"services.*.dns", Key::before_equals},
        {"services.*.dns_opt", Key::before_equals},
        {"services.*.dns_search", Key::before_equals},
        {"services.*.environment", Key::before_equals},
        {"services.*.env_file", Key::env_file},
        {"services.*.expose", Key::exposed},
        {"services.*.labels", Key::before_equals},
        {"services.*.links", Key::before_equals},
        {"services.*.networks.*.aliases", Key::before_equals},
        {"services.*.networks.*.link_local_ips", Key::before_equals},
        {"services.*.ports", Key::port},
        {"services.*.profiles", Key::before_equals},
        {"services.*.secrets", Key::secret},
        {"services.*.sysctls", Key::before_equals},
        {"services.*.tmpfs", Key::before_equals},
        {"services.*.volumes", Key::volume},
    };
    return table;
}

class Sieve {
  public:
    explicit Sieve(doc::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void walk(Node& value, PathTable<Key>::Place place, const Where& where) {
        if (!place) return;
        if (value.is_map()) {
            for (auto& [key, mark, child] : value.entries()) walk(child, place.down(key), where.down(key));
        } else if (value.is_list() && place.rule() && value.size() > 0) {
            sift(value.items(), *place.rule(), where);
        }
    }

    bool failed() const { return failed_; }

  private:
    void sift(std::vector<Node>& items, Key key, const Where& where) {
        if (items.size() == 1) {
            key_of(items[0], key, where, 0);
            return;
        }
        std::vector<Node> kept;
        kept.reserve(items.size());
        std::unordered_map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto name = key_of(items[i], key, where, i);
            if (!name) return;
            const auto [found, fresh] = seen.emplace(std::move(*name), kept.size());
            if (fresh) {
                kept.push_back(std::move(items[i]));
            } else {
                note_override(items[i], kept[found->second]);
                kept[found->second] = std::move(items[i]);
            }
        }
        items = std::move(kept);
    }

    std::nullopt_t refuse(const Node& item, std::string message) {
        failed_ = true;
        diagnostics_.error(item, std::move(message));
        return std::nullopt;
    }

    static std::string place_of(const Where& where, std::size_t index) { return cat(where.to_text(), '[', index, ']'); }

    std::optional<std::string> key_of(const Node& item, Key key, const Where& where, std::size_t index) {
        switch (key) {
            case Key::before_equals:
                if (!item.is_text())
                    return refuse(item, cat(place_of(where, index), " must be a string, not a ", to_text(item.kind())));
                return item.as_text().substr(0, item.as_text().find('='));
            case Key::volume:
            case Key::device: return mount_key(item, key, where, index);
            case Key::config:
            case Key::secret: return file_key(item, key == Key::secret ? "/run/secrets" : "", where, index);
            case Key::port: return port_key(item, where, index);
            case Key::exposed:
                if (item.is_text()) return item.as_text();
                if (item.is_int()) return std::to_string(item.as_int());
                return refuse(item, cat(place_of(where, index), " must be a port or a range of ports"));
            case Key::env_file: return env_file_key(item, where, index);
        }
        return std::nullopt;
    }

    std::optional<std::string> mount_key(const Node& item, Key key, const Where& where, std::size_t index) {
        if (item.is_map()) {
            const Node* target = item.find("target");
            if (target && target->is_text()) return target->as_text();
            return refuse(item, cat("service ", key == Key::volume ? "volume " : "device ", place_of(where, index),
                                    " is missing a mount target"));
        }
        if (!item.is_text()) return std::string();
        if (key == Key::device) {
            const auto parts = base::split(item.as_text(), ':');
            return std::string(parts.size() == 1 ? parts[0] : parts[1]);
        }
        auto mount = model::parse_mount(item.as_text());
        if (!mount) return refuse(item, std::move(mount.fault));
        return std::move(mount.value.target);
    }

    std::optional<std::string> file_key(const Node& item, std::string_view folder, const Where& where,
                                        std::size_t index) {
        if (item.is_text()) return cat(folder, '/', item.as_text());
        if (!item.is_map()) return refuse(item, cat(place_of(where, index), " must be a name or a mapping"));
        if (const Node* target = item.find("target")) {
            if (target->is_text()) return target->as_text();
            return refuse(*target, cat(place_of(where, index), ".target must be a string"));
        }
        const Node* source = item.find("source");
        return cat(folder, '/', source ? doc::go_text(*source) : std::string());
    }

    // A number and a text that looks alike are different keys to Compose: the kind is part of the key.
    std::optional<std::string> port_key(const Node& item, const Where& where, std::size_t index) {
        if (item.is_int()) return std::to_string(item.as_int());
        if (item.is_text()) return item.as_text();
        if (!item.is_map()) return std::string();
        const Node* target = item.find("target");
        if (!target) return refuse(item, cat("service ports ", place_of(where, index), " is missing a target port"));
        const auto part = [&](std::string_view name, std::string_view fallback) {
            const Node* value = item.find(name);
            if (!value) return std::string(fallback);
            return value->is_text() ? value->as_text() : cat('!', to_text(value->kind()), ' ', doc::go_text(*value));
        };
        const std::string number =
            target->is_int() ? std::to_string(target->as_int()) : cat('!', doc::go_text(*target));
        return cat(part("host_ip", "0.0.0.0"), ':', part("published", "!"), ':', number, '/', part("protocol", "tcp"));
    }

    std::optional<std::string> env_file_key(const Node& item, const Where& where, std::size_t index) {
        if (item.is_text()) return item.as_text();
        if (!item.is_map()) return std::string();
        const Node* path = item.find("path");
        if (path && path->is_text()) return path->as_text();
        if (path) return refuse(*path, cat(place_of(where, index), ".path must be a string"));
        return refuse(item, cat("environment path attribute ", place_of(where, index), " is missing"));
    }

    doc::Diagnostics& diagnostics_;
    bool failed_ = false;
};

}  // namespace

bool drop_repeats(Node& model, doc::Diagnostics& diagnostics) {
    Sieve sieve(diagnostics);
    sieve.walk(model, keys().root(), Where{});
    return !sieve.failed();
}

}  // namespace tutti::compose
