// Short forms become long forms, on the tree: ports, volumes, devices, build, depends_on, networks, secrets, env_file …
// Used by load after each file's merge, and once for the defaults at the end.
// Values that mean text (environment lists, commands) stay as written: model/read.h takes both spellings.
#pragma once

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// The whole model, in place. `lenient` (--no-interpolate): what cannot be parsed because it may hold variables stays as
// it is. Drops empty entries of `dns`. False after an error.
bool make_canonical(doc::Node& model, bool lenient, doc::Diagnostics& diagnostics);

// Fills in what is always meant: build context, protocol and mode of ports, targets of secrets, count of devices,
// create_host_path. After the last file.
bool set_defaults(doc::Node& model, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
