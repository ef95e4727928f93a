#include "cli/log_face.h"

#include <array>

#include "base/text.h"
#include "base/time.h"

namespace tutti::cli {

using base::cat;

namespace {
constexpr std::array<std::string_view, 10> rainbow = {"36",   "33",   "32",   "35",   "34",
                                                      "36;1", "33;1", "32;1", "35;1", "34;1"};
}

LogFace::LogFace(Session& session, const LogLook& look) : session_(session), look_(look) {
    look_.colour = look.colour && (session.ansi_always || (session.ansi && session.out_is_terminal));
}

std::string LogFace::paint(const std::string& colour, const std::string& text) const {
    return colour.empty() ? text : cat("\033[", colour, "m", text, "\033[0m");
}

// "web-1 ->" is a hook of web-1 and has its colour.
const LogFace::Source& LogFace::source(const std::string& name) {
    if (const auto known = sources_.find(name); known != sources_.end()) return known->second;
    Source fresh;
    const auto blank = name.find(' ');
    if (blank != std::string::npos)
        fresh.colour = source(name.substr(0, blank)).colour;
    else if (look_.colour)
        fresh.colour = rainbow[next_colour_++ % rainbow.size()];
    sources_[name] = fresh;
    width_ = std::max(width_, name.size() + 1);
    if (look_.prefix)
        for (auto& [other, entry] : sources_)
            entry.prefix = paint(entry.colour, cat(other, std::string(width_ - other.size(), ' '), " | "));
    return sources_[name];
}

void LogFace::line(const std::string& name, engine::StreamKind stream, engine::Time time, std::string_view text) {
    const std::lock_guard lock(mutex_);
    const std::string& prefix = source(name).prefix;
    const std::string stamp = look_.timestamps ? base::to_rfc3339(time) + " " : std::string();
    std::string all;
    for (const std::string_view one : base::split(text, '\n')) all += cat(prefix, stamp, one, "\n");
    (stream == engine::StreamKind::stderr_ ? session_.err : session_.out)(all);
}

void LogFace::status(const std::string& name, std::string_view text) {
    const std::lock_guard lock(mutex_);
    const std::string& colour = source(name).colour;
    session_.out(paint(colour, cat(session_.out_is_terminal ? "\r\033[K" : "", name, " ", text, "\n")));
}

void LogFace::note(std::string_view text) {
    const std::lock_guard lock(mutex_);
    session_.out(cat(text, "\n"));
}

}  // namespace tutti::cli
