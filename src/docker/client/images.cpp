#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "docker/client/faces.h"
#include "docker/wire/resources.h"
#include "http/url.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::Progress;
using doc::Node;

namespace {

struct Name {
    std::string repository, tag;  // tag: "latest" or a digest "sha256:…"
};

Name split_name(const std::string& reference) {
    if (const auto at = reference.find('@'); at != std::string::npos)
        return {reference.substr(0, at), reference.substr(at + 1)};
    const auto colon = reference.rfind(':');
    if (colon == std::string::npos || reference.find('/', colon) != std::string::npos) return {reference, "latest"};
    return {reference.substr(0, colon), reference.substr(colon + 1)};
}

// The registry that a repository belongs to: its first part if that looks like a host, else Docker Hub.
std::string server_of(const std::string& repository) {
    const auto slash = repository.find('/');
    const std::string first = repository.substr(0, slash);
    const bool host =
        slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
    return host ? first : "docker.io";
}

// What each status of a pull means for a progress line.
Progress::State state_of(std::string_view status) {
    constexpr std::string_view done[] = {"Download complete",    "Pull complete", "Already exists", "Pushed",
                                         "Layer already exists", "Mounted"};
    for (const auto word : done)
        if (status.starts_with(word)) return Progress::State::done;
    return Progress::State::working;
}

void report(base::Reporter& reporter, const std::string& parent, const wire::StreamLine& line) {
    if (line.id.empty() || line.status.starts_with("Pulling from")) return;
    reporter.progress({.id = line.id,
                       .parent = parent,
                       .state = state_of(line.status),
                       .text = line.status,
                       .details = {},
                       .current = line.current,
                       .total = line.total});
}

void check(const wire::StreamLine& line) {
    if (line.error.empty()) return;
    const bool absent =
        line.error.find("not found") != std::string::npos || line.error.find("manifest unknown") != std::string::npos;
    throw Error(absent ? ErrorKind::not_found : ErrorKind::unavailable,
                cat("Error response from daemon: ", line.error));
}

Node platform_query(const std::string& platform) {
    const auto parts = base::split(platform, '/');
    Node out = Node::map();
    out.set("os", Node(parts[0]));
    if (parts.size() > 1) out.set("architecture", Node(parts[1]));
    if (parts.size() > 2) out.set("variant", Node(parts[2]));
    return out;
}

}  // namespace

std::string ImagesFace::auth_header(const std::string& reference) const {
    const std::string server = server_of(split_name(reference).repository);
    const auto credentials = api_.options().credentials ? api_.options().credentials(server) : std::nullopt;
    std::string text = http::base64(doc::write_json(credentials ? wire::auth_config(*credentials) : Node::map()));
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;  // the URL alphabet
    return text;
}

std::vector<engine::ImageSummary> ImagesFace::list(const engine::LabelFilter& labels) {
    const Node rows = api_.call({.path = "/images/json", .query = {{"filters", filters({{"label", labels}})}}});
    std::vector<engine::ImageSummary> out;
    if (rows.is_list())
        for (const Node& row : rows.items()) out.push_back(wire::image_summary_from(row));
    return out;
}

std::optional<engine::Image> ImagesFace::find(const std::string& reference) {
    const auto node = api_.find({.path = cat("/images/", in_path(reference), "/json")});
    return node ? std::optional(wire::image_from(*node)) : std::nullopt;
}

void ImagesFace::pull(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) {
    const Name name = split_name(reference);
    api_.each_line(
        {.method = "POST",
         .path = "/images/create",
         .query = {{"fromImage", name.repository}, {"tag", name.tag}, {"platform", options.platform}},
         .headers = {{"X-Registry-Auth", auth_header(reference)}},
         .patience = {}},
        [&](const Node& node) {
            const wire::StreamLine line = wire::stream_line_from(node);
            check(line);
            if (!options.quiet) report(reporter, options.progress_id, line);
        },
        cancel);
}

void ImagesFace::push(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) {
    const Name name = split_name(reference);
    api_.each_line(
        {.method = "POST",
         .path = cat("/images/", in_path(name.repository), "/push"),
         .query = {{"tag", name.tag},
                   {"platform", options.platform.empty() || api_.minor() < 46
                                    ? ""
                                    : doc::write_json(platform_query(options.platform))}},
         .headers = {{"X-Registry-Auth", auth_header(reference)}},
         .patience = {}},
        [&](const Node& node) {
            const wire::StreamLine line = wire::stream_line_from(node);
            check(line);
            if (!options.quiet) report(reporter, options.progress_id, line);
        },
        cancel);
}

void ImagesFace::tag(const std::string& source, const std::string& target) {
    const Name name = split_name(target);
    api_.call({.method = "POST",
               .path = cat("/images/", in_path(source), "/tag"),
               .query = {{"repo", name.repository}, {"tag", name.tag}}});
}

engine::RemovedImage ImagesFace::remove(const std::string& reference, bool force) {
    const Node rows = api_.call(
        {.method = "DELETE", .path = cat("/images/", in_path(reference)), .query = {{"force", force ? "1" : ""}}});
    engine::RemovedImage out;
    if (!rows.is_list()) return out;
    for (const Node& row : rows.items()) {
        if (const std::string text = row.text_or("Untagged"); !text.empty()) out.untagged.push_back(text);
        if (const std::string text = row.text_or("Deleted"); !text.empty()) out.deleted.push_back(text);
    }
    return out;
}

std::vector<engine::HistoryRow> ImagesFace::history(const std::string& reference) {
    const Node rows = api_.call({.path = cat("/images/", in_path(reference), "/history")});
    std::vector<engine::HistoryRow> out;
    if (rows.is_list())
        for (const Node& row : rows.items()) out.push_back(wire::history_row_from(row));
    return out;
}

void ImagesFace::save(const std::vector<std::string>& references, const std::function<void(std::string_view)>& sink) {
    Query query;
    for (const auto& reference : references) query.emplace_back("names", reference);
    const http::Response response = api_.open({.path = "/images/get", .query = std::move(query), .patience = {}}, {});
    drain(*response.body, sink);
}

std::vector<std::string> ImagesFace::load(const std::function<std::string()>& source) {
    FunctionSource stream(source);
    std::vector<std::string> out;
    api_.each_line({.method = "POST", .path = "/images/load", .stream = &stream, .patience = {}},
                   [&](const Node& node) {
                       const wire::StreamLine line = wire::stream_line_from(node);
                       check(line);
                       const std::string_view text = base::trim(line.status);
                       for (const std::string_view prefix : {"Loaded image: ", "Loaded image ID: "})
                           if (text.starts_with(prefix)) out.emplace_back(text.substr(prefix.size()));
                   },
                   {});
    return out;
}

std::string ImagesFace::import(const std::function<std::string()>& source, const std::string& reference,
                               const std::vector<std::string>& changes) {
    FunctionSource stream(source);
    Query query{{"fromSrc", "-"}};
    if (!reference.empty()) {
        const Name name = split_name(reference);
        query.emplace_back("repo", name.repository);
        query.emplace_back("tag", name.tag);
    }
    for (const auto& change : changes) query.emplace_back("changes", change);
    std::string id;
    api_.each_line(
        {.method = "POST", .path = "/images/create", .query = std::move(query), .stream = &stream, .patience = {}},
        [&](const Node& node) {
            const wire::StreamLine line = wire::stream_line_from(node);
            check(line);
            id = line.status;
        },
        {});
    return id;
}

std::string ImagesFace::remote_digest(const std::string& reference, const os::Cancel& cancel) {
    const Node node = api_.call({.path = cat("/distribution/", in_path(reference), "/json"),
                                 .headers = {{"X-Registry-Auth", auth_header(reference)}}},
                                cancel);
    const Node* digest = node.find_path({"Descriptor", "digest"});
    if (!digest || !digest->is_text())
        throw Error(ErrorKind::internal, cat("the engine told no digest of ", reference));
    return digest->as_text();
}

std::vector<std::string> ImagesFace::prune(bool all_unused, const engine::LabelFilter& labels) {
    const Node answer =
        api_.call({.method = "POST",
                   .path = "/images/prune",
                   .query = {{"filters", filters({{"dangling", {all_unused ? "false" : "true"}}, {"label", labels}})}},
                   .patience = {}});
    std::vector<std::string> out;
    if (const Node* rows = answer.find("ImagesDeleted"); rows && rows->is_list())
        for (const Node& row : rows->items())
            if (const std::string id = row.text_or("Deleted"); !id.empty()) out.push_back(id);
    return out;
}

}  // namespace tutti::docker::client
