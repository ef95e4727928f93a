// Copies of what was fetched, in the user's cache. Used by fetch and fetch_artifact.
// Knows neither where a copy is from nor how long it is good.
#pragma once

#include <functional>
#include <string>

namespace tutti::app {

// Fills a folder aside and renames it to `copy`, unless that is there: a copy in the cache is always whole.
void keep_copy(const std::string& copy, const std::function<void(const std::string& folder)>& fill);

}  // namespace tutti::app
