// Requests to URLs: plain HTTP on connections of our own, HTTPS (and proxies) through libcurl, which is opened on first
// need. Used by the registry protocol, remote includes and clusters. Follows no redirect and knows no credentials:
// callers decide.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "http/message.h"
#include "http/url.h"
#include "os/scope.h"

namespace tutti::http {

struct Tls {
    bool verify = true;
    std::string ca_file;             // besides the system's, PEM; empty: only the system's
    std::string client_certificate;  // PEM files; empty: none
    std::string client_key;
};

struct Proxies {  // as in the environment; an empty one means: direct
    std::string http, https, no_proxy;
};

struct ClientOptions {
    std::string user_agent = "tutti";
    std::chrono::milliseconds connect_timeout{15'000};
    std::chrono::milliseconds idle_timeout{60'000};
    Proxies proxies;
    std::function<Tls(const Url&)> tls;  // asked per host; unset: verify against the system's certificates
};

// Keeps finished connections and reuses them; may be used by several threads at once.
class Client {
  public:
    explicit Client(ClientOptions options = {});
    ~Client();
    Client(const Client&) = delete;

    // request.target is ignored: it comes from the url. Errors name the host: unavailable (no connection, no name,
    // TLS), timeout.
    Response send(const Url& url, const Request& request, const os::Cancel& cancel);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tutti::http
