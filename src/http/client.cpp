#include "http/client.h"

#include <map>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "http/connection.h"
#include "http/curl.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;

struct Client::State {
    ClientOptions options;
    std::mutex mutex;
    std::multimap<std::string, Connection> idle;  // by authority
    std::unique_ptr<CurlPool> curl;

    std::optional<Connection> take(const std::string& authority) {
        const std::lock_guard lock(mutex);
        for (auto found = idle.find(authority); found != idle.end(); found = idle.find(authority)) {
            Connection connection = std::move(found->second);
            idle.erase(found);
            if (!connection.stale()) return connection;
        }
        return std::nullopt;
    }

    CurlPool& curl_pool() {
        const std::lock_guard lock(mutex);
        if (!curl) curl = std::make_unique<CurlPool>();
        return *curl;
    }
};

namespace {

// Gives the connection back once the body has been read.
class PooledBody : public base::Source {
  public:
    PooledBody(std::unique_ptr<base::Source> body, Connection connection, std::function<void(Connection)> give_back)
        : body_(std::move(body)), connection_(std::move(connection)), give_back_(std::move(give_back)) {}

    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = body_->read(into, size);
        if (connection_ && connection_->reusable()) {
            give_back_(std::move(*connection_));
            connection_.reset();
        }
        return n;
    }

  private:
    std::unique_ptr<base::Source> body_;
    std::optional<Connection> connection_;
    std::function<void(Connection)> give_back_;
};

}  // namespace

Client::Client(ClientOptions options) : state_(std::make_shared<State>()) { state_->options = std::move(options); }
Client::~Client() = default;

static Response send_plain(Connection& connection, const Url& url, const Request& request, const os::Cancel& cancel) {
    Request own{request.method, url.target, request.headers, request.body, request.stream, request.stream_size};
    return connection.send(own, cancel);
}

Response Client::send(const Url& url, const Request& request, const os::Cancel& cancel) {
    const ClientOptions& options = state_->options;
    Request named = request;
    if (!named.headers.find("User-Agent")) named.headers.add("User-Agent", options.user_agent);
    const bool proxied = !options.proxies.http.empty() && !url.is_loopback();
    if (url.scheme == "https" || proxied) return state_->curl_pool().send(url, named, options, cancel);

    const std::string authority = url.authority();
    std::optional<Response> response;
    std::optional<Connection> connection = state_->take(authority);
    if (connection) {
        try {
            response = send_plain(*connection, url, named, cancel);
        } catch (const Error& error) {  // the peer may close an idle connection at any time: once more on a fresh one
            if (request.stream || (error.errno_value() != ECONNRESET && error.errno_value() != EPIPE)) throw;
        }
    }
    if (!response) {
        connection.emplace(connect_tcp(url.host, url.port, cancel, os::Clock::now() + options.connect_timeout),
                           authority);
        connection->set_idle_timeout(options.idle_timeout);
        response = send_plain(*connection, url, named, cancel);
    }
    response->body = std::make_unique<PooledBody>(std::move(response->body), std::move(*connection),
                                                  [state = state_, authority](Connection finished) {
                                                      const std::lock_guard lock(state->mutex);
                                                      state->idle.emplace(authority, std::move(finished));
                                                  });
    return std::move(*response);
}

}  // namespace tutti::http
