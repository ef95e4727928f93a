#include "base/trace.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "base/text.h"

namespace tutti::base {

namespace {

using Clock = std::chrono::steady_clock;

struct Ended {
    std::string name, about;
    Clock::time_point begin, end;
    long thread;
};

std::atomic<bool> tracing = false;
std::mutex mutex;
Clock::time_point zero;
std::vector<Ended> spans;

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    return out += '"';
}

std::string microseconds(Clock::duration time) {
    const auto ns = std::chrono::nanoseconds(time).count();
    std::string part = std::to_string(1000 + ns % 1000);
    part[0] = '.';
    return std::to_string(ns / 1000) + part;
}

}  // namespace

void begin_trace() {
    zero = Clock::now();
    tracing = true;
}

std::string end_trace() {
    tracing = false;
    const std::lock_guard lock(mutex);
    std::string out = "[";
    for (const Ended& span : spans) {
        out += cat(out.size() > 1 ? ",\n" : "\n", "{\"name\":", quoted(span.name),
                   ",\"ph\":\"X\",\"pid\":1,\"tid\":", span.thread, ",\"ts\":", microseconds(span.begin - zero),
                   ",\"dur\":", microseconds(span.end - span.begin));
        if (!span.about.empty()) out += cat(",\"args\":{\"about\":", quoted(span.about), '}');
        out += '}';
    }
    spans.clear();
    return out += "\n]\n";
}

Span::Span(std::string_view name, std::string_view about) : on_(tracing) {
    if (!on_) return;
    name_ = name;
    about_ = about;
    begin_ = Clock::now();
}

Span::~Span() {
    if (!on_) return;
    const auto end = Clock::now();
    const std::lock_guard lock(mutex);
    spans.push_back({std::move(name_), std::move(about_), begin_, end, ::syscall(SYS_gettid)});
}

}  // namespace tutti::base
