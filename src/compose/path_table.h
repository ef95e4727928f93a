// Rules keyed by patterns of paths ("services.*.ports"), walked key by key beside a tree, so that no path is ever
// compared as text. Used by merging, unicity and the resolution of paths. `*` is any key or list item; a literal key
// goes before it.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
            const Step* found = step_->find(key);
            return Place(found ? found : step_->any.get());
        }

      private:
        friend class PathTable;
        struct Step {
            std::vector<std::pair<std::string_view, std::unique_ptr<Step>>> below;  // in the order of `before`
            std::unique_ptr<Step> any;
            std::optional<Rule> rule;

            // By length first, which tells most keys apart.
            static bool before(std::string_view a, std::string_view b) {
                return a.size() != b.size() ? a.size() < b.size() : a < b;
            }
            auto position(std::string_view key) const {
                return std::lower_bound(
                    below.begin(), below.end(), key,
                    [](const auto& entry, std::string_view wanted) { return before(entry.first, wanted); });
            }
            const Step* find(std::string_view key) const {
                const auto at = position(key);
                return at != below.end() && at->first == key ? at->second.get() : nullptr;
            }
            Step& make(std::string_view key) {
                if (key == "*") {
                    if (!any) any = std::make_unique<Step>();
                    return *any;
                }
                const auto at = position(key);
                if (at != below.end() && at->first == key) return *at->second;
                return *below.emplace(at, key, std::make_unique<Step>())->second;
            }
        };
        explicit Place(const Step* step) : step_(step) {}
        const Step* step_ = nullptr;
    };

    PathTable(std::initializer_list<std::pair<std::string_view, Rule>> rules) {
        for (const auto& [pattern, rule] : rules) {
            auto* step = &root_;
            for (const auto key : base::split(pattern, '.')) step = &step->make(key);
            step->rule = rule;
        }
    }

    Place root() const { return Place(&root_); }

  private:
    typename Place::Step root_;
};

}  // namespace tutti::compose
