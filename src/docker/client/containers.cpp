#include "docker/wire/containers.h"
#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "docker/client/faces.h"
#include "docker/wire/archive.h"
#include "docker/wire/container_create.h"
#include "docker/wire/nodes.h"
#include "http/url.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

std::string path_of(const std::string& name, std::string_view action) {
    return cat("/containers/", in_path(name), action);
}

std::string timeout_text(const engine::StopOptions& options) {
    return options.timeout ? std::to_string(options.timeout->count()) : std::string();
}

std::string_view condition(engine::WaitFor what) {
    switch (what) {
        case engine::WaitFor::not_running: return "not-running";
        case engine::WaitFor::next_exit: return "next-exit";
        case engine::WaitFor::removed: return "removed";
    }
    return "not-running";
}

}  // namespace

void ContainersFace::post(const std::string& name, std::string_view action, Query query, const os::Cancel& cancel,
                          std::chrono::milliseconds patience) {
    api_.call({.method = "POST", .path = path_of(name, action), .query = std::move(query), .patience = patience},
              cancel);
}

std::vector<engine::ContainerSummary> ContainersFace::list(const engine::ListOptions& options) {
    const Node rows = api_.call({.path = "/containers/json",
                                 .query = {{"all", options.all ? "1" : ""},
                                           {"size", options.size ? "1" : ""},
                                           {"filters", filters({{"label", options.labels}})}}});
    std::vector<engine::ContainerSummary> out;
    if (!rows.is_list()) return out;
    out.reserve(rows.size());
    for (const Node& row : rows.items()) out.push_back(wire::summary_from(row));
    return out;
}

engine::Container ContainersFace::inspect(const std::string& name) {
    return wire::container_from(api_.call({.path = path_of(name, "/json")}));
}

std::string ContainersFace::create(const engine::ContainerSpec& spec) {
    const Node answer =
        api_.call({.method = "POST",
                   .path = "/containers/create",
                   .query = {{"name", spec.name}, {"platform", api_.minor() >= 41 ? spec.platform : ""}},
                   .body = wire::create_body(spec, api_.minor())});
    const std::string id = answer.text_or("Id");
    if (id.empty()) throw Error(ErrorKind::internal, cat("the engine made container ", spec.name, " but told no id"));
    try {
        if (api_.minor() < 44)  // such an engine takes one network at creation
            for (std::size_t i = 1; i < spec.endpoints.size(); ++i) {
                Node body = Node::map();
                body.set("Container", wire::text(id));
                body.set("EndpointConfig", wire::endpoint_body(spec.endpoints[i], api_.minor()));
                api_.call({.method = "POST",
                           .path = cat("/networks/", in_path(spec.endpoints[i].network), "/connect"),
                           .body = std::move(body)});
            }
        put_files(id, spec.files);
    } catch (...) {
        remove(id, {.force = true, .anonymous_volumes = true});  // half a container helps nobody
        throw;
    }
    return id;
}

void ContainersFace::put_files(const std::string& id, const std::vector<engine::FileSpec>& files) {
    if (files.empty()) return;
    base::TextSource archive(wire::archive_of(files));
    api_.call({.method = "PUT",
               .path = path_of(id, "/archive"),
               .query = {{"path", "/"}, {"copyUIDGID", "true"}},
               .stream = &archive});
}

std::vector<std::string> ContainersFace::start(const std::string& name) {
    post(name, "/start");
    return {};  // Docker tells what it changed when a container is created
}

void ContainersFace::stop(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) {
    post(name, "/stop", {{"t", timeout_text(options)}, {"signal", options.signal}}, cancel, {});
}

void ContainersFace::restart(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) {
    post(name, "/restart", {{"t", timeout_text(options)}, {"signal", options.signal}}, cancel, {});
}

void ContainersFace::kill(const std::string& name, const std::string& signal) {
    post(name, "/kill", {{"signal", signal}});
}
void ContainersFace::pause(const std::string& name) { post(name, "/pause"); }
void ContainersFace::unpause(const std::string& name) { post(name, "/unpause"); }

void ContainersFace::remove(const std::string& name, const engine::RemoveOptions& options) {
    api_.call({.method = "DELETE",
               .path = path_of(name, ""),
               .query = {{"force", options.force ? "1" : ""}, {"v", options.anonymous_volumes ? "1" : ""}}});
}

void ContainersFace::rename(const std::string& name, const std::string& new_name) {
    post(name, "/rename", {{"name", new_name}});
}

void ContainersFace::update(const std::string& name, const engine::Resources& resources,
                            const std::optional<engine::RestartPolicy>& restart) {
    Node body = wire::resources_body(resources);
    if (restart) {
        engine::ContainerSpec carrier;
        carrier.restart = *restart;
        if (const Node* policy = wire::create_body(carrier, api_.minor()).find_path({"HostConfig", "RestartPolicy"}))
            body.set("RestartPolicy", *policy);
    }
    api_.call({.method = "POST", .path = path_of(name, "/update"), .body = std::move(body)});
}

int ContainersFace::wait(const std::string& name, engine::WaitFor what, const os::Cancel& cancel) {
    const Node answer = api_.call({.method = "POST",
                                   .path = path_of(name, "/wait"),
                                   .query = {{"condition", std::string(condition(what))}},
                                   .patience = {}},
                                  cancel);
    return static_cast<int>(answer.int_or("StatusCode"));
}

void ContainersFace::resize(const std::string& name, int rows, int columns) {
    post(name, "/resize", {{"h", std::to_string(rows)}, {"w", std::to_string(columns)}});
}

engine::ProcessTable ContainersFace::top(const std::string& name, const std::vector<std::string>& ps_args) {
    return wire::processes_from(
        api_.call({.path = path_of(name, "/top"), .query = {{"ps_args", base::join(ps_args, " ")}}}));
}

engine::Stats ContainersFace::stats(const std::string& name) {
    const bool one_shot = api_.minor() >= 41;  // without it the engine waits a second for a first value to compare with
    return wire::stats_from(api_.call(
        {.path = path_of(name, "/stats"), .query = {{"stream", "false"}, {"one-shot", one_shot ? "true" : ""}}}));
}

void ContainersFace::copy_out(const std::string& name, const std::string& path,
                              const std::function<void(std::string_view)>& sink) {
    const http::Response response = api_.open({.path = path_of(name, "/archive"), .query = {{"path", path}}}, {});
    drain(*response.body, sink);
}

void ContainersFace::copy_in(const std::string& name, const std::string& path,
                             const std::function<std::string()>& source, bool keep_owner) {
    FunctionSource stream(source);
    api_.call({.method = "PUT",
               .path = path_of(name, "/archive"),
               .query = {{"path", path}, {"noOverwriteDirNonDir", "true"}, {"copyUIDGID", keep_owner ? "true" : ""}},
               .stream = &stream});
}

std::optional<engine::Containers::PathStat> ContainersFace::stat_path(const std::string& name,
                                                                      const std::string& path) {
    try {
        const http::Response response =
            api_.open({.method = "HEAD", .path = path_of(name, "/archive"), .query = {{"path", path}}}, {});
        const auto text = http::from_base64(response.headers.value_or("X-Docker-Container-Path-Stat"));
        if (!text) throw Error(ErrorKind::internal, cat("the engine's answer about ", path, " has no path stat"));
        return wire::path_stat_from(doc::parse_json(*text, "the engine's path stat"));
    } catch (const Error& error) {  // a path that is not there is an answer; a container that is not there fails in the
                                    // next call
        if (error.kind() == ErrorKind::not_found) return std::nullopt;
        throw;
    }
}

void ContainersFace::export_(const std::string& name, const std::function<void(std::string_view)>& sink) {
    const http::Response response = api_.open({.path = path_of(name, "/export"), .patience = {}}, {});
    drain(*response.body, sink);
}

std::string ContainersFace::commit(const std::string& name, const CommitOptions& options) {
    const auto colon = options.reference.rfind(':');
    const bool tagged = colon != std::string::npos && options.reference.find('/', colon) == std::string::npos;
    Query query{{"container", name},
                {"repo", tagged ? options.reference.substr(0, colon) : options.reference},
                {"tag", tagged ? options.reference.substr(colon + 1) : ""},
                {"comment", options.message},
                {"author", options.author},
                {"pause", options.pause ? "true" : "false"}};
    for (const auto& change : options.changes) query.emplace_back("changes", change);
    return api_
        .call({.method = "POST", .path = "/commit", .query = std::move(query), .body = Node::map(), .patience = {}})
        .text_or("Id");
}

}  // namespace tutti::docker::client
