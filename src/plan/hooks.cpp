#include "plan/hooks.h"

#include "base/error.h"
#include "base/text.h"

namespace tutti::plan {

using base::cat;

namespace {
constexpr std::size_t max_lines = 10, max_bytes = 2048;
}

void OutputTail::add(std::string_view bytes, const std::function<void(std::string_view line)>& on_line) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        partial_.append(piece.substr(0, max_bytes - std::min(max_bytes, partial_.size())));
        if (end == std::string_view::npos) return;
        if (on_line) on_line(partial_);
        push(std::move(partial_));
        partial_.clear();
        bytes.remove_prefix(end + 1);
    }
}

// Progress bars rewind with a bare CR: only what was seen last counts.
void OutputTail::push(std::string line) {
    while (line.ends_with('\r')) line.pop_back();
    if (const auto rewound = line.rfind('\r'); rewound != std::string::npos) line.erase(0, rewound + 1);
    if (base::trim(line).empty()) return;
    lines_.push_back(std::move(line));
    if (lines_.size() > max_lines) lines_.erase(lines_.begin());
}

std::string OutputTail::text() const {
    std::vector<std::string> lines = lines_;
    if (!base::trim(partial_).empty()) lines.emplace_back(base::trim(partial_));
    std::string all(base::trim(base::join(lines, "\n")));
    if (all.size() > max_bytes) all.erase(0, all.size() - max_bytes);
    while (!all.empty() && (static_cast<unsigned char>(all.front()) & 0xc0) == 0x80)
        all.erase(0, 1);  // half a character
    return all;
}

void run_hook(engine::Engine& engine, const std::string& container, const std::string& source,
              const std::string& service, bool tty, const model::Hook& hook, const HookOutput& output,
              const os::Cancel& cancel) {
    engine::ExecSpec spec;
    if (hook.command) spec.command = *hook.command;
    for (const auto& [key, value] : hook.environment) spec.env.push_back(value ? cat(key, "=", *value) : key);
    spec.user = hook.user;
    spec.working_dir = hook.working_dir;
    spec.privileged = hook.privileged;
    spec.tty = tty;
    OutputTail out, err;
    const std::function<void(std::string_view)> line =
        output ? [&](std::string_view text) { output(cat(source, " ->"), text); }
               : std::function<void(std::string_view)>();
    const std::unique_ptr<engine::Exec> exec = engine.containers().exec(container, spec);
    exec->streams().receive(
        [&](engine::StreamKind stream, std::string_view bytes) {
            (stream == engine::StreamKind::stderr_ ? err : out).add(bytes, line);
        },
        cancel);
    const int code = exec->wait(cancel);
    if (code == 0) return;
    std::string tail = err.text();
    if (tail.empty()) tail = out.text();
    throw base::Error(base::ErrorKind::unavailable,
                      cat(service, " hook exited with status ", code, tail.empty() ? "" : ": ", tail));
}

}  // namespace tutti::plan
