// Lists of "NAME=VALUE": a later one replaces an earlier one of the same name and keeps its place.
#pragma once

#include <string>
#include <vector>

namespace tutti::embedded::runtime {

std::vector<std::string> merge_environment(const std::vector<std::string>& base, const std::vector<std::string>& over);

}  // namespace tutti::embedded::runtime
