// How registries are reached from this process: the files and variables that Docker and the containers tools know.
// Used by whatever of app talks to a registry: the embedded engine, remote Compose files, digests of images.
// Knows no registry protocol: that is oci's.
#pragma once

#include <map>
#include <string>

#include "oci/credentials.h"
#include "oci/registries.h"

namespace tutti::app {

using Environment = std::map<std::string, std::string>;

// The variable's value; `fallback` if it is unset or empty.
std::string value(const Environment& environment, const std::string& name, const std::string& fallback = {});

std::string docker_folder(const Environment& environment);  // $DOCKER_CONFIG, ~/.docker
oci::CredentialStore credential_store(const Environment& environment);
oci::Registries registries(const Environment& environment);

}  // namespace tutti::app
