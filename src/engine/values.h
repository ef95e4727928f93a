// Words that several faces share: labels, filters, health checks, times.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tutti::engine {

using Labels = std::map<std::string, std::string>;
using Options = std::map<std::string, std::string>;
using Time = std::chrono::system_clock::time_point;  // epoch: never
using Nanoseconds = std::chrono::nanoseconds;

// Matches when each entry does: "project=demo" (equal) or "project" (present).
using LabelFilter = std::vector<std::string>;
bool matches(const Labels& labels, const LabelFilter& filter);

struct HealthCheck {
    std::vector<std::string> test;  // {"NONE"}, {"CMD", …}, {"CMD-SHELL", line}; empty: the image's
    Nanoseconds interval{0}, timeout{0}, start_period{0}, start_interval{0};  // 0: default (30 s, 30 s, 0, 5 s)
    int retries = 0;                                                          // 0: default (3)
    bool operator==(const HealthCheck&) const = default;
};

}  // namespace tutti::engine
