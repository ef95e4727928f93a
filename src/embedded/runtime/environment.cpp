#include "embedded/runtime/environment.h"

#include <string_view>
#include <unordered_map>

namespace tutti::embedded::runtime {

std::vector<std::string> merge_environment(const std::vector<std::string>& base, const std::vector<std::string>& over) {
    std::vector<std::string> out;
    std::unordered_map<std::string, std::size_t> places;
    const auto add = [&](const std::string& variable) {
        const auto [place, fresh] = places.try_emplace(variable.substr(0, variable.find('=')), out.size());
        if (fresh)
            out.push_back(variable);
        else
            out[place->second] = variable;
    };
    for (const std::string& variable : base) add(variable);
    for (const std::string& variable : over) add(variable);
    return out;
}

}  // namespace tutti::embedded::runtime
