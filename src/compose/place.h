// The path of a node in the model, built only when a message needs it: "services.web.ports.0".
// Used by the phases that walk the tree (schema, canonical, check).
// Not a query language: patterns of paths are path_table.h's.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace tutti::compose {

class Place {
  public:
    Place() = default;
    Place(const Place& parent, std::string_view key) : parent_(&parent), key_(key) {}
    Place(const Place& parent, std::size_t index) : parent_(&parent), index_(index), is_index_(true) {}

    std::string to_text() const {
        if (parent_ == nullptr) return {};
        std::string path = parent_->to_text();
        if (!path.empty()) path += '.';
        return is_index_ ? base::cat(path, index_) : base::cat(path, key_);
    }

  private:
    const Place* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    bool is_index_ = false;
};

}  // namespace tutti::compose
