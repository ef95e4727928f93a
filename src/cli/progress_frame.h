// One frame of progress as lines of text: tasks, their children and a width in, the screen's lines out. Pure.
// Used by the tty face.
// Knows no clock: times come in.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/reporter.h"

namespace tutti::cli {

struct Task {
    std::string id, parent;
    std::set<std::string> parents;
    base::Progress::State state = base::Progress::State::working;
    std::string text, details;
    std::int64_t current = 0, total = 0;
    std::chrono::steady_clock::time_point started, ended;
};

struct FrameOptions {
    std::string operation;  // "up"
    int width = 80, height = 24;
    int spinner = 0;  // which picture of the ten
    bool dry_run = false, colour = true;
    std::chrono::steady_clock::time_point now;
};

// Without newlines. The first is "[+] up 3/8".
std::vector<std::string> draw_frame(const std::vector<Task>& tasks, const FrameOptions& options);

std::size_t visible_width(std::string_view text);  // characters, without ANSI sequences
std::string human_size(double bytes);              // "12.35MB", four digits
std::string short_size(double bytes);              // "12.3MB", three

}  // namespace tutti::cli
