// Lines of containers on standard output, as Compose prints them: "web-1  | text", a colour per container.
// Used by up and logs.
// Errors of containers go to standard error.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cli/session.h"
#include "verbs/faces.h"

namespace tutti::cli {

struct LogLook {
    bool colour = true, prefix = true, timestamps = false;
};

class LogFace final : public verbs::LogFace {
  public:
    LogFace(Session& session, const LogLook& look);
    void line(const std::string& source, engine::StreamKind stream, engine::Time time, std::string_view text) override;
    void status(const std::string& source, std::string_view text) override;
    void note(std::string_view text) override;

  private:
    struct Source {
        std::string colour;  // an ANSI code, or empty
        std::string prefix;
    };
    const Source& source(const std::string& name);
    std::string paint(const std::string& colour, const std::string& text) const;

    Session& session_;
    LogLook look_;
    std::mutex mutex_;
    std::map<std::string, Source> sources_;
    std::size_t width_ = 0, next_colour_ = 0;
};

}  // namespace tutti::cli
