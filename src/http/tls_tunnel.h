// TLS for those who want a descriptor: a thread carries bytes between the encrypted connection and one end of a socket
// pair. Used by docker/client, whose streams are hijacked from plain descriptors. OpenSSL is opened on first need, as
// it would cost every start. Knows no HTTP; https to registries goes through client.h.
#pragma once

#include <string>

#include "http/client.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::http {

class TlsTunnels {
  public:
    // `socket` is connected to `host` (a name or an address, checked against the peer's certificate if tls.verify).
    // The handshake is done when this returns; shutting down the result's writing side sends close_notify. With a
    // ca_file, no other authority counts. Throws Error: unsupported (no OpenSSL), invalid (a file of `tls`),
    // unavailable (the handshake), timeout; Cancelled.
    os::Fd open(os::Fd socket, const std::string& host, const Tls& tls, const os::Cancel& cancel, os::Until until);

    // What ended a tunnel before its time, as with TLS 1.3 a peer refuses our certificate only after the handshake.
    std::string failure() const;

  private:
    os::Locked<std::string> failure_;
    os::Scope scope_;  // of the carrying threads; ended first
};

}  // namespace tutti::http
