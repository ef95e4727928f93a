// Debugging lines for us, key=value, off unless TUTTI_LOG is set by app; never for users.
#pragma once

#include <functional>
#include <string_view>

namespace tutti::base {

using LogSink = std::function<void(std::string_view line)>;
void set_log_sink(LogSink sink);  // by app, before any thread starts
bool log_enabled();
void log(std::string_view line);

}  // namespace tutti::base
