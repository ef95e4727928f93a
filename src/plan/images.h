// Which images have to be pulled before containers can be made of them, by the pull policies.
// Used by up, create, run, pull: it comes before reconcile, as ids of images decide what is recreated.
// Builds nothing: services to be built are named.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "state/project_state.h"

namespace tutti::plan {

struct ImagePlan {
    Plan pulls;
    std::vector<std::string> to_build;    // services whose image is not here and can be built, or must be
    std::vector<base::Progress> skipped;  // what `pull` says of images that it leaves
};

struct ImageOptions {
    bool quiet = false, no_build = false;
    engine::Time now{};
    std::string default_platform;
};
// For up, create, run: what is needed.
ImagePlan needed_images(const model::Project& project, const state::ProjectState& state, const ImageOptions& options);

// For `pull`: a person asked, so more is refreshed. What can be built, too, may fail; it is listed in to_build.
struct PullWish {
    bool ignore_buildable = false, quiet = false, ignore_failures = false;
    engine::Time now{};
    std::string default_platform;
};
ImagePlan wished_images(const model::Project& project, const state::ProjectState& state, const PullWish& wish);

}  // namespace tutti::plan
