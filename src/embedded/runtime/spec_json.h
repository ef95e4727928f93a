// The OCI spec as JSON: config.json of a bundle, process.json of an exec, resources of an update; in and out.
// One list of fields for both directions (spec_json.cpp). Unknown keys are passed over, as the specification wants;
// what we know but cannot do (intelRdt, …) is refused by name.
#pragma once

#include <string_view>

#include "doc/node.h"
#include "embedded/runtime/spec.h"

namespace tutti::embedded::runtime {

// Throw Error invalid naming the field ("process.args[2]: a string is needed") or unsupported.
Spec read_spec(const doc::Node& node);
Process read_process(const doc::Node& node);
Resources read_resources(const doc::Node& node);
Seccomp read_seccomp(const doc::Node& node);

doc::Node write_spec(const Spec& spec);
doc::Node write_process(const Process& process);
doc::Node write_seccomp(const Seccomp& seccomp);
doc::Node write_resources(const Resources& resources);

}  // namespace tutti::embedded::runtime
