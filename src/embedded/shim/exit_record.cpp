#include "embedded/shim/exit_record.h"

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::shim {

// The record is one flat line that the shim wrote; this reads exactly that, so the client needs no JSON room.
static std::optional<std::string_view> field(std::string_view text, std::string_view name) {
    const std::string key = base::cat('"', name, "\":");
    const auto at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const auto start = at + key.size(), end = text.find_first_of(",}", start);
    return text.substr(start, end - start);
}

std::optional<ExitRecord> read_exit_record(const std::string& folder) {
    const std::string path = base::cat(folder, "/exit.json");
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    const auto number = [&](std::string_view name) {
        const auto value = field(*text, name);
        const auto parsed = value ? base::to_int(*value) : std::nullopt;
        if (!parsed) throw base::Error(base::ErrorKind::internal, base::cat(path, ": no number \"", name, "\""));
        return *parsed;
    };
    ExitRecord record;
    record.code = static_cast<int>(number("code"));
    record.signal = static_cast<int>(number("signal"));
    record.oom = field(*text, "oom") == "true";
    record.started_at = number("started_at");
    record.finished_at = number("finished_at");
    return record;
}

}  // namespace tutti::embedded::shim
