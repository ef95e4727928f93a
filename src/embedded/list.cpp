#include "embedded/list.h"

#include "base/error.h"
#include "embedded/places.h"
#include "embedded/port_specs.h"

namespace tutti::embedded {

void for_each_container(Parts& parts,
                        const std::function<void(const records::Folder&, const records::Evidence&)>& visit) {
    for (const auto& id : records::container_ids(parts.paths().root)) {
        const auto folder = parts.folder(id);
        auto state = folder.state();
        if (state) visit(folder, records::look(folder, std::move(*state)));
    }
}

records::Evidence evidence_of(const records::Folder& folder) {
    auto state = folder.state();
    if (!state) throw base::Error(base::ErrorKind::not_found, "No such container: " + folder.id());
    return records::look(folder, std::move(*state));
}

static void fill(engine::ContainerSummary& out, const std::string& id, const records::Evidence& evidence) {
    const auto& state = evidence.state;
    const auto view = records::view(evidence);
    out.id = id;
    out.name = state.name;
    out.image = state.image;
    out.image_id = state.image_id;
    out.command = state.command;
    out.created = state.created;
    out.started = view.started;
    out.finished = view.finished;
    out.state = view.state;
    out.health = view.health;
    out.exit_code = view.exit_code;
    out.labels = state.labels;
    if (view.pid != 0) out.ports = state.ports;
    out.endpoints = state.endpoints;
    out.mounts = state.mounts;
    out.network_mode = state.network_mode;
}

engine::ContainerSummary summary(const std::string& id, const records::Evidence& evidence) {
    engine::ContainerSummary out;
    fill(out, id, evidence);
    return out;
}

engine::Container inspect_container(Parts& parts, const records::Folder& folder) {
    const auto config = folder.config();
    auto evidence = evidence_of(folder);
    if (!evidence.health) evidence.health = folder.health();
    engine::Container out;
    fill(out, folder.id(), evidence);
    const auto view = records::view(evidence);
    out.spec = config.spec;
    out.path = config.args.front();
    out.args.assign(config.args.begin() + 1, config.args.end());
    out.pid = view.pid;
    out.oom_killed = view.oom_killed;
    out.error = evidence.state.error;
    out.restart_count = view.restart_count;
    if (evidence.health) {
        out.failing_streak = evidence.health->failing_streak;
        out.probes = evidence.health->probes;
    }
    if (!config.spec.log_driver.empty() && config.spec.log_driver == "none")
        out.log_path.clear();
    else
        out.log_path = folder.file("json.log");
    out.hostname_path = folder.run_path() + "/hostname";
    out.hosts_path = folder.run_path() + "/hosts";
    out.resolv_conf_path = folder.run_path() + "/resolv.conf";
    out.platform = "linux";
    out.driver = "overlay2";
    out.graph_data["UpperDir"] = folder.file("upper");
    out.graph_data["WorkDir"] = folder.file("work");
    if (const auto image = parts.store().image(base::Digest::require(config.image_id))) {
        std::string lower;
        for (const auto& layer : layers_with_places(parts, *image)) lower += (lower.empty() ? "" : ":") + layer;
        out.graph_data["LowerDir"] = std::move(lower);
    }
    return out;
}

}  // namespace tutti::embedded
