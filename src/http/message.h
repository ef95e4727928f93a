// The values of HTTP/1.1: headers, a request, a response with its body as a stream.
// Used by the client side (connection.h, client.h). No parsing and no sockets here.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"

namespace tutti::http {

struct Header {
    std::string name, value;
};

// In the order written; names compare without case.
class Headers {
  public:
    Headers() = default;
    Headers(std::initializer_list<Header> all) : all_(all) {}

    const std::string* find(std::string_view name) const;  // the first one
    std::string value_or(std::string_view name, std::string_view fallback = {}) const;
    std::vector<std::string> all(std::string_view name) const;
    bool has_token(std::string_view name, std::string_view token) const;  // "Connection: keep-alive, Upgrade"
    void add(std::string name, std::string value) { all_.push_back({std::move(name), std::move(value)}); }
    void set(std::string_view name, std::string value);
    void erase(std::string_view name);

    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }
    std::size_t size() const { return all_.size(); }

  private:
    std::vector<Header> all_;
};

struct Request {
    std::string method = "GET";
    std::string target = "/";  // path and query, percent-encoded; for Client::send it comes from the Url
    Headers headers{};         // Host, Content-Length, Transfer-Encoding are added
    std::string body{};
    base::Source* stream =
        nullptr;  // a body of this source instead, sent as chunks, or plain when `stream_size` is known
    std::int64_t stream_size = -1;
};

struct Response {
    int status = 0;
    std::string reason;
    Headers headers;
    std::unique_ptr<base::Source> body;  // never null after send(); reading may throw Error, Cancelled

    bool ok() const { return status >= 200 && status < 300; }
    std::string text(std::size_t limit = std::size_t{16} << 20) { return base::read_to_end(*body, limit); }
};

}  // namespace tutti::http
