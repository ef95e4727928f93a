#include "http/message.h"

#include <algorithm>

#include "base/text.h"

namespace tutti::http {

static bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && base::to_lower(a) == base::to_lower(b);
}

const std::string* Headers::find(std::string_view name) const {
    for (const Header& header : all_)
        if (same_name(header.name, name)) return &header.value;
    return nullptr;
}

std::string Headers::value_or(std::string_view name, std::string_view fallback) const {
    const std::string* value = find(name);
    return value ? *value : std::string(fallback);
}

std::vector<std::string> Headers::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const Header& header : all_)
        if (same_name(header.name, name)) values.push_back(header.value);
    return values;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
    for (const Header& header : all_) {
        if (!same_name(header.name, name)) continue;
        for (const auto part : base::split(header.value, ','))
            if (same_name(base::trim(part), token)) return true;
    }
    return false;
}

void Headers::set(std::string_view name, std::string value) {
    erase(name);
    add(std::string(name), std::move(value));
}

void Headers::erase(std::string_view name) {
    std::erase_if(all_, [&](const Header& header) { return same_name(header.name, name); });
}

}  // namespace tutti::http
