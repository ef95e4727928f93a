// HTTPS and proxies through libcurl, opened when the first such request is made: linking it would cost every start 3
// ms. Used by client.cpp alone.
#pragma once

#include <memory>

#include "http/client.h"

namespace tutti::http {

// The opened library with finished connections waiting for reuse.
class CurlPool {
  public:
    CurlPool();  // throws Error (unsupported) if libcurl is not installed
    ~CurlPool();

    Response send(const Url& url, const Request& request, const ClientOptions& options, const os::Cancel& cancel);

  private:
    struct State;
    friend class CurlExchange;
    std::shared_ptr<State> state_;
};

}  // namespace tutti::http
