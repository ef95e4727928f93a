// How work shows its progress. A parameter of everything that takes long; the faces (tty, plain, json, quiet) live in
// cli. The fields are those of Docker Compose's `--progress json` lines. Not a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tutti::base {

struct Progress {
    enum class State { working, done, warning, error };

    std::string id;      // "Container demo-web-1", "Image busybox:latest", a layer's short digest
    std::string parent;  // id of the task that it is part of, or empty
    State state = State::working;
    std::string text;                     // "Creating", "Started", "Downloading"
    std::string details;                  // the error, the size so far
    std::int64_t current = 0, total = 0;  // bytes or items; total 0: unknown
};

class Reporter {
  public:
    virtual ~Reporter() = default;
    virtual void progress(const Progress& step) = 0;  // may be called from several threads
    virtual void warn(std::string_view message) = 0;  // one line for the user, without "warning:"
    virtual void note(std::string_view message) = 0;  // plain text that belongs to the result
};

// For callers that want silence.
class QuietReporter : public Reporter {
  public:
    void progress(const Progress&) override {}
    void warn(std::string_view) override {}
    void note(std::string_view) override {}
};

}  // namespace tutti::base
