// Rules keyed by patterns of paths ("services.*.ports"), walked key by key beside a tree, so that no path is ever
// compared as text. Used by merging, unicity and the resolution of paths. `*` is any key or list item; a literal key
// goes before it.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tutti::compose {

// Where in a tree a walk stands; lives on the stack of the walk.
struct Where {
    const Where* up = nullptr;
    std::string_view key{};

    Where down(std::string_view next) const { return {this, next}; }
    std::string to_text() const {  // "services.web.ports"
        if (!up) return {};
        std::string text = up->to_text();
        if (!text.empty()) text += '.';
        return text.append(key);
    }
};

template <class Rule>
class PathTable {
  public:
    // A place in the table; false when no pattern leads here.
    class Place {
      public:
        Place() = default;
        explicit operator bool() const { return step_ != nullptr; }
        const Rule* rule() const { return step_ && step_->rule ? &*step_->rule : nullptr; }
        Place down(std::string_view key) const {
            if (!step_) return {};
            const auto found = step_->below.find(key);
            return Place(found != step_->below.end() ? found->second.get() : step_->any.get());
        }

      private:
        friend class PathTable;
        struct Step {
            std::map<std::string_view, std::unique_ptr<Step>, std::less<>> below;
            std::unique_ptr<Step> any;
            std::optional<Rule> rule;
        };
        explicit Place(const Step* step) : step_(step) {}
        const Step* step_ = nullptr;
    };

    PathTable(std::initializer_list<std::pair<std::string_view, Rule>> rules) {
        for (const auto& [pattern, rule] : rules) {
            auto* step = &root_;
            for (const auto key : base::split(pattern, '.')) {
                auto& next = key == "*" ? step->any : step->below[key];
                if (!next) next = std::make_unique<typename Place::Step>();
                step = next.get();
            }
            step->rule = rule;
        }
    }

    Place root() const { return Place(&root_); }

  private:
    typename Place::Step root_;
};

}  // namespace tutti::compose
