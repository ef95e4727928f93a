#include "base/log.h"

#include <utility>

namespace tutti::base {

static LogSink& sink() {
    static LogSink the_sink;
    return the_sink;
}

void set_log_sink(LogSink s) { sink() = std::move(s); }
bool log_enabled() { return static_cast<bool>(sink()); }
void log(std::string_view line) {
    if (sink()) sink()(line);
}

}  // namespace tutti::base
