// Carries connections and datagrams from a published port's own socket to the container, where nft does not do it.
// Used by the supervisor inside its poll loop: fd() is readable when serve() has something to do. Not the usual way of
// a packet.
#pragma once

#include <memory>
#include <string>

#include "embedded/network/endpoint.h"
#include "os/scope.h"

namespace tutti::embedded::network {

class PortRelay {
  public:
    PortRelay();
    ~PortRelay();
    PortRelay(PortRelay&&) noexcept;
    PortRelay& operator=(PortRelay&&) noexcept;

    void add(const std::string& container, PortSocket port);  // the socket is non-blocking from here on
    void remove(const std::string& container);                // closes its sockets and connections

    int fd() const;          // an epoll descriptor
    os::Until next() const;  // when serve() wants to be called even if fd() is silent
    void serve();            // never blocks, never throws for what a client does

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tutti::embedded::network
