// How a container ended: DIR/exit.json, written by its shim before anybody is told.
// Read by the supervisor, by verbs and by recovery. Not the container's own record (that is embedded's).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tutti::embedded::shim {

struct ExitRecord {
    int code = 0;    // 0…255; 128 + signal of one killed
    int signal = 0;  // 0: it ended by itself
    bool oom = false;
    std::int64_t started_at = 0, finished_at = 0;  // nanoseconds since 1970
    bool operator==(const ExitRecord&) const = default;
};

// Nothing: it has not ended, or its shim was killed before it could write. Throws Error on a broken record.
std::optional<ExitRecord> read_exit_record(const std::string& folder);

}  // namespace tutti::embedded::shim
