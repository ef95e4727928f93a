#include "plan/images.h"

#include <map>
#include <set>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"

namespace tutti::plan {
namespace {

using base::cat;

struct Policy {
    enum class Kind { always, never, build, missing, refresh } kind = Kind::missing;
    std::chrono::nanoseconds window{0};
};

Policy policy_of(const std::string& text) {
    using Kind = Policy::Kind;
    if (text == "always") return {Kind::always, {}};
    if (text == "never") return {Kind::never, {}};
    if (text == "build") return {Kind::build, {}};
    if (text == "daily") return {Kind::refresh, std::chrono::hours(24)};
    if (text == "weekly") return {Kind::refresh, std::chrono::hours(24 * 7)};
    if (text.starts_with("every_")) {
        const auto window = base::parse_duration(std::string_view(text).substr(6));
        if (!window)
            throw base::Error(base::ErrorKind::invalid, cat("invalid pull_policy: ", text), "every_12h, every_3d");
        return {Kind::refresh, *window};
    }
    return {};
}

bool must_pull(const std::string& image, const Policy& policy, const state::ProjectState& state, engine::Time now) {
    const auto here = state.images.find(image);
    switch (policy.kind) {
        case Policy::Kind::always: return true;
        case Policy::Kind::never:
        case Policy::Kind::build: return false;
        case Policy::Kind::missing: return here == state.images.end();
        case Policy::Kind::refresh:
            return here == state.images.end() ||
                   now > here->second.last_tagged + std::chrono::duration_cast<engine::Time::duration>(policy.window);
    }
    return true;
}

bool is_latest(const std::string& reference) {
    if (reference.find('@') != std::string::npos) return false;
    const auto slash = reference.rfind('/');
    const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
    return colon == std::string::npos || reference.substr(colon + 1) == "latest";
}

// A local image of another platform counts as absent.
state::ProjectState without_wrong_platforms(const model::Project& project, state::ProjectState state) {
    for (const auto& [name, service] : project.services) {
        if (service.platform.empty()) continue;
        const auto image = state.images.find(state::image_of(service, project.name));
        if (image == state.images.end() || image->second.architecture.empty()) continue;
        const auto parts = base::split(service.platform, '/');
        const std::string_view architecture = parts.size() > 1 ? parts[1] : parts[0];
        const bool fits = architecture == image->second.architecture ||
                          (architecture == "x86_64" && image->second.architecture == "amd64") ||
                          (architecture == "aarch64" && image->second.architecture == "arm64");
        if (!fits) state.images.erase(image);
    }
    return state;
}

bool can_be_built(const model::Project& project, const model::Service& service) {
    if (service.build) return true;
    for (const auto& [name, other] : project.services)
        if (other.image == service.image && other.build) return true;
    return false;
}

class Pulls {
  public:
    Pulls(Plan& plan, bool quiet, std::string platform) : plan_(plan), quiet_(quiet), platform_(std::move(platform)) {}
    void add(const std::string& reference, const std::string& platform, bool may_fail, std::string cause) {
        if (seen_.insert(reference).second)
            plan_.add(PullImage{reference, platform.empty() ? platform_ : platform, quiet_, may_fail},
                      std::move(cause));
    }

  private:
    Plan& plan_;
    bool quiet_;
    std::string platform_;
    std::set<std::string> seen_;
};

}  // namespace

ImagePlan needed_images(const model::Project& project, const state::ProjectState& there, const ImageOptions& options) {
    const state::ProjectState state = without_wrong_platforms(project, there);
    ImagePlan result;
    Pulls pulls(result.pulls, options.quiet, options.default_platform);
    for (const auto& [name, service] : project.services) {
        if (service.provider) continue;
        const Policy policy = policy_of(service.pull_policy);
        const std::string image = state::image_of(service, project.name);
        const bool here = state.images.count(image) != 0;
        if (!service.image.empty() && must_pull(service.image, policy, state, options.now))
            pulls.add(service.image, service.platform, can_be_built(project, service),
                      here ? cat("pull_policy ", service.pull_policy) : std::string("not here"));
        if (service.build && (!here || policy.kind == Policy::Kind::build) && !options.no_build)
            result.to_build.push_back(name);
        for (const model::Mount& mount : service.volumes)
            if (mount.type == "image" && !state.images.count(mount.source) && !project.services.count(mount.source))
                pulls.add(mount.source, {}, false, "not here");
        const Policy of_hooks = policy.kind == Policy::Kind::build ? Policy{} : policy;
        for (const model::Hook& hook : service.pre_start)
            if (!hook.image.empty() && hook.image != image && must_pull(hook.image, of_hooks, state, options.now))
                pulls.add(hook.image, {}, false, "not here");
    }
    return result;
}

ImagePlan wished_images(const model::Project& project, const state::ProjectState& there, const PullWish& wish) {
    const state::ProjectState state = without_wrong_platforms(project, there);
    ImagePlan result;
    Pulls pulls(result.pulls, wish.quiet, wish.default_platform);
    const auto skip = [&](std::string id, std::string why) {
        result.skipped.push_back({std::move(id), {}, base::Progress::State::done, "Skipped", std::move(why)});
    };
    // Without a policy an image is always refreshed; so is one whose window is not over, and a moving tag.
    const auto wanted = [&](const std::string& image, const std::string& text, std::string& why) {
        const Policy policy = policy_of(text);
        if (text.empty() || policy.kind == Policy::Kind::refresh || must_pull(image, policy, state, wish.now))
            return true;
        if (policy.kind != Policy::Kind::missing) return false;
        if (is_latest(image)) return true;
        why = "Image is already present locally";
        return false;
    };
    for (const auto& [name, service] : project.services) {
        std::string why;
        if (service.image.empty()) {
            skip(name, "No image to be pulled");
        } else if (!wanted(service.image, service.pull_policy, why)) {
            skip(cat("Image ", service.image), why);
        } else if (service.build && wish.ignore_buildable) {
            skip(cat("Image ", service.image), "Image can be built");
        } else {
            const bool buildable = static_cast<bool>(service.build);
            pulls.add(service.image, service.platform, wish.ignore_failures || buildable, "");
            if (buildable) result.to_build.push_back(name);
        }
        for (const model::Hook& hook : service.pre_start)
            if (!hook.image.empty() && hook.image != service.image &&
                wanted(hook.image, service.pull_policy == "build" ? "missing" : service.pull_policy, why))
                pulls.add(hook.image, {}, wish.ignore_failures, "");
    }
    return result;
}

}  // namespace tutti::plan
