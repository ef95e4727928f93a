// The labels com.docker.compose.*: the database that all Compose tools share.
// Written by plan, read by state and whatever finds things without a file.
// Values are Compose's own, to the letter.
#pragma once

#include <string_view>

namespace tutti::state::label {

constexpr std::string_view project = "com.docker.compose.project";
constexpr std::string_view service = "com.docker.compose.service";
constexpr std::string_view config_hash = "com.docker.compose.config-hash";
constexpr std::string_view number = "com.docker.compose.container-number";
constexpr std::string_view volume = "com.docker.compose.volume";
constexpr std::string_view network = "com.docker.compose.network";
constexpr std::string_view working_dir = "com.docker.compose.project.working_dir";
constexpr std::string_view config_files = "com.docker.compose.project.config_files";
constexpr std::string_view environment_file = "com.docker.compose.project.environment_file";
constexpr std::string_view one_off = "com.docker.compose.oneoff";  // True or False
constexpr std::string_view slug = "com.docker.compose.slug";
constexpr std::string_view image = "com.docker.compose.image";  // the image's id
constexpr std::string_view image_volumes = "com.docker.compose.image-volume-digest";
constexpr std::string_view depends_on = "com.docker.compose.depends_on";  // "db:service_healthy:false,…"
constexpr std::string_view version = "com.docker.compose.version";
constexpr std::string_view replaces = "com.docker.compose.replace";
constexpr std::string_view engine = "com.docker.compose.engine";
constexpr std::string_view hook = "com.docker.compose.hook";  // pre_start

// Ours, beside Compose's: what a changed file of a secret or config is known by.
constexpr std::string_view files_hash = "dev.tutti.files-hash";
// And what the providers of a service said.
constexpr std::string_view provided_hash = "dev.tutti.provided-hash";

// What `version` holds, so that Compose reads our containers as those of a peer.
constexpr std::string_view version_value = "5.5.0";

}  // namespace tutti::state::label
