// Images as the world writes them: platform, descriptor, manifest, index and config as values, read from and written to
// JSON. Used by the registry protocol, the image store and the builder. Knows neither a disk nor a network.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "doc/node.h"

namespace tutti::oci {

namespace media {
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view oci_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view docker_layer_gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
}  // namespace media

struct Platform {
    std::string os = "linux";
    std::string architecture;  // "amd64", "arm64"
    std::string variant;       // "v7", or empty
    std::string os_version;

    static Platform host();
    static Platform parse(std::string_view text);  // "linux/arm/v7", "arm64"; throws Error (invalid)
    std::string to_text() const;
    bool operator==(const Platform&) const = default;
};

struct Descriptor {
    std::string media_type;
    base::Digest digest;
    std::int64_t size = 0;
    std::optional<Platform> platform;
    std::map<std::string, std::string> annotations;
    std::vector<std::string> urls;

    bool is_attestation() const;  // BuildKit's provenance entries of an index
};

struct Manifest {
    std::string media_type = std::string(media::oci_manifest);
    Descriptor config;
    std::vector<Descriptor> layers;  // lowest first
    std::map<std::string, std::string> annotations;
};

struct Index {
    std::string media_type = std::string(media::oci_index);
    std::vector<Descriptor> manifests;
};

struct Healthcheck {
    std::vector<std::string> test;
    std::chrono::nanoseconds interval{0}, timeout{0}, start_period{0}, start_interval{0};
    int retries = 0;
    bool operator==(const Healthcheck&) const = default;
};

// What a container of this image starts with.
struct RunConfig {
    std::string user, working_dir, stop_signal;
    std::vector<std::string> env, entrypoint, cmd, shell, on_build;
    std::map<std::string, std::string> labels;
    std::vector<std::string> exposed_ports;  // "80/tcp", sorted
    std::vector<std::string> volumes;        // absolute paths, sorted
    std::optional<Healthcheck> healthcheck;
    bool operator==(const RunConfig&) const = default;
};

struct History {
    std::string created, created_by, comment, author;
    bool empty_layer = false;
};

struct ImageConfig {
    Platform platform;
    std::string created, author;  // created: RFC 3339
    RunConfig run;
    std::vector<base::Digest> diff_ids;  // lowest first
    std::vector<History> history;
};

enum class DocumentKind { manifest, index };
// What a manifest document is. Throws Error: ambiguous documents (both `layers` and `manifests`), schema 1, unknown
// types.
DocumentKind classify(std::string_view json, std::string_view content_type);

Manifest parse_manifest(std::string_view json);
Index parse_index(std::string_view json);
ImageConfig parse_config(std::string_view json);
std::string to_json(const Manifest& manifest);
std::string to_json(const Index& index);
std::string to_json(const ImageConfig& config);
doc::Node to_node(const RunConfig& run);  // with Docker's spelling ("Env", "Cmd", …)
RunConfig to_run_config(const doc::Node& node);

// The entry for a platform, by variant rules (arm/v7 takes v6 too, never v8; amd64 takes the highest up to v1). Null:
// none fits.
const Descriptor* choose(const Index& index, const Platform& wanted);

}  // namespace tutti::oci
