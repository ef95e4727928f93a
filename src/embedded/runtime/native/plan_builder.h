// Puts a plan (embedded/shim/plan.h) together: texts and arrays are appended, offsets come back.
// Used by lower.cpp only. Knows nothing of what the fields mean.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/shim/plan.h"

namespace tutti::embedded::runtime::native {

class PlanBuilder {
  public:
    PlanBuilder() : bytes_(sizeof(shim::Plan), '\0') {}

    shim::Text text(std::string_view value) {
        if (value.empty()) return 0;
        const auto at = static_cast<shim::Text>(bytes_.size());
        bytes_.append(value).push_back('\0');
        return at;
    }
    shim::Text text_even_if_empty(std::string_view value) {
        const auto at = static_cast<shim::Text>(bytes_.size());
        bytes_.append(value).push_back('\0');
        return at;
    }
    std::uint32_t blob(std::string_view value, std::size_t alignment = 8) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        const auto at = static_cast<std::uint32_t>(bytes_.size());
        bytes_.append(value);
        return at;
    }
    template <class T>
    shim::Array<T> array(const std::vector<T>& values) {
        const std::string_view raw(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
        return {blob(raw, alignof(T)), static_cast<std::uint32_t>(values.size())};
    }
    shim::Array<shim::Text> texts(const std::vector<std::string>& values) {
        std::vector<shim::Text> offsets;
        for (const std::string& value : values) offsets.push_back(text_even_if_empty(value));
        return array(offsets);
    }

    std::string finish(shim::Plan plan) {
        plan.size = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data(), &plan, sizeof plan);
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
};

}  // namespace tutti::embedded::runtime::native
