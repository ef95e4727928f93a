// A registry that does what a test tells it to: answers from a table, lies, stalls, breaks off; and remembers what it
// was asked. For the tests of this room.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/parse.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::embedded::images {

class FakeRegistry {
  public:
    struct Answer {
        int status = 200;
        http::Headers headers;
        std::string body;
        std::optional<std::size_t> cut_after;  // bytes of the body, then the connection is closed
    };
    using Handler = std::function<std::optional<Answer>(const http::RequestHead& request)>;

    FakeRegistry();
    ~FakeRegistry();
    const std::string& host() const { return host_; }

    // The pieces of an image, by path below /v2/: "test/manifests/1", "test/blobs/sha256:…".
    void put(const std::string& path, const std::string& content_type, const std::string& body);
    void on_request(Handler handler);  // asked first; nothing: the table answers
    std::vector<http::RequestHead> requests() const;

  private:
    void serve(os::Fd connection);
    Answer answer(const http::RequestHead& request) const;
    struct Shared {
        std::map<std::string, std::pair<std::string, std::string>> table;
        Handler handler;
        std::vector<http::RequestHead> requests;
    };
    mutable os::Locked<Shared> shared_;
    os::Fd listener_;
    std::string host_;
    os::Scope scope_;
};

}  // namespace tutti::embedded::images
