#include "compose/reset.h"

#include <algorithm>
#include <vector>

namespace tutti::compose {

using doc::Entry;
using doc::Node;
using doc::Tag;

Removals Removals::take_from(Node& document) {
    Removals removals;
    removals.collect(document, false);
    return removals;
}

// Places inside lists cannot be named from another file: there a tag acts on its own document only.
void Removals::collect(Node& value, bool in_list) {
    if (value.is_list()) {
        for (Node& item : value.items()) collect(item, true);
        return;
    }
    if (!value.is_map()) return;
    for (Entry& entry : value.entries()) {
        Removals below;
        below.here_ = entry.value.tag() == Tag::reset || entry.value.tag() == Tag::override_;
        if (!below.here_) below.collect(entry.value, in_list);
        if (!in_list && (below.here_ || !below.empty())) below_.emplace(entry.key, std::move(below));
    }
    std::erase_if(value.entries(), [](const Entry& entry) { return entry.value.tag() == Tag::reset; });
}

void Removals::apply(Node& model) const { apply_below(model); }

void Removals::apply(Node& entry, std::string_view section, std::string_view name) const {
    const auto at = below_.find(section);
    if (at == below_.end()) return;
    const auto found = at->second.below_.find(name);
    if (found != at->second.below_.end()) found->second.apply_below(entry);
}

void Removals::apply_below(Node& value) const {
    if (below_.empty() || !value.is_map()) return;
    std::erase_if(value.entries(), [this](Entry& entry) {
        const auto found = below_.find(entry.key);
        if (found == below_.end()) return false;
        if (found->second.here_) return true;
        found->second.apply_below(entry.value);
        return false;
    });
}

}  // namespace tutti::compose
