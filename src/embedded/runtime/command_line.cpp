#include "embedded/runtime/command_line.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;

Words::Words(const std::vector<std::string>& arguments, const std::vector<FlagName>& flags, bool all) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--") {
            rest_.insert(rest_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            return;
        }
        if (word.size() < 2 || word[0] != '-') {
            rest_.push_back(word);
            if (all) continue;
            rest_.insert(rest_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            return;
        }
        const auto equals = word.find('=');
        const std::string_view name = std::string_view(word).substr(
            word[1] == '-' ? 2 : 1,
            equals == std::string::npos ? std::string::npos : equals - (word[1] == '-' ? 2 : 1));
        const auto flag = std::ranges::find_if(flags, [&](const FlagName& one) {
            return one.name == name || (!one.letter.empty() && one.letter == name);
        });
        if (flag == flags.end()) throw Error(ErrorKind::invalid, cat("flag provided but not defined: -", name));
        std::string value = "true";
        if (equals != std::string::npos)
            value = word.substr(equals + 1);
        else if (flag->takes_value && ++i < arguments.size())
            value = arguments[i];
        else if (flag->takes_value)
            throw Error(ErrorKind::invalid, cat("flag needs an argument: -", name));
        if (!flag->takes_value && value == "false") continue;
        values_[std::string(flag->name)].push_back(std::move(value));
    }
}

std::string Words::text(std::string_view flag, std::string_view fallback) const {
    const auto found = values_.find(flag);
    return found == values_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Words::texts(std::string_view flag) const {
    const auto found = values_.find(flag);
    return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::int64_t Words::number(std::string_view flag) const {
    const auto value = base::to_int(text(flag));
    if (!value) throw Error(ErrorKind::invalid, cat("--", flag, ": \"", text(flag), "\" is not a number"));
    return *value;
}

}  // namespace tutti::embedded::runtime
