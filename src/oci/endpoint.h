// Requests to one registry for one repository: scheme, tokens, redirects, patience. Several threads may send at once.
// Used by registry.cpp alone.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "http/client.h"
#include "oci/registry.h"

namespace tutti::oci {

// Waits; throws Cancelled.
void pause(const os::Cancel& cancel, std::chrono::milliseconds time);
std::chrono::milliseconds backoff(int attempt);  // 1, 2, 3 … → 250 ms, 500 ms, 1 s …, at most 8 s

// What a registry demands of those it does not know yet.
struct Challenge {
    enum class Kind { basic, bearer };
    Kind kind = Kind::bearer;
    std::string realm, service, scope, error;
};
std::optional<Challenge> parse_challenge(std::string_view header);

class EndpointSession {
  public:
    EndpointSession(const Endpoint& endpoint, const Reference& name, std::string actions, const Registries& registries);

    const std::string& host() const { return endpoint_.host; }
    http::Url url(std::string_view rest) const;  // ".../v2/PATH" + rest

    // Authenticates where asked to, follows redirects, waits where told to and tries again where that can help. Any
    // status may come back; Error only where no answer could be had.
    http::Response send(const http::Request& request, std::string_view rest, const os::Cancel& cancel);
    http::Response send(const http::Request& request, const http::Url& url, const os::Cancel& cancel);

    // Throws what a failed answer means.
    [[noreturn]] void fail(http::Response& response, const std::string& doing) const;

  private:
    http::Response once(const http::Request& request, const http::Url& url, const os::Cancel& cancel);
    http::Url url_with(std::string_view scheme, std::string_view rest) const;
    void find_scheme(const os::Cancel& cancel);
    bool authorize(const http::Response& response, const os::Cancel& cancel);
    std::string fetch_token(const Challenge& challenge, const os::Cancel& cancel);

    Endpoint endpoint_;
    Reference name_;
    std::string path_, actions_;
    const Registries registries_;
    http::Client client_;
    mutable std::mutex mutex_;
    std::string scheme_;         // empty until the registry has answered
    std::string authorization_;  // header to send, or empty
};

}  // namespace tutti::oci
