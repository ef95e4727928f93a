#include "app/publish_artifact.h"

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "oci/registry.h"
#include "state/labels.h"

namespace tutti::app {

namespace {

using doc::Node;

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view project_type = "application/vnd.docker.compose.project";
constexpr std::string_view nothing = "{}";  // the config of what is no image

Node descriptor(std::string_view type, std::string_view content) {
    Node node = Node::map();
    node.set("mediaType", Node(type));
    node.set("digest", Node(base::Digest::of(content).to_text()));
    node.set("size", Node(static_cast<std::int64_t>(content.size())));
    return node;
}

Node layer_of(const cli::ArtifactFile& file) {
    const bool env = file.kind == cli::ArtifactFile::Kind::env;
    Node layer = descriptor(env ? "application/vnd.docker.compose.envfile" : "application/vnd.docker.compose.file+yaml",
                            file.content);
    Node annotations = Node::map();
    annotations.set("com.docker.compose.version", Node(state::label::version_value));
    annotations.set(env ? "com.docker.compose.envfile" : "com.docker.compose.file", Node(file.name));
    if (file.kind == cli::ArtifactFile::Kind::base) annotations.set("com.docker.compose.extends", Node("true"));
    layer.set("annotations", std::move(annotations));
    return layer;
}

std::string manifest_of(const std::vector<cli::ArtifactFile>& files, bool newest) {
    Node manifest = Node::map();
    manifest.set("schemaVersion", Node(std::int64_t{2}));
    manifest.set("mediaType", Node(manifest_type));
    if (newest) manifest.set("artifactType", Node(project_type));
    manifest.set("config", descriptor(newest ? "application/vnd.oci.empty.v1+json"
                                             : "application/vnd.docker.compose.config.empty.v1+json",
                                      nothing));
    Node layers = Node::list();
    for (const cli::ArtifactFile& file : files) layers.push(layer_of(file));
    manifest.set("layers", std::move(layers));
    Node annotations = Node::map();
    annotations.set("org.opencontainers.image.created",
                    Node(base::to_rfc3339(std::chrono::system_clock::now()).substr(0, 19) + "Z"));
    manifest.set("annotations", std::move(annotations));
    return doc::write_json(manifest);
}

}  // namespace

void publish_artifact(const std::string& reference, const std::vector<cli::ArtifactFile>& files,
                      const std::string& version, const Environment& environment, const os::Cancel& cancel) {
    const oci::Reference name = oci::Reference::parse(reference);
    const oci::Repository repository(name, registries(environment), oci::Repository::Access::push, cancel);
    const auto upload = [&](std::string_view content) {
        const base::Digest digest = base::Digest::of(content);
        if (!repository.has_blob(digest)) repository.upload(digest, content);
    };
    upload(nothing);
    for (const cli::ArtifactFile& file : files) upload(file.content);
    try {
        return repository.put_manifest(name.tag, manifest_type, manifest_of(files, version != "1.0"));
    } catch (const base::Error& error) {
        // A registry that does not know artifacts takes them in the older form.
        if (!version.empty() || error.kind() == base::ErrorKind::denied || error.kind() == base::ErrorKind::unavailable)
            throw;
    }
    repository.put_manifest(name.tag, manifest_type, manifest_of(files, false));
}

}  // namespace tutti::app
