#include "verbs/containers.h"

#include <tuple>

#include "base/error.h"
#include "base/text.h"

namespace tutti::verbs {

using base::cat;

state::Container find_container(engine::Engine& engine, const std::string& project, const std::string& service,
                                int index, Which which, bool stopped_too) {
    std::optional<state::Container> best;
    const auto rank = [](const state::Container& one) { return std::tuple(one.one_off, one.number); };
    for (state::Container& container : state::list_containers(engine, project, stopped_too)) {
        if (container.service != service) continue;
        if (which == Which::service && container.one_off) continue;
        if (which == Which::one_off && !container.one_off) continue;
        if (index > 0 && container.number != index) continue;
        if (!best || rank(container) < rank(*best)) best = std::move(container);
    }
    if (best) return std::move(*best);
    throw base::Error(base::ErrorKind::not_found,
                      index > 0 ? cat("service \"", service, "\" is not running container #", index)
                                : cat("service \"", service, "\" is not running"));
}

}  // namespace tutti::verbs
