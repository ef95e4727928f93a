#include "compose/check.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace tutti::compose {

namespace {

constexpr std::string_view service_prefix = "service:";
constexpr std::string_view invalid = ": invalid compose project";

// The names of a section, for "did you mean".
template <class T>
std::string meant(const model::Named<T>& section, std::string_view name, std::string_view otherwise) {
    std::vector<std::string_view> names;
    names.reserve(section.size());
    for (const auto& [key, value] : section) names.push_back(key);
    const auto near = base::did_you_mean(name, names);
    return near ? base::cat("did you mean '", *near, "'?") : std::string(otherwise);
}

// The checks of one service; each says what it found and goes on.
class ServiceChecks {
  public:
    ServiceChecks(model::Project& project, model::Service& service, const doc::Node* written,
                  doc::Diagnostics& diagnostics)
        : project_(project), service_(service), written_(written), diagnostics_(diagnostics) {}

    void run() {
        if (!service_.build && service_.image.empty() && !service_.provider)
            error({}, base::cat("service \"", service_.name, "\" has neither an image nor a build context specified",
                                invalid));
        if (service_.build) check_build(*service_.build);
        check_networks();
        if (service_.healthcheck) check_healthcheck(service_.healthcheck->test);
        check_dependencies();
        check_volumes();
        check_references();
        check_scale();
        if (service_.deploy) check_limits(service_.deploy->resources);
        if (service_.develop) check_watch(*service_.develop);
        check_mounts();
        warn();
    }

  private:
    using Keys = std::initializer_list<std::string_view>;

    // The node at the keys below the service, or the nearest above it that is written.
    const doc::Node& at(Keys keys) const {
        static const doc::Node nowhere;
        const doc::Node* node = written_ == nullptr ? &nowhere : written_;
        for (const std::string_view key : keys) {
            const doc::Node* next = node->find(key);
            if (next == nullptr) break;
            node = next;
        }
        return *node;
    }

    doc::Diagnostic& error(Keys keys, std::string message) { return diagnostics_.error(at(keys), std::move(message)); }

    const doc::Node& item(Keys keys, std::size_t index) const {
        const doc::Node& list = at(keys);
        return list.is_list() && index < list.size() ? list.items()[index] : list;
    }

    const model::Service* find(std::string_view name) const {
        const auto found = project_.services.find(name);
        return found == project_.services.end() ? nullptr : &found->second;
    }

    // What Compose lets pass, though no engine can mean it.
    void warn() {
        const std::string& restart = service_.restart;
        if (!restart.empty() && restart != "no" && restart != "always" && restart != "unless-stopped" &&
            !restart.starts_with("on-failure"))
            diagnostics_
                .warning(at({"restart"}),
                         base::cat("services.", service_.name, ".restart: unknown policy '", restart, "'"))
                .with_hint("no, always, on-failure[:N] or unless-stopped");
        for (std::size_t i = 0; i < service_.ports.size(); ++i)
            if (service_.ports[i].target > 65535)
                diagnostics_.warning(
                    item({"ports"}, i),
                    base::cat("services.", service_.name, ".ports: there is no port ", service_.ports[i].target));
    }

    void check_build(const model::Build& build) {
        if (!build.dockerfile_inline.empty() && !build.dockerfile.empty())
            error({"build", "dockerfile_inline"},
                  base::cat("service \"", service_.name,
                            "\" declares mutualy exclusive dockerfile and dockerfile_inline", invalid));
        for (const auto& [key, context] : build.additional_contexts) {
            if (!context.starts_with(service_prefix)) continue;
            const std::string target = context.substr(service_prefix.size());
            const model::Service* other = find(target);
            if (other == nullptr || !other->build)
                error({"build", "additional_contexts", key},
                      base::cat("service \"", service_.name, "\" declares ",
                                other == nullptr ? "unknown" : "non-buildable", " service \"", target,
                                "\" as additional contexts ", key));
        }
        const auto& platforms = build.platforms;
        if (!platforms.empty() && !service_.platform.empty() &&
            std::find(platforms.begin(), platforms.end(), service_.platform) == platforms.end())
            error({"build", "platforms"}, base::cat("service.build.platforms MUST include service.platform \"",
                                                    service_.platform, '"', invalid));
        for (std::size_t i = 0; i < build.secrets.size(); ++i)
            check_defined(project_.secrets, build.secrets[i].source, "build secret", item({"build", "secrets"}, i));
    }

    template <class T>
    void check_defined(const model::Named<T>& section, const std::string& name, std::string_view what,
                       const doc::Node& at) {
        if (section.find(name) != section.end()) return;
        diagnostics_
            .error(at, base::cat("service \"", service_.name, "\" refers to undefined ", what, ' ', name, invalid))
            .with_hint(meant(section, name, "it must be declared at the top level"));
    }

    void check_networks() {
        if (!service_.network_mode.empty() && !service_.networks.empty())
            error({"network_mode"}, base::cat("service ", service_.name,
                                              " declares mutually exclusive `network_mode` and `networks`", invalid));
        for (const auto& [name, attachment] : service_.networks)
            check_defined(project_.networks, name, "network", at({"networks", name}));
    }

    void check_healthcheck(const model::Texts& test) {
        if (test.empty() || test[0] == "CMD" || test[0] == "CMD-SHELL" || test[0] == "NONE") return;
        error({"healthcheck", "test"}, R"(healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE")")
            .with_hint("a string is run by the shell; a list names how it is run first");
    }

    void check_dependencies() {
        for (const auto& [name, dependency] : service_.depends_on) {
            if (find(name) != nullptr) continue;
            const bool disabled = project_.disabled_services.find(name) != project_.disabled_services.end();
            if (disabled && !dependency.required) continue;
            error({"depends_on", name},
                  base::cat("service \"", service_.name, "\" depends on undefined service \"", name, '"', invalid))
                .with_hint(disabled ? "it exists, but none of its profiles is active"
                                    : meant(project_.services, name, "no service has this name"));
        }
        if (!service_.network_mode.starts_with(service_prefix)) return;
        const std::string name = service_.network_mode.substr(service_prefix.size());
        if (!name.empty() && find(name) == nullptr)
            error({"network_mode"},
                  base::cat("service \"", name, "\" not found for network_mode 'service:", name, "'"));
    }

    void check_volumes() {
        for (std::size_t i = 0; i < service_.volumes.size(); ++i) {
            const model::Mount& mount = service_.volumes[i];
            if (mount.type == "volume" && !mount.source.empty())
                check_defined(project_.volumes, mount.source, "volume", item({"volumes"}, i));
        }
    }

    void check_references() {
        for (std::size_t i = 0; i < service_.configs.size(); ++i)
            check_defined(project_.configs, service_.configs[i].source, "config", item({"configs"}, i));
        for (const auto& [name, use] : service_.models)
            check_defined(project_.models, name, "model", at({"models", name}));
        for (std::size_t i = 0; i < service_.secrets.size(); ++i)
            check_defined(project_.secrets, service_.secrets[i].source, "secret", item({"secrets"}, i));
    }

    void check_scale() {
        const std::string place = base::cat("services.", service_.name);
        if (service_.scale && service_.deploy) {
            if (service_.deploy->replicas && *service_.deploy->replicas != *service_.scale)
                error({"scale"},
                      base::cat(place, ": can't set distinct values on 'scale' and 'deploy.replicas'", invalid))
                    .with_note(at({"deploy", "replicas"}).mark(), "replicas are given here");
            service_.deploy->replicas = service_.scale;
        }
        if (service_.scale && *service_.scale < 0)
            error({"scale"}, base::cat(place, ".scale: must be greater than or equal to 0"));
        else if (service_.deploy && service_.deploy->replicas && *service_.deploy->replicas < 0)
            error({"deploy", "replicas"}, base::cat(place, ".deploy.replicas: must be greater than or equal to 0"));
        if (service_.replicas() > 1 && !service_.container_name.empty()) {
            const std::string_view key = service_.scale ? "scale" : "deploy.replicas";
            error({"container_name"}, base::cat(place, ": can't set container_name and ", key,
                                                " as container name must be unique", invalid));
        }
    }

    // A limit in both spellings must be the same; an absent one in a given block counts as 0, as in Compose.
    void check_limits(const model::Resources& resources) {
        const auto differ = [this](std::string_view key, std::string_view block, std::string_view other) {
            error({key}, base::cat("services.", service_.name, ": can't set distinct values on '", key,
                                   "' and 'deploy.resources.", block, '.', other, "'", invalid))
                .with_note(at({"deploy", "resources", block}).mark(), "the other value is given, or missing, here");
        };
        if (resources.limits) {
            if (service_.cpus != 0 && resources.limits->cpus != service_.cpus) differ("cpus", "limits", "cpus");
            if (service_.mem_limit && resources.limits->memory != service_.mem_limit)
                differ("mem_limit", "limits", "memory");
            if (service_.pids_limit != 0 && resources.limits->pids != service_.pids_limit)
                differ("pids_limit", "limits", "pids");
        }
        if (resources.reservations && service_.mem_reservation &&
            resources.reservations->memory != service_.mem_reservation)
            differ("mem_reservation", "reservations", "memory");
    }

    void check_watch(const model::Develop& develop) {
        for (std::size_t i = 0; i < develop.watch.size(); ++i) {
            const model::WatchTrigger& watch = develop.watch[i];
            if (!watch.target.empty() || watch.action == "rebuild" || watch.action == "restart") continue;
            diagnostics_.error(item({"develop", "watch"}, i),
                               base::cat("services.", service_.name,
                                         ".develop.watch: target is required for non-rebuild actions", invalid));
        }
    }

    void check_mounts() {
        struct Place {
            std::string_view key;
            std::size_t index;
        };
        if (service_.tmpfs.size() + service_.volumes.size() < 2) return;
        std::map<std::string_view, Place> mounted;
        const auto text = [this](Place place) {
            return base::cat("services.", service_.name, '.', place.key, '[', place.index, ']');
        };
        const auto mount = [&](std::string_view target, Place place) {
            const auto [known, fresh] = mounted.emplace(target, place);
            if (fresh) return;
            const Place first = known->second;
            diagnostics_
                .error(item({place.key}, place.index),
                       base::cat(text(place), ": target ", target, " already mounted as ", text(first)))
                .with_note(item({first.key}, first.index).mark(), "mounted here");
        };
        for (std::size_t i = 0; i < service_.tmpfs.size(); ++i) {
            const std::string_view entry = service_.tmpfs[i];
            mount(entry.substr(0, entry.find(':')), {"tmpfs", i});
        }
        for (std::size_t i = 0; i < service_.volumes.size(); ++i) mount(service_.volumes[i].target, {"volumes", i});
    }

    model::Project& project_;
    model::Service& service_;
    const doc::Node* written_;
    doc::Diagnostics& diagnostics_;
};

// Services by name where they are written; one pass, so that 10,000 services stay linear.
std::map<std::string_view, const doc::Node*> written_services(const doc::Node& tree) {
    std::map<std::string_view, const doc::Node*> written;
    const doc::Node* services = tree.find("services");
    if (services == nullptr || !services->is_map()) return written;
    for (const doc::Entry& entry : services->entries()) written.emplace(entry.key, &entry.value);
    return written;
}

// Depth first, each service once; an edge back into the current path closes a cycle.
class CycleSearch {
  public:
    CycleSearch(const model::Project& project, doc::Diagnostics& diagnostics,
                const std::map<std::string_view, const doc::Node*>& written)
        : project_(project), diagnostics_(diagnostics), written_(written) {}

    void run() {
        for (const auto& [name, service] : project_.services)
            if (state_[name] == State::unseen) search(service);
    }

  private:
    enum class State : std::uint8_t { unseen, on_path, done };
    struct Step {
        const model::Service* service;
        model::Named<model::Dependency>::const_iterator next;
    };

    void search(const model::Service& start) {
        std::vector<Step> path;
        enter(path, start);
        while (!path.empty()) {
            Step& step = path.back();
            if (step.next == step.service->depends_on.end()) {
                state_[step.service->name] = State::done;
                path.pop_back();
                continue;
            }
            const std::string& name = (step.next++)->first;
            const auto found = project_.services.find(name);
            if (found == project_.services.end()) continue;
            const State state = state_[found->first];
            if (state == State::on_path)
                report(path, name);
            else if (state == State::unseen)
                enter(path, found->second);
        }
    }

    void enter(std::vector<Step>& path, const model::Service& service) {
        state_[service.name] = State::on_path;
        path.push_back({&service, service.depends_on.begin()});
    }

    void report(const std::vector<Step>& path, const std::string& name) {
        std::string text = "dependency cycle detected: ";
        const auto begin =
            std::find_if(path.begin(), path.end(), [&](const Step& step) { return step.service->name == name; });
        for (auto step = begin; step != path.end(); ++step) text += base::cat(step->service->name, " -> ");
        doc::Mark mark;
        if (const auto last = written_.find(path.back().service->name); last != written_.end())
            if (const doc::Node* edge = last->second->find_path({"depends_on", name})) mark = edge->mark();
        diagnostics_.error(mark, text + name);
    }

    const model::Project& project_;
    doc::Diagnostics& diagnostics_;
    const std::map<std::string_view, const doc::Node*>& written_;
    std::map<std::string_view, State> state_;
};

}  // namespace

bool check_consistency(model::Project& project, const doc::Node& tree, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    const auto written = written_services(tree);
    for (auto& [name, service] : project.services) {
        const auto node = written.find(name);
        ServiceChecks(project, service, node == written.end() ? nullptr : node->second, diagnostics).run();
    }
    for (const auto& [name, secret] : project.secrets) {
        if (secret.external || !secret.file.empty() || !secret.environment.empty()) continue;
        const doc::Node* node = tree.find_path({"secrets", name});
        diagnostics.error(node == nullptr ? doc::Mark() : node->mark(),
                          base::cat("secret \"", name, "\" must declare either `file` or `environment`", invalid));
    }
    CycleSearch(project, diagnostics, written).run();
    return diagnostics.errors() == before;
}

bool check_container_names(const model::Project& project, const doc::Node& tree, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    std::map<std::string_view, std::string_view> users;
    for (const auto& [name, service] : project.services) {
        if (service.container_name.empty()) continue;
        const auto [known, fresh] = users.emplace(service.container_name, name);
        if (fresh) continue;
        const doc::Node* node = tree.find_path({"services", name, "container_name"});
        diagnostics.error(node == nullptr ? doc::Mark() : node->mark(),
                          base::cat("services.", name, ": container name \"", service.container_name,
                                    "\" is already in use by service ", known->second));
    }
    return diagnostics.errors() == before;
}

}  // namespace tutti::compose
