// One HTTP/1.1 connection over a socket, client side: a request, its response as a stream, the next request; or an
// upgrade. Used by docker/client (Unix sockets, plain TCP) and by Client. No TLS, no redirects, no pool: see client.h.
#pragma once

#include <chrono>
#include <memory>

#include "http/message.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::http {

os::Fd connect_unix(const std::string& path);
os::Fd connect_tcp(const std::string& host, std::uint16_t port, const os::Cancel& cancel,
                   os::Until until = std::nullopt);

// What an upgraded connection has become: the socket (non-blocking) and the bytes that already came after the head.
struct RawStream {
    os::Fd socket;
    std::string early;
};

class Connection {
  public:
    // `host` is what the Host header says. The socket is made non-blocking.
    Connection(os::Fd socket, std::string host);
    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    // Between two bytes of a response nothing may come for this long (Error timeout); zero, the default, waits for
    // ever.
    void set_idle_timeout(std::chrono::milliseconds time);

    // Sends the request and reads the head of the response. The body is read from response.body, which stays valid
    // without this object. Error (unavailable) if the peer goes away, (invalid) if it does not speak HTTP/1.
    Response send(const Request& request, const os::Cancel& cancel);

    // Whether another send() may follow: the last body was read to its end and nobody wants to close.
    bool reusable() const;
    // True if the peer has hung up while idle.
    bool stale() const;

    // After a 101, or where the peer is known to go raw (Docker's attach answers 200 to old clients).
    RawStream take_stream();

  private:
    Response receive_response(const std::string& method, const os::Cancel& cancel);
    struct Wire;
    friend class ResponseBody;
    std::shared_ptr<Wire> wire_;
};

}  // namespace tutti::http
