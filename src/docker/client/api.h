// Calls of the Docker Engine API: connections, the negotiated version, errors of the engine as base::Error.
// Used by the faces beside it. Knows no endpoint's meaning.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "doc/node.h"
#include "docker/client/engine.h"
#include "http/connection.h"
#include "http/tls_tunnel.h"
#include "os/scope.h"

namespace tutti::docker::client {

using Query = std::vector<std::pair<std::string, std::string>>;  // empty values are left out

struct Call {
    std::string method = "GET";
    std::string path;  // "/containers/json", without the version
    Query query;
    std::optional<doc::Node> body = std::nullopt;
    http::Headers headers = {};
    base::Source* stream = nullptr;  // a body as a stream; its type is `stream_type`
    std::string stream_type = "application/x-tar";
    std::chrono::milliseconds patience{120'000};  // between two bytes; zero: for ever
    std::function<void()> opened = {};            // each_line: the engine has begun its answer
};

class Api {
  public:
    explicit Api(Options options);
    ~Api();

    const Options& options() const { return options_; }
    int minor();  // 44 for API 1.44; asks the engine once

    // The answer's body as JSON (null if empty). 304 is no error. Others: kinds as the status says, the engine's words.
    doc::Node call(const Call& call, const os::Cancel& cancel = {});
    // Nothing for 404.
    std::optional<doc::Node> find(const Call& call, const os::Cancel& cancel = {});
    // The whole response, checked; its body may be read while it comes.
    http::Response open(const Call& call, const os::Cancel& cancel);
    // One JSON object a line, until the body ends.
    void each_line(const Call& call, const std::function<void(const doc::Node&)>& line, const os::Cancel& cancel);
    http::RawStream hijack(const Call& call);
    // HEAD /_ping within five seconds.
    void ping();

  private:
    struct Lease;
    std::string target(const Call& call);
    http::Response greet(std::chrono::milliseconds patience);
    http::Request request(const Call& call);
    os::Fd connect(const os::Cancel& cancel);
    http::Connection take(const os::Cancel& cancel);
    void give_back(http::Connection connection);

    Options options_;
    http::TlsTunnels tunnels_;
    os::Locked<std::vector<http::Connection>> idle_;
    os::Locked<int> minor_{0};
};

// {"label": ["a=b"]} as the API wants filters; empty text for none.
std::string filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& all);

}  // namespace tutti::docker::client
