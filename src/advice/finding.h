// What a good colleague would say about a project: a rule, where it is written, what is the matter, what mends it.
// Made by lint and image_lint; printed by cli with file and line.
// No error: nothing is refused because of one.
#pragma once

#include <string>
#include <vector>

namespace tutti::advice {

struct Finding {
    std::string rule;                // "port-clash"
    std::vector<std::string> place;  // {"services", "web", "ports", "8080"}; empty: no place in a file
    std::string what, fix;

    bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

}  // namespace tutti::advice
