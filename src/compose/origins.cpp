#include "compose/origins.h"

#include <string>
#include <utility>

namespace tutti::compose {

using doc::Node;
using doc::Origin;

namespace {

void mark_below(Node& value, const doc::OriginRef& link) {
    if (value.origin()) {
        Origin longer = *link;
        longer.before = value.origin();
        value.set_origin(doc::OriginRef(std::move(longer)));
    } else {
        value.set_origin(link);
    }
    if (value.is_map())
        for (auto& entry : value.entries()) mark_below(entry.value, link);
    if (value.is_list())
        for (Node& item : value.items()) mark_below(item, link);
}

}  // namespace

void mark_origin(Node& value, Origin::How how, doc::Mark mark, std::string_view text) {
    mark_below(value, doc::OriginRef({how, mark, std::string(text), {}}));
}

}  // namespace tutti::compose
