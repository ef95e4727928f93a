#include <array>
#include <cstdio>

#include "base/text.h"
#include "embedded/build/session.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

std::string seconds(os::Clock::time_point since, int digits) {
    std::array<char, 32> text{};
    const double time = std::chrono::duration<double>(os::Clock::now() - since).count();
    std::snprintf(text.data(), text.size(), "%.*f", digits, time);
    return text.data();
}

}  // namespace

int Progress::start(std::string_view title) {
    const std::lock_guard lock(mutex_);
    output_(cat('#', next_, ' ', title, '\n'));
    return next_++;
}

void Progress::line(int step, os::Clock::time_point since, std::string_view text) {
    const std::lock_guard lock(mutex_);
    output_(cat('#', step, ' ', seconds(since, 3), ' ', text, '\n'));
}

void Progress::done(int step, os::Clock::time_point since) {
    const std::lock_guard lock(mutex_);
    output_(cat('#', step, " DONE ", seconds(since, 1), "s\n\n"));
}

void Progress::cached(int step) {
    const std::lock_guard lock(mutex_);
    output_(cat('#', step, " CACHED\n\n"));
}

void Progress::failed(int step, std::string_view why) {
    const std::lock_guard lock(mutex_);
    output_(cat('#', step, " ERROR: ", why, "\n\n"));
}

}  // namespace tutti::embedded::build
