#include "embedded/build/session.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

StageState Session::wait_for(std::size_t stage) {
    std::unique_lock lock(mutex);
    // The stage runs meanwhile and ends by itself, also when the build is cancelled.
    changed.wait(lock, [&] { return failed || finished.contains(stage); });
    if (!finished.contains(stage)) throw base::Cancelled();
    return finished.at(stage);
}

StageState Session::image_state(const std::string& reference, const std::string& wanted_platform) {
    const std::string& target = wanted_platform.empty() ? platform : wanted_platform;
    auto image = spec.pull ? std::nullopt : images.find(reference);
    if (image && !(image->config.platform.architecture == oci::Platform::parse(target).architecture)) image.reset();
    if (!image) {
        os::Scope scope(cancel);
        images::PullOptions options;
        options.platform = oci::Platform::parse(target);
        options.progress_id = cat("Image ", reference);
        using State = base::Progress::State;
        reporter.progress({options.progress_id, "", State::working, "Pulling", "", 0, 0});
        image = images.pull(oci::Reference::parse(reference), options, reporter, scope);
        reporter.progress({options.progress_id, "", State::done, "Pulled", "", 0, 0});
    }
    StageState out;
    out.config = image->config;
    out.key = image->id();
    return out;
}

Origin Session::main_context() const {
    Origin out;
    out.is_context = true;
    out.folder = os::open(spec.context, O_RDONLY | O_DIRECTORY);
    // NAME.dockerignore beside the Dockerfile beats the one of the context.
    const std::string own =
        cat(spec.dockerfile.empty() ? cat(spec.context, "/Dockerfile") : spec.dockerfile, ".dockerignore");
    auto text = os::read_file_if_exists(own);
    if (!text) text = os::read_file_if_exists(spec.context + "/.dockerignore");
    if (text) out.ignore = IgnoreRules(*text);
    return out;
}

Origin Session::origin_of(const Source& source, const std::string& stage_platform) {
    Origin out;
    const auto from_state = [&](const StageState& state) {
        out.lower = lowers(state);
        out.key = state.key;
    };
    if (const auto* stage = std::get_if<FromStage>(&source)) {
        from_state(wait_for(stage->index));
    } else if (const auto* image = std::get_if<FromImage>(&source)) {
        from_state(image_state(image->reference, stage_platform));
    } else if (const auto* context = std::get_if<FromContext>(&source)) {
        const std::string& where = spec.contexts.at(context->name);
        if (where.starts_with("docker-image://")) {
            from_state(image_state(where.substr(15), stage_platform));
        } else if (is_url(where) || where.find("://") != std::string::npos) {
            throw Error(ErrorKind::unsupported,
                        cat("the named context ", context->name, " (", where, ") is not supported"),
                        "use a folder or docker-image://NAME");
        } else {
            out.is_context = true;
            out.folder = os::open(where, O_RDONLY | O_DIRECTORY);
            if (const auto text = os::read_file_if_exists(where + "/.dockerignore")) out.ignore = IgnoreRules(*text);
        }
    } else {
        throw Error(ErrorKind::invalid, "nothing can be copied from scratch: it is empty");
    }
    return out;
}

std::vector<std::string> Session::lowers(const StageState& state) const {
    return store.lower_folders({.id = state.key, .manifest = state.key, .layers = state.config.diff_ids});
}

base::Digest Session::keep_layer(const StepFolder& step, const base::Digest& key) {
    os::Scope scope(cancel);
    const base::Digest layer = images.add_layer(step.upper(), scope);
    cache.put(key, {layer, now});
    return layer;
}

bool Session::no_cache_for(const Stage& stage) const {
    if (spec.no_cache) return true;
    for (const auto& name : spec.no_cache_filter)
        if (!stage.name.empty() && base::to_lower(name) == stage.name) return true;
    return false;
}

}  // namespace tutti::embedded::build
