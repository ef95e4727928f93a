// The config hash: SHA-256 over the JSON of what a container, network or volume is made from. Equal to Docker
// Compose's, so that both tools see each other's containers as current. Used for the label
// com.docker.compose.config-hash and by `config --hash`.
#pragma once

#include <string>

#include "model/project.h"

namespace tutti::model {

// 64 hex digits.
std::string config_hash(const Service& service);
std::string config_hash(const Network& network);
std::string config_hash(const Volume& volume);

}  // namespace tutti::model
