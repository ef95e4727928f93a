#include "embedded/images/fake_registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::images {

using base::cat;

FakeRegistry::FakeRegistry() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        base::throw_errno("listening on loopback");
    host_ = cat("127.0.0.1:", ntohs(address.sin_port));
    scope_.spawn([this] {
        for (;;) {
            os::wait(listener_, POLLIN, scope_.cancel());
            os::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (connection)
                scope_.spawn([this, fd = std::make_shared<os::Fd>(std::move(connection))] { serve(std::move(*fd)); });
        }
    });
}

FakeRegistry::~FakeRegistry() { scope_.cancel_and_join(); }

void FakeRegistry::put(const std::string& path, const std::string& content_type, const std::string& body) {
    shared_.with([&](Shared& shared) { shared.table[cat("/v2/", path)] = {content_type, body}; });
}

void FakeRegistry::on_request(Handler handler) {
    shared_.with([&](Shared& shared) { shared.handler = std::move(handler); });
}

std::vector<http::RequestHead> FakeRegistry::requests() const {
    return shared_.with([](Shared& shared) { return shared.requests; });
}

FakeRegistry::Answer FakeRegistry::answer(const http::RequestHead& request) const {
    const Handler handler = shared_.with([&](Shared& shared) {
        shared.requests.push_back(request);
        return shared.handler;
    });
    if (handler)
        if (auto special = handler(request)) return *special;
    return shared_.with([&](Shared& shared) -> Answer {
        const auto found = shared.table.find(request.target);
        if (found == shared.table.end()) return {request.target == "/v2/" ? 200 : 404, {}, "{}", {}};
        Answer out{200, {{"Content-Type", found->second.first}}, found->second.second, {}};
        const std::string range = request.headers.value_or("Range");
        if (range.starts_with("bytes=")) {
            const auto from = base::to_uint(std::string_view(range).substr(6, range.size() - 7)).value_or(0);
            out.status = 206;
            out.headers.add("Content-Range", cat("bytes ", from, "-", out.body.size() - 1, "/", out.body.size()));
            out.body.erase(0, from);
        }
        return out;
    });
}

void FakeRegistry::serve(os::Fd connection) {
    std::string buffer;
    for (;;) {
        std::size_t length = 0;
        while ((length = http::head_length(buffer)) == 0) {
            os::wait(connection, POLLIN, scope_.cancel());
            char more[8192];
            const ssize_t n = ::recv(connection.get(), more, sizeof more, 0);
            if (n <= 0) return;
            buffer.append(more, static_cast<std::size_t>(n));
        }
        const auto request = http::parse_request_head(std::string_view(buffer).substr(0, length));
        buffer.erase(0, length);
        const Answer out = answer(request);
        std::string text = cat("HTTP/1.1 ", out.status, " X\r\nContent-Length: ", out.body.size(), "\r\n");
        for (const auto& header : out.headers) text += cat(header.name, ": ", header.value, "\r\n");
        text += "\r\n";
        if (request.method != "HEAD") text += out.body.substr(0, out.cut_after.value_or(out.body.size()));
        for (std::string_view rest = text; !rest.empty();) {
            const ssize_t n = ::send(connection.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
        if (out.cut_after) return;
    }
}

}  // namespace tutti::embedded::images
