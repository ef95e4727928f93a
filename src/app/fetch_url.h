// What ADD of a URL gets: the bytes behind it, over HTTP or HTTPS, through the proxies of the environment.
// Used by the wiring of the embedded engine. Sends no credentials.
#pragma once

#include "base/stream.h"
#include "http/client.h"

namespace tutti::app {

// Follows up to ten redirects. Returns the Last-Modified time in seconds, 0 if it is not told. Throws Error that names
// the URL: not_found, denied, unavailable.
std::int64_t fetch_url(const std::string& url, const http::Proxies& proxies, base::Sink& to, const os::Cancel& cancel);

}  // namespace tutti::app
