// Another process in a running container, with its streams. Used by the container face.
#pragma once

#include <memory>

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

// `name`: as the user gave it, for messages.
std::unique_ptr<engine::Exec> exec_in_container(Parts& parts, const records::Folder& folder, const std::string& name,
                                                const engine::ExecSpec& spec);

}  // namespace tutti::embedded
