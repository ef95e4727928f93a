// From an engine's address to a connected socket: unix, tcp, TLS with client certificates, ssh through the ssh program.
// Used by Api alone. Speaks no HTTP.
#pragma once

#include "docker/client/engine.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::docker::client {

// Throws unavailable in the words of Docker's own programs ("Cannot connect to the Docker daemon at …"), denied for a
// socket that this user may not open, invalid for an address of another kind.
os::Fd open_connection(const Options& options, const os::Cancel& cancel);

}  // namespace tutti::docker::client
