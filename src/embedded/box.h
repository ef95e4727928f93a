// A container's spec in the words of the runtime: request, limits, log. Used by start and update.
// What the engine cannot do is refused here, by name.
#pragma once

#include "embedded/parts.h"
#include "embedded/runtime/oci_config.h"

namespace tutti::embedded {

// Throws Error unsupported naming the field, for what no container of ours can have. Called by create, so that a
// container that could never start is not made.
void refuse_unsupported(const engine::ContainerSpec& spec);

// Without network, mounts and root; those are start's business.
runtime::BoxRequest box_request(Parts& parts, const records::Config& config);

runtime::Resources to_runtime(const engine::Resources& resources);
runtime::LogTo log_target(const engine::ContainerSpec& spec, const std::string& path);

// "SIGTERM", "TERM" or "15"; throws Error invalid.
int signal_number(const std::string& text);
std::string signal_name(int number);  // "SIGTERM"

}  // namespace tutti::embedded
