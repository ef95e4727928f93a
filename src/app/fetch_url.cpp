#include "app/fetch_url.h"

#include <time.h>

#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace tutti::app {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

ErrorKind kind_of(int status) {
    if (status == 404 || status == 410) return ErrorKind::not_found;
    if (status == 401 || status == 403) return ErrorKind::denied;
    return ErrorKind::unavailable;
}

std::int64_t seconds_of(const std::string& http_date) {
    struct tm parts {};
    const char* end = ::strptime(http_date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return end && *end == '\0' ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

}  // namespace

std::int64_t fetch_url(const std::string& url, const http::Proxies& proxies, base::Sink& to, const os::Cancel& cancel) {
    http::ClientOptions options;
    options.proxies = proxies;
    http::Client client(std::move(options));
    std::optional<http::Url> at = http::Url::parse(url);
    constexpr int most_redirects = 10;
    for (int hop = 0; hop <= most_redirects; ++hop) {
        if (!at) throw Error(ErrorKind::invalid, cat("not a URL, or redirected to none: ", url));
        http::Response response = client.send(*at, {}, cancel);
        if (response.ok()) {
            base::copy(*response.body, to);
            return seconds_of(response.headers.value_or("Last-Modified"));
        }
        if (response.status < 300 || response.status >= 400)
            throw Error(kind_of(response.status), cat("fetching ", url, ": ", response.status,
                                                      response.reason.empty() ? "" : " ", response.reason));
        at = at->resolve(response.headers.value_or("Location"));
    }
    throw Error(ErrorKind::unavailable, cat("fetching ", url, ": more than ", most_redirects, " redirects"));
}

}  // namespace tutti::app
