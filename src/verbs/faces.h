// Where verbs write what is no progress: lines of logs, and questions to a person.
// Made by cli (and tui, web); used by the verbs that follow containers.
// Knows no colours and no widths: that is the maker's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/containers.h"

namespace tutti::verbs {

class LogFace {
  public:
    virtual ~LogFace() = default;
    // May be called from several threads. `source`: "web-1"; text without the newline.
    virtual void line(const std::string& source, engine::StreamKind stream, engine::Time time,
                      std::string_view text) = 0;
    virtual void status(const std::string& source, std::string_view text) = 0;  // "exited with code 0"
    virtual void note(std::string_view text) = 0;                               // "Attaching to web-1"
};

using Ask = std::function<bool(const std::string& question, bool fallback)>;

}  // namespace tutti::verbs
