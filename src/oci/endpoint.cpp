#include "oci/endpoint.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr std::size_t max_answer = std::size_t{1} << 20;

static bool is_loopback(const std::string& host) {
    const auto url = http::Url::parse(cat("http://", host, '/'));
    return url && url->is_loopback();
}

Endpoint default_endpoint(const std::string& domain) {
    Endpoint endpoint;
    endpoint.host = domain == "docker.io" ? "registry-1.docker.io" : domain;
    endpoint.plain = endpoint.insecure = is_loopback(endpoint.host);
    return endpoint;
}

void pause(const os::Cancel& cancel, std::chrono::milliseconds time) {
    os::wait(os::Fd(), 0, cancel, os::Clock::now() + time);
}

std::chrono::milliseconds backoff(int attempt) {
    return std::chrono::milliseconds(std::min(8000, 125 << std::clamp(attempt, 1, 7)));
}

std::optional<Challenge> parse_challenge(std::string_view header) {
    Challenge out;
    const auto blank = header.find(' ');
    const std::string scheme = base::to_lower(header.substr(0, blank));
    if (scheme == "basic")
        out.kind = Challenge::Kind::basic;
    else if (scheme != "bearer")
        return std::nullopt;
    std::string_view rest = blank == std::string_view::npos ? "" : header.substr(blank + 1);
    while (!(rest = base::trim(rest)).empty()) {
        const auto equals = rest.find('=');
        if (equals == std::string_view::npos) break;
        const std::string key = base::to_lower(base::trim(rest.substr(0, equals)));
        rest.remove_prefix(equals + 1);
        std::string value;
        if (rest.starts_with('"')) {
            std::size_t at = 1;
            for (; at < rest.size() && rest[at] != '"'; ++at)
                value += rest[at] == '\\' && at + 1 < rest.size() ? rest[++at] : rest[at];
            rest.remove_prefix(std::min(at + 1, rest.size()));
        } else {
            const auto end = std::min(rest.find(','), rest.size());
            value = base::trim(rest.substr(0, end));
            rest.remove_prefix(end);
        }
        if (rest.starts_with(',')) rest.remove_prefix(1);
        if (key == "realm") out.realm = value;
        if (key == "service") out.service = value;
        if (key == "scope") out.scope = value;
        if (key == "error") out.error = value;
    }
    return out;
}

static http::ClientOptions client_options(const Endpoint& endpoint, const Registries& registries) {
    http::ClientOptions options;
    options.proxies = registries.proxies;
    options.tls = [insecure = endpoint.insecure, host = endpoint.host, tls = registries.tls](const http::Url& url) {
        http::Tls out = tls ? tls(url) : http::Tls{};
        if (insecure && url.authority() == host) out.verify = false;
        return out;
    };
    return options;
}

EndpointSession::EndpointSession(const Endpoint& endpoint, const Reference& name, std::string actions,
                                 const Registries& registries)
    : endpoint_(endpoint),
      name_(name),
      path_(endpoint.path.empty() ? name.path : endpoint.path),
      actions_(std::move(actions)),
      registries_(registries),
      client_(client_options(endpoint, registries)) {
    if (!endpoint_.plain) scheme_ = "https";
}

http::Url EndpointSession::url_with(std::string_view scheme, std::string_view rest) const {
    const auto url = http::Url::parse(cat(scheme, "://", endpoint_.host, "/v2/", rest));
    if (!url) throw Error(ErrorKind::invalid, cat("\"", endpoint_.host, "\" is no registry's address"));
    return *url;
}

http::Url EndpointSession::url(std::string_view rest) const {
    const std::lock_guard lock(mutex_);
    return url_with(scheme_.empty() ? "https" : scheme_, cat(path_, rest));
}

// Where plain HTTP is allowed, a registry on this machine is asked plainly first (most have no certificate), another
// one by TLS.
void EndpointSession::find_scheme(const os::Cancel& cancel) {
    {
        const std::lock_guard lock(mutex_);
        if (!scheme_.empty()) return;
    }
    std::vector<std::string> order{"https", "http"};
    if (is_loopback(endpoint_.host)) std::ranges::reverse(order);
    for (const std::string& scheme : order) {
        const bool last = scheme == order.back();
        try {
            const http::Response response = client_.send(url_with(scheme, ""), {}, cancel);
            if (!last && scheme == "http" && response.status == 400) continue;  // what a TLS server says to plain words
            {
                const std::lock_guard lock(mutex_);
                scheme_ = scheme;
            }
            if (response.status == 401) authorize(response, cancel);
            return;
        } catch (const Error& error) {
            if (last || error.errno_value() == ECONNREFUSED || error.kind() == ErrorKind::denied) throw;
        }
    }
}

http::Response EndpointSession::send(const http::Request& request, std::string_view rest, const os::Cancel& cancel) {
    find_scheme(cancel);
    return send(request, url(rest), cancel);
}

static std::optional<std::chrono::milliseconds> retry_after(const http::Response& response, int attempt) {
    if (response.status != 429 && response.status != 502 && response.status != 503 && response.status != 504)
        return std::nullopt;
    if (const auto seconds = base::to_uint(base::trim(response.headers.value_or("Retry-After"))))
        return std::chrono::milliseconds(1000 * std::min<std::uint64_t>(*seconds, 60));
    return backoff(attempt);
}

http::Response EndpointSession::send(const http::Request& request, const http::Url& url, const os::Cancel& cancel) {
    const bool repeatable = !request.stream;
    bool authorized = false;
    for (int attempt = 1;; ++attempt) {
        std::optional<http::Response> response;
        try {
            response = once(request, url, cancel);
        } catch (const Error& error) {
            const bool transient =
                error.kind() == ErrorKind::timeout || error.errno_value() == ECONNRESET || error.errno_value() == EPIPE;
            if (!transient || !repeatable || attempt >= 4) throw;
        }
        if (response && response->status == 401 && !authorized && repeatable) {
            authorized = true;
            if (authorize(*response, cancel)) continue;
        }
        std::optional<std::chrono::milliseconds> wait = backoff(attempt);
        if (response) wait = retry_after(*response, attempt);
        if (response && (!wait || !repeatable || attempt >= 6)) return std::move(*response);
        pause(cancel, *wait);
    }
}

// One request with its redirects. The authorization goes to the registry itself and to nobody else.
http::Response EndpointSession::once(const http::Request& request, const http::Url& url, const os::Cancel& cancel) {
    http::Url at = url;
    for (int hops = 0;; ++hops) {
        http::Request own = request;
        const auto home = http::Url::parse(cat(at.scheme, "://", endpoint_.host, '/'));
        {
            const std::lock_guard lock(mutex_);
            if (!authorization_.empty() && home && home->same_origin(at))
                own.headers.set("Authorization", authorization_);
        }
        http::Response response = client_.send(at, own, cancel);
        const bool redirect = response.status == 301 || response.status == 302 || response.status == 303 ||
                              response.status == 307 || response.status == 308;
        if (!redirect || request.stream || (request.method != "GET" && request.method != "HEAD")) return response;
        const auto next = at.resolve(response.headers.value_or("Location"));
        if (!next) throw Error(ErrorKind::invalid, cat(at.authority(), " redirects to no address"));
        if (at.scheme == "https" && next->scheme != "https")
            throw Error(ErrorKind::denied, cat(at.authority(), " redirects from https to ", next->to_text()),
                        "that would give up encryption; it was not followed");
        if (hops == 8) throw Error(ErrorKind::invalid, cat(endpoint_.host, " redirects in circles"));
        at = *next;
    }
}

// Gets what the registry asks for; false if there is nothing to give.
bool EndpointSession::authorize(const http::Response& response, const os::Cancel& cancel) {
    std::optional<Challenge> challenge;
    for (const auto& header : response.headers.all("WWW-Authenticate")) {
        const auto one = parse_challenge(header);
        if (one && (!challenge || one->kind == Challenge::Kind::bearer)) challenge = one;
    }
    if (!challenge) return false;
    std::string authorization;
    if (challenge->kind == Challenge::Kind::basic) {
        const Credentials who = registries_.credentials ? registries_.credentials(name_.domain) : Credentials{};
        if (who.user.empty()) return false;
        authorization = cat("Basic ", http::base64(cat(who.user, ':', who.password)));
    } else {
        authorization = cat("Bearer ", fetch_token(*challenge, cancel));
    }
    const std::lock_guard lock(mutex_);
    authorization_ = std::move(authorization);
    return true;
}

std::string EndpointSession::fetch_token(const Challenge& challenge, const os::Cancel& cancel) {
    auto realm = http::Url::parse(challenge.realm);
    const bool plain_allowed =
        endpoint_.plain && realm && (realm->is_loopback() || cat(realm->authority()) == endpoint_.host);
    if (!realm || (realm->scheme != "https" && !plain_allowed))
        throw Error(ErrorKind::denied, cat(endpoint_.host, " sends those who log in to \"",
                                           challenge.realm.substr(0, 200), "\", which is not safe"));
    // A mirror gets the credentials of its own host only.
    const Credentials who = registries_.credentials
                                ? registries_.credentials(endpoint_.mirror ? endpoint_.host : name_.domain)
                                : Credentials{};
    const std::string scope = cat("repository:", path_, ':', actions_);
    http::Request request;
    http::Url url = *realm;
    if (!who.identity_token.empty()) {
        request.method = "POST";
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        request.body =
            cat("grant_type=refresh_token&client_id=tutti&service=", http::percent_encode(challenge.service),
                "&scope=", http::percent_encode(scope), "&refresh_token=", http::percent_encode(who.identity_token));
    } else {
        url.target += cat(url.target.find('?') == std::string::npos ? '?' : '&', "scope=", http::percent_encode(scope));
        if (!challenge.service.empty()) url.target += cat("&service=", http::percent_encode(challenge.service));
        if (!who.user.empty())
            request.headers.add("Authorization", cat("Basic ", http::base64(cat(who.user, ':', who.password))));
    }
    http::Response response = client_.send(url, request, cancel);
    if (!response.ok()) fail(response, cat("logging in to ", name_.domain));
    const doc::Node answer = doc::parse_json(response.text(max_answer), "the registry's token");
    const std::string token = answer.text_or("token", answer.text_or("access_token"));
    if (token.empty()) throw Error(ErrorKind::denied, cat(realm->authority(), " gave no token"));
    return token;
}

// The registry's own words, if it has any.
static std::string words_of(http::Response& response) {
    try {
        const doc::Node node = doc::parse_json(response.text(max_answer), "an answer");
        if (const doc::Node* errors = node.find("errors"); errors && errors->is_list() && errors->size() > 0)
            return errors->items()[0].text_or("message", errors->items()[0].text_or("code"));
        return node.text_or("details", node.text_or("message", node.text_or("error")));
    } catch (const Error&) {  // no JSON: the status has to do
        return {};
    }
}

void EndpointSession::fail(http::Response& response, const std::string& doing) const {
    const std::string said = words_of(response);
    const std::string tail = said.empty() ? cat(response.status, ' ', response.reason) : said;
    switch (response.status) {
        case 401:
            throw Error(ErrorKind::denied, cat(doing, ": access denied (", tail, ')'),
                        cat("the repository does not exist or needs a login: tutti login ", name_.domain));
        case 403:
            throw Error(ErrorKind::denied, cat(doing, ": access denied (", tail, ')'),
                        cat("log in with an account that may: tutti login ", name_.domain));
        case 404:
            throw Error(ErrorKind::not_found, cat(doing, ": not found at ", endpoint_.host, " (", tail, ')'),
                        "check the image's name and tag");
        case 429:
            throw Error(ErrorKind::unavailable,
                        cat(doing, ": ", endpoint_.host, " limits how often it may be asked (", tail, ')'),
                        cat("wait, or log in for a higher limit: tutti login ", name_.domain));
        default: break;
    }
    throw Error(response.status >= 500 ? ErrorKind::unavailable : ErrorKind::invalid,
                cat(doing, ": ", endpoint_.host, " answered ", response.status, ' ', tail));
}

std::string check_login(const std::string& domain, const Credentials& who, const Registries& registries,
                        const os::Cancel& cancel) {
    Registries asked = registries;
    asked.credentials = [&](const std::string&) { return who; };
    const Reference name{domain, "library/login", "latest", std::nullopt};
    const Endpoint endpoint = default_endpoint(domain);
    http::Client client(client_options(endpoint, registries));
    http::Response response;
    std::optional<http::Url> base;
    std::vector<std::string> schemes{"https"};
    if (endpoint.plain) schemes.insert(schemes.begin(), "http");
    for (const std::string& scheme : schemes) {
        base = http::Url::parse(cat(scheme, "://", endpoint.host, "/v2/"));
        if (!base) throw Error(ErrorKind::invalid, cat("\"", domain, "\" is no registry's address"));
        response = client.send(*base, {}, cancel);
        if (response.status == 401 || response.ok()) break;
    }
    if (response.ok()) return {};
    const auto challenge = parse_challenge(response.headers.value_or("WWW-Authenticate"));
    if (response.status != 401 || !challenge)
        throw Error(ErrorKind::unavailable, cat(domain, " answered ", response.status, " ", response.reason));
    http::Request request;
    request.headers.add("Authorization", cat("Basic ", http::base64(cat(who.user, ':', who.password))));
    http::Url url = *base;
    if (challenge->kind == Challenge::Kind::bearer) {
        const auto realm = http::Url::parse(challenge->realm);
        if (!realm || (realm->scheme != "https" && !(endpoint.plain && realm->is_loopback())))
            throw Error(ErrorKind::denied, cat(domain, " sends those who log in to an unsafe place"));
        url = *realm;
        url.target += cat(url.target.find('?') == std::string::npos ? '?' : '&',
                          "account=", http::percent_encode(who.user), "&client_id=tutti&offline_token=true",
                          challenge->service.empty() ? "" : cat("&service=", http::percent_encode(challenge->service)));
    }
    response = client.send(url, request, cancel);
    if (response.status == 401 || response.status == 403) {
        const std::string said = words_of(response);
        throw Error(ErrorKind::denied,
                    cat("login to ", domain, " failed: ", said.empty() ? "incorrect username or password" : said));
    }
    if (!response.ok())
        throw Error(ErrorKind::unavailable,
                    cat("login to ", domain, " failed: ", response.status, " ", response.reason));
    if (challenge->kind == Challenge::Kind::basic) return {};
    return doc::parse_json(response.text(max_answer), "the registry's token").text_or("refresh_token");
}

}  // namespace tutti::oci
