// A timeline of what the program does, for `--trace FILE`: Chrome's and Perfetto's viewers show it. Off until it is
// begun; then a Span costs a look at the clock at both ends.
// Used by whoever takes time; begun and ended by cli.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace tutti::base {

void begin_trace();
std::string end_trace();  // all spans that have ended, as Chrome's trace JSON

// From here to the end of the scope, on this thread's line.
class Span {
  public:
    explicit Span(std::string_view name, std::string_view about = {});
    ~Span();
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

  private:
    bool on_;
    std::string name_, about_;
    std::chrono::steady_clock::time_point begin_;
};

}  // namespace tutti::base
