#include "app/fetch_artifact.h"

#include <vector>

#include "app/kept_copy.h"
#include "app/registries.h"
#include "base/error.h"
#include "base/text.h"
#include "compose/remote.h"
#include "doc/json.h"
#include "oci/registry.h"
#include "os/file.h"

namespace tutti::app {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view project_type = "application/vnd.docker.compose.project";
constexpr std::string_view compose_file_type = "application/vnd.docker.compose.file+yaml";
constexpr std::string_view env_file_type = "application/vnd.docker.compose.envfile";
constexpr std::string_view old_config_type = "application/vnd.docker.compose.config.empty.v1+json";  // of OCI 1.0
constexpr std::size_t most_bytes = std::size_t{64} << 20;                                            // of one file

std::string annotation(const doc::Node& layer, std::string_view key) {
    const doc::Node* value = layer.find_path({"annotations", key});
    return value && value->is_text() ? value->as_text() : std::string();
}

[[noreturn]] void refuse(const oci::Reference& name, std::string_view why) {
    throw Error(ErrorKind::invalid, cat("invalid OCI artifact ", name.to_text(), ": ", why),
                "publish it anew, with `publish`");
}

// The manifest of the project: the document itself, or what an index says is one.
doc::Node project_manifest(const oci::Repository& repository, const oci::Document& document) {
    const std::string name = repository.name().to_text();
    doc::Node json = doc::parse_json(document.bytes, name);
    if (const doc::Node* manifests = json.find("manifests"); manifests && manifests->is_list()) {
        std::string digest;
        for (const doc::Node& one : manifests->items())
            if (one.text_or("artifactType") == project_type) digest = one.text_or("digest");
        if (digest.empty())
            throw Error(ErrorKind::invalid, cat("OCI index ", name, " doesn't refer to compose artifacts"));
        json = doc::parse_json(repository.manifest(digest).bytes, name);
    }
    const std::string type = json.text_or("artifactType");
    const doc::Node* config = json.find("config");
    const bool old = type.empty() && config && config->text_or("mediaType") == old_config_type;
    if (type != project_type && !old)
        throw Error(ErrorKind::invalid,
                    cat(name, " is not a compose project OCI artifact, but ", type.empty() ? "an image" : type));
    return json;
}

std::string content_of(const oci::Repository& repository, const doc::Node& layer) {
    const auto digest = base::Digest::parse(layer.text_or("digest"));
    if (!digest) refuse(repository.name(), "a layer has no digest");
    const oci::Descriptor descriptor{layer.text_or("mediaType"), *digest, layer.int_or("size"), {}, {}, {}};
    return repository.small_blob(descriptor, most_bytes);
}

// The files of the project; several Compose files become documents of one, in their order.
std::map<std::string, std::string> files_of(const oci::Repository& repository, const doc::Node& manifest) {
    std::map<std::string, std::string> files;
    const doc::Node* layers = manifest.find("layers");
    if (!layers || !layers->is_list()) refuse(repository.name(), "it has no layers");
    for (const doc::Node& layer : layers->items()) {
        const std::string type = layer.text_or("mediaType");
        const bool is_env_file = type == env_file_type;
        if (!is_env_file && type != compose_file_type) continue;
        const bool is_base = !annotation(layer, "com.docker.compose.extends").empty();  // of an `extends` with a file
        std::string name = "compose.yaml";
        if (is_env_file || is_base)
            name = annotation(layer, is_env_file ? "com.docker.compose.envfile" : "com.docker.compose.file");
        if (!compose::is_artifact_file_name(name))
            refuse(repository.name(), cat("its files lie in one folder, which \"", name, "\" does not"));
        std::string content = content_of(repository, layer);
        const auto [file, fresh] = files.emplace(std::move(name), content);
        if (fresh) continue;
        file->second = is_env_file ? std::move(content) : cat(file->second, "\n---\n", content);
    }
    if (!files.contains("compose.yaml")) refuse(repository.name(), "it holds no Compose file");
    return files;
}

}  // namespace

std::string fetch_artifact(std::string_view reference, const std::map<std::string, std::string>& environment,
                           const std::string& cache) {
    constexpr std::string_view scheme = "oci://";
    const oci::Reference name = oci::Reference::parse(reference.substr(scheme.size()));
    const os::Cancel cancel;
    const oci::Repository repository(name, registries(environment), oci::Repository::Access::pull, cancel);
    const oci::Document document = repository.manifest(name.digest ? name.digest->to_text() : name.tag);
    const std::string copy = cat(cache, '/', document.digest.hex());
    keep_copy(copy, [&](const std::string& folder) {
        for (const auto& [file, content] : files_of(repository, project_manifest(repository, document)))
            os::write_file(cat(folder, '/', file), content);
    });
    return cat(copy, "/compose.yaml");
}

}  // namespace tutti::app
