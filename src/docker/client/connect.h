// From an engine's address to a connected socket: unix, tcp, TLS with client certificates, ssh through the ssh program.
// Used by Api alone. Speaks no HTTP.
#pragma once

#include "base/error.h"
#include "docker/client/engine.h"
#include "http/tls_tunnel.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::docker::client {

// Throws unavailable in the words of Docker's own programs ("Cannot connect to the Docker daemon at …"), denied for a
// socket that this user may not open, invalid for an address of another kind.
os::Fd open_connection(const Options& options, http::TlsTunnels& tunnels, const os::Cancel& cancel);
// The same words for a peer that was reached and did not answer.
[[noreturn]] void cannot_connect(const Options& options, const base::Error& cause);

}  // namespace tutti::docker::client
