#include "oci/image.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"

namespace tutti::oci {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using doc::Node;

constexpr std::int64_t max_blob_size = std::int64_t{1} << 50;
constexpr std::size_t max_layers = 4096;

bool Descriptor::is_attestation() const {
    const auto type = annotations.find("vnd.docker.reference.type");
    return type != annotations.end() || (platform && platform->os == "unknown" && platform->architecture == "unknown");
}

static std::map<std::string, std::string> text_map(const Node* node) {
    std::map<std::string, std::string> out;
    if (node && node->is_map())
        for (const auto& [key, mark, value] : node->entries())
            if (value.is_text()) out.emplace(key, value.as_text());
    return out;
}

static Node to_node(const std::map<std::string, std::string>& values) {
    Node node = Node::map();
    for (const auto& [key, value] : values) node.set(key, Node(value));
    return node;
}

static Platform platform_of(const Node& node) {
    return {node.text_or("os"), node.text_or("architecture"), node.text_or("variant"), node.text_or("os.version")};
}

static void put_platform(Node& node, const Platform& platform) {
    node.set("architecture", Node(platform.architecture));
    node.set("os", Node(platform.os));
    if (!platform.variant.empty()) node.set("variant", Node(platform.variant));
    if (!platform.os_version.empty()) node.set("os.version", Node(platform.os_version));
}

static Descriptor to_descriptor(const Node& node) {
    Descriptor out{
        node.text_or("mediaType"), Digest::require(node.text_or("digest")), node.int_or("size", -1), {}, {}, {}};
    if (out.size < 0 || out.size > max_blob_size)
        throw Error(ErrorKind::invalid, cat("the size of ", out.digest.to_text(), " is out of range"));
    if (const Node* platform = node.find("platform"); platform && platform->is_map())
        out.platform = platform_of(*platform);
    out.annotations = text_map(node.find("annotations"));
    out.urls = node.texts_or_empty("urls");
    return out;
}

static Node to_node(const Descriptor& descriptor) {
    Node node = Node::map();
    node.set("mediaType", Node(descriptor.media_type));
    node.set("digest", Node(descriptor.digest.to_text()));
    node.set("size", Node(descriptor.size));
    if (descriptor.platform) {
        Node platform = Node::map();
        put_platform(platform, *descriptor.platform);
        node.set("platform", std::move(platform));
    }
    if (!descriptor.annotations.empty()) node.set("annotations", to_node(descriptor.annotations));
    return node;
}

static bool has(const Node& node, std::string_view key) {
    const Node* list = node.find(key);
    return list && !list->is_null();
}

DocumentKind classify(std::string_view json, std::string_view content_type) {
    const Node node = doc::parse_json(json, "a manifest");
    const bool layers = has(node, "layers") || has(node, "config"), manifests = has(node, "manifests");
    if (layers && manifests)
        throw Error(ErrorKind::invalid, "the manifest is ambiguous: it is an image and a list of images at once",
                    "do not trust this image");
    const std::string type = node.text_or("mediaType", content_type.substr(0, content_type.find(';')));
    if (node.int_or("schemaVersion") == 1)
        throw Error(ErrorKind::unsupported, "the manifest has schema version 1, which registries gave up in 2019",
                    "push the image again with a current tool");
    if (manifests && (type == media::oci_index || type == media::docker_list || type.empty()))
        return DocumentKind::index;
    if (layers && (type == media::oci_manifest || type == media::docker_manifest || type.empty()))
        return DocumentKind::manifest;
    throw Error(ErrorKind::unsupported, cat("a manifest of type \"", type, "\" is no image"));
}

Manifest parse_manifest(std::string_view json) {
    const Node node = doc::parse_json(json, "the image's manifest");
    const Node* config = node.find("config");
    if (!config || !config->is_map()) throw Error(ErrorKind::invalid, "the image's manifest names no config");
    Manifest out{
        node.text_or("mediaType", media::oci_manifest), to_descriptor(*config), {}, text_map(node.find("annotations"))};
    if (const Node* layers = node.find("layers"); layers && layers->is_list()) {
        if (layers->size() > max_layers)
            throw Error(ErrorKind::invalid, cat("the image has more than ", max_layers, " layers"));
        for (const Node& layer : layers->items()) out.layers.push_back(to_descriptor(layer));
    }
    return out;
}

Index parse_index(std::string_view json) {
    const Node node = doc::parse_json(json, "the image's index");
    Index out{node.text_or("mediaType", media::oci_index), {}};
    if (const Node* manifests = node.find("manifests"); manifests && manifests->is_list())
        for (const Node& entry : manifests->items()) out.manifests.push_back(to_descriptor(entry));
    return out;
}

std::string to_json(const Manifest& manifest) {
    Node node = Node::map();
    node.set("schemaVersion", Node(std::int64_t{2}));
    node.set("mediaType", Node(manifest.media_type));
    node.set("config", to_node(manifest.config));
    Node& layers = node.set("layers", Node::list());
    for (const Descriptor& layer : manifest.layers) layers.push(to_node(layer));
    if (!manifest.annotations.empty()) node.set("annotations", to_node(manifest.annotations));
    return doc::write_json(node, {.escape_html = false});
}

std::string to_json(const Index& index) {
    Node node = Node::map();
    node.set("schemaVersion", Node(std::int64_t{2}));
    node.set("mediaType", Node(index.media_type));
    Node& manifests = node.set("manifests", Node::list());
    for (const Descriptor& entry : index.manifests) manifests.push(to_node(entry));
    return doc::write_json(node, {.escape_html = false});
}

static std::vector<std::string> sorted_keys(const Node* node) {
    std::vector<std::string> keys;
    if (node && node->is_map())
        for (const auto& entry : node->entries()) keys.push_back(entry.key);
    std::ranges::sort(keys);
    return keys;
}

static Node key_set(const std::vector<std::string>& keys) {
    Node node = Node::map();
    for (const auto& key : keys) node.set(key, Node::map());
    return node;
}

RunConfig to_run_config(const Node& node) {
    RunConfig out;
    out.user = node.text_or("User");
    out.working_dir = node.text_or("WorkingDir");
    out.stop_signal = node.text_or("StopSignal");
    out.env = node.texts_or_empty("Env");
    out.entrypoint = node.texts_or_empty("Entrypoint");
    out.cmd = node.texts_or_empty("Cmd");
    out.shell = node.texts_or_empty("Shell");
    out.on_build = node.texts_or_empty("OnBuild");
    out.labels = text_map(node.find("Labels"));
    out.exposed_ports = sorted_keys(node.find("ExposedPorts"));
    out.volumes = sorted_keys(node.find("Volumes"));
    if (const Node* health = node.find("Healthcheck"); health && health->is_map()) {
        const auto time = [&](std::string_view key) { return std::chrono::nanoseconds(health->int_or(key)); };
        out.healthcheck = Healthcheck{health->texts_or_empty("Test"),
                                      time("Interval"),
                                      time("Timeout"),
                                      time("StartPeriod"),
                                      time("StartInterval"),
                                      static_cast<int>(health->int_or("Retries"))};
    }
    return out;
}

Node to_node(const RunConfig& run) {
    Node node = Node::map();
    const auto text = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) node.set(key, Node(value));
    };
    const auto list = [&](std::string_view key, const std::vector<std::string>& value) {
        if (!value.empty()) node.set(key, Node::texts(value));
    };
    text("User", run.user);
    if (!run.exposed_ports.empty()) node.set("ExposedPorts", key_set(run.exposed_ports));
    list("Env", run.env);
    list("Entrypoint", run.entrypoint);
    list("Cmd", run.cmd);
    if (run.healthcheck) {
        Node& health = node.set("Healthcheck", Node::map());
        health.set("Test", Node::texts(run.healthcheck->test));
        const auto time = [&](std::string_view key, std::chrono::nanoseconds value) {
            if (value.count() != 0) health.set(key, Node(std::int64_t{value.count()}));
        };
        time("Interval", run.healthcheck->interval);
        time("Timeout", run.healthcheck->timeout);
        time("StartPeriod", run.healthcheck->start_period);
        time("StartInterval", run.healthcheck->start_interval);
        if (run.healthcheck->retries != 0) health.set("Retries", Node(std::int64_t{run.healthcheck->retries}));
    }
    if (!run.volumes.empty()) node.set("Volumes", key_set(run.volumes));
    text("WorkingDir", run.working_dir);
    list("OnBuild", run.on_build);
    if (!run.labels.empty()) node.set("Labels", to_node(run.labels));
    text("StopSignal", run.stop_signal);
    list("Shell", run.shell);
    return node;
}

ImageConfig parse_config(std::string_view json) {
    const Node node = doc::parse_json(json, "the image's config");
    ImageConfig out;
    out.platform = platform_of(node);
    out.created = node.text_or("created");
    out.author = node.text_or("author");
    if (const Node* run = node.find("config"); run && run->is_map()) out.run = to_run_config(*run);
    if (const Node* fs = node.find("rootfs"))
        for (const auto& id : fs->texts_or_empty("diff_ids")) out.diff_ids.push_back(Digest::require(id));
    if (const Node* history = node.find("history"); history && history->is_list())
        for (const Node& row : history->items())
            out.history.push_back({row.text_or("created"), row.text_or("created_by"), row.text_or("comment"),
                                   row.text_or("author"), row.bool_or("empty_layer")});
    return out;
}

std::string to_json(const ImageConfig& config) {
    Node node = Node::map();
    if (!config.created.empty()) node.set("created", Node(config.created));
    if (!config.author.empty()) node.set("author", Node(config.author));
    put_platform(node, config.platform);
    node.set("config", to_node(config.run));
    Node& fs = node.set("rootfs", Node::map());
    fs.set("type", Node("layers"));
    Node& ids = fs.set("diff_ids", Node::list());
    for (const Digest& id : config.diff_ids) ids.push(Node(id.to_text()));
    Node& history = node.set("history", Node::list());
    for (const History& row : config.history) {
        Node& out = history.push(Node::map());
        const auto text = [&](std::string_view key, const std::string& value) {
            if (!value.empty()) out.set(key, Node(value));
        };
        text("created", row.created);
        text("author", row.author);
        text("created_by", row.created_by);
        text("comment", row.comment);
        if (row.empty_layer) out.set("empty_layer", Node(true));
    }
    return doc::write_json(node, {.escape_html = false});
}

}  // namespace tutti::oci
