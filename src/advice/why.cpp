#include "advice/why.h"

#include <vector>

#include "advice/causes.h"
#include "base/error.h"
#include "base/text.h"

namespace tutti::advice {
namespace {

using base::cat;
using engine::ContainerState;

std::string_view signal_name(int number) {
    switch (number) {
        case 1: return "SIGHUP";
        case 2: return "SIGINT";
        case 3: return "SIGQUIT";
        case 4: return "SIGILL";
        case 6: return "SIGABRT";
        case 7: return "SIGBUS";
        case 8: return "SIGFPE";
        case 9: return "SIGKILL";
        case 11: return "SIGSEGV";
        case 13: return "SIGPIPE";
        case 15: return "SIGTERM";
        default: return {};
    }
}

std::string_view signal_in_words(int number) {
    switch (number) {
        case 4: return ", an instruction that this processor does not have";
        case 6: return ", it gave up by itself";
        case 9: return ", by a stop that it did not obey in time or for lack of memory";
        case 11: return ", it touched memory that is not its own";
        case 15: return ", it was asked to stop";
        default: return {};
    }
}

std::string indented(std::string_view text) {
    std::string lines;
    for (const std::string_view line : base::split(base::trim(text), '\n')) lines += cat("      ", line, "\n");
    return lines;
}

std::string last_probe(const engine::Container& container) {
    if (container.probes.empty()) return {};
    const engine::ProbeResult& probe = container.probes.back();
    std::string text =
        probe.exit_code < 0 ? cat("    last probe timed out") : cat("    last probe exited with ", probe.exit_code);
    if (container.failing_streak > 1) text += cat(", ", container.failing_streak, " failures in a row");
    text += base::trim(probe.output).empty() ? ", no output\n" : ":\n" + indented(probe.output);
    return text;
}

std::string last_lines(engine::Engine& engine, const engine::Container& container, std::int64_t count) {
    std::string text;
    try {
        engine::LogOptions options;
        options.tail = count;
        engine.containers().logs(
            container.id, options, [&](const engine::LogLine& line) { text += cat("      ", line.text, "\n"); },
            os::Cancel());
    } catch (const base::Error&) {  // a log driver that cannot be read
        return {};
    }
    return text.empty() ? std::string("    it has written no log\n") : cat("    last lines of its log:\n", text);
}

}  // namespace

std::string exit_in_words(int code) {
    switch (code) {
        case 0: return "0: it ended by itself without an error";
        case 1: return "1: it failed; its log says why";
        case 125: return "125: the container could not be started";
        case 126: return "126: the command cannot be run (no permission, or no program)";
        case 127: return "127: the command was not found";
        default: break;
    }
    if (const std::string_view signal = signal_name(code - 128); !signal.empty())
        return cat(code, ": ended by ", signal, signal_in_words(code - 128));
    return std::to_string(code);
}

std::string why(engine::Engine& engine, const std::string& name, std::int64_t log_lines) {
    engine::Container container;
    try {
        container = engine.containers().inspect(name);
    } catch (const base::Error&) { return {}; }
    const bool over = container.state == ContainerState::exited || container.state == ContainerState::dead;
    const bool failed = over && container.exit_code != 0;
    const std::string log = last_lines(engine, container, log_lines);
    const std::vector<std::string> likely = causes(container, log);
    if (!failed && container.health != engine::Health::unhealthy && container.error.empty() && likely.empty())
        return {};
    std::string text = cat(
        "  ", container.name,
        over ? cat(" exited with ", exit_in_words(container.exit_code)) : cat(" is ", to_text(container.health)), "\n");
    if (container.oom_killed) text += "    it was killed because it used more memory than its limit\n";
    if (!container.error.empty()) text += cat("    ", container.error, "\n");
    if (!over) text += last_probe(container);
    text += log;
    for (const std::string& cause : likely) text += cat("    likely: ", cause, "\n");
    return text;
}

}  // namespace tutti::advice
