#include "docker/client/api.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "docker/client/connect.h"
#include "http/url.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

constexpr int oldest_minor = 24, newest_minor = 55;

ErrorKind kind_of(int status) {
    switch (status) {
        case 400:
        case 405: return ErrorKind::invalid;
        case 401:
        case 403: return ErrorKind::denied;
        case 404: return ErrorKind::not_found;
        case 409: return ErrorKind::conflict;
        case 501: return ErrorKind::unsupported;
        case 502:
        case 503: return ErrorKind::unavailable;
        case 504: return ErrorKind::timeout;
        default: return ErrorKind::internal;
    }
}

// "Error response from daemon: No such container: x": what clients of Docker print and scripts match on.
[[noreturn]] void refuse(http::Response& response) {
    std::string message = response.text(std::size_t{1} << 20);
    try {
        if (const Node node = doc::parse_json(message, "the engine's error"); !node.text_or("message").empty())
            message = node.text_or("message");
    } catch (const Error&) {  // not JSON: shown as it came
    }
    message = std::string(base::trim(message));
    if (message.empty()) message = cat("status ", response.status, ' ', response.reason);
    throw Error(kind_of(response.status), cat("Error response from daemon: ", message));
}

void check(http::Response& response) {
    if (response.ok() || response.status == 304 || response.status == 101) return;
    refuse(response);
}

std::string query_text(const Query& query) {
    std::string out;
    for (const auto& [key, value] : query) {
        if (value.empty()) continue;
        out += out.empty() ? '?' : '&';
        out += cat(key, '=', http::percent_encode(value));
    }
    return out;
}

int minor_of(const std::string& version) {
    if (!version.starts_with("1.")) return 0;
    return static_cast<int>(base::to_int(std::string_view(version).substr(2)).value_or(0));
}

}  // namespace

std::string filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& all) {
    Node out = Node::map();
    for (const auto& [key, values] : all)
        if (!values.empty()) out.set(key, Node::texts(values));
    return out.size() == 0 ? std::string() : doc::write_json(out);
}

Api::Api(Options options) : options_(std::move(options)) {}
Api::~Api() = default;

os::Fd Api::connect(const os::Cancel& cancel) { return open_connection(options_, tunnels_, cancel); }

http::Connection Api::take(const os::Cancel& cancel) {
    auto kept = idle_.with([](auto& idle) -> std::optional<http::Connection> {
        while (!idle.empty()) {
            http::Connection connection = std::move(idle.back());
            idle.pop_back();
            if (!connection.stale()) return connection;
        }
        return std::nullopt;
    });
    if (kept) return std::move(*kept);
    return {connect(cancel), "docker"};
}

void Api::give_back(http::Connection connection) {
    if (!connection.reusable()) return;
    idle_.with([&](auto& idle) {
        if (idle.size() < 16) idle.push_back(std::move(connection));
    });
}

int Api::minor() {
    return minor_.with([&](int& minor) {
        if (minor != 0) return minor;
        if (!options_.api_version.empty()) {
            minor = minor_of(options_.api_version);
            if (minor < oldest_minor)
                throw Error(ErrorKind::invalid,
                            cat("API version '", options_.api_version, "' is not one of 1.24 and later"));
            return minor;
        }
        http::Response response = greet(std::chrono::seconds(10));
        const int theirs = minor_of(response.headers.value_or("Api-Version", "1.24"));
        if (theirs == 0) throw Error(ErrorKind::unavailable, cat(options_.host, " does not answer as a Docker engine"));
        minor = std::min(theirs, newest_minor);
        if (minor < oldest_minor)
            throw Error(ErrorKind::unsupported,
                        cat("the engine speaks API 1.", theirs, "; the oldest that works is 1.24"));
        return minor;
    });
}

void Api::ping() { greet(std::chrono::seconds(5)); }

// The first words to an engine: whoever does not answer them in time is none.
http::Response Api::greet(std::chrono::milliseconds patience) {
    const os::Cancel cancel;
    http::Connection connection = take(cancel);
    connection.set_idle_timeout(patience);
    try {
        http::Response response =
            connection.send({.method = "GET", .target = "/_ping", .headers = {}, .body = {}}, cancel);
        check(response);
        response.text();
        give_back(std::move(connection));
        return response;
    } catch (const Error& error) {  // said in the words of a connection that failed
        if (error.kind() != ErrorKind::unavailable && error.kind() != ErrorKind::timeout) throw;
        const std::string tls = tunnels_.failure();
        cannot_connect(options_, tls.empty() ? error : Error(ErrorKind::unavailable, tls));
    }
}

std::string Api::target(const Call& call) { return cat("/v1.", minor(), call.path, query_text(call.query)); }

http::Request Api::request(const Call& call) {
    http::Request request;
    request.method = call.method;
    request.target = target(call);
    request.headers = call.headers;
    if (call.body) {
        request.body = doc::write_json(*call.body);
        request.headers.set("Content-Type", "application/json");
    } else if (call.stream) {
        request.stream = call.stream;
        request.headers.set("Content-Type", call.stream_type);
    }
    return request;
}

Node Api::call(const Call& call, const os::Cancel& cancel) {
    const http::Request ready = request(call);
    http::Connection connection = take(cancel);
    connection.set_idle_timeout(call.patience);
    http::Response response = connection.send(ready, cancel);
    check(response);
    const std::string text = response.text(std::size_t{256} << 20);
    give_back(std::move(connection));
    if (base::trim(text).empty()) return {};
    return doc::parse_json(text, cat("the engine's answer to ", call.method, ' ', call.path));
}

std::optional<Node> Api::find(const Call& call, const os::Cancel& cancel) {
    try {
        return this->call(call, cancel);
    } catch (const Error& error) {  // absence is an answer here, not a failure
        if (error.kind() == ErrorKind::not_found) return std::nullopt;
        throw;
    }
}

http::Response Api::open(const Call& call, const os::Cancel& cancel) {
    const http::Request ready = request(call);
    http::Connection connection(connect(cancel), "docker");
    connection.set_idle_timeout(call.patience);
    http::Response response = connection.send(ready, cancel);
    check(response);
    return response;
}

void Api::each_line(const Call& call, const std::function<void(const Node&)>& line, const os::Cancel& cancel) {
    http::Response response = open(call, cancel);
    if (call.opened) call.opened();
    std::string buffer;
    char more[16384];
    const auto take_lines = [&](bool end) {
        for (;;) {
            const auto newline = buffer.find('\n');
            if (newline == std::string::npos && !(end && !base::trim(buffer).empty())) return;
            const std::string text = buffer.substr(0, newline);
            buffer.erase(0, newline == std::string::npos ? buffer.size() : newline + 1);
            if (!base::trim(text).empty()) line(doc::parse_json(text, cat("the engine's answer to ", call.path)));
        }
    };
    while (const std::size_t n = response.body->read(more, sizeof more)) {
        buffer.append(more, n);
        take_lines(false);
    }
    take_lines(true);
}

http::RawStream Api::hijack(const Call& call) {
    http::Request ready = request(call);
    ready.headers.set("Connection", "Upgrade");
    ready.headers.set("Upgrade", "tcp");
    const os::Cancel cancel;
    http::Connection connection(connect(cancel), "docker");
    connection.set_idle_timeout(call.patience);
    http::Response response = connection.send(ready, cancel);
    check(response);
    return connection.take_stream();
}

}  // namespace tutti::docker::client
