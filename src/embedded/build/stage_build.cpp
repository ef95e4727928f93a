#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/build/session.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

StageState scratch_state(const Session& session) {
    StageState out;
    out.config.platform = oci::Platform::parse(session.platform);
    return out;
}

StageState base_state(Session& session, const Stage& stage) {
    if (const auto* earlier = std::get_if<FromStage>(&stage.base)) {
        StageState out = session.wait_for(earlier->index);
        out.command_given = false;
        return out;
    }
    if (const auto* image = std::get_if<FromImage>(&stage.base))
        return session.image_state(image->reference, stage.platform);
    if (const auto* context = std::get_if<FromContext>(&stage.base)) {
        const std::string& where = session.spec.contexts.at(context->name);
        if (where.starts_with("docker-image://")) return session.image_state(where.substr(15), stage.platform);
        throw Error(ErrorKind::unsupported, cat("FROM ", context->name, ": the named context ", where, " is no image"),
                    "only docker-image://NAME can be built upon");
    }
    return scratch_state(session);
}

// The triggers that a base image left behind run first, as if they stood here.
std::vector<Step> with_triggers(StageState& state, const Stage& stage) {
    std::vector<Step> out;
    doc::Diagnostics diagnostics;
    for (const auto& statement : std::exchange(state.config.run.on_build, {})) {
        auto steps =
            read_instructions(parse_dockerfile(cat("FROM scratch\n", statement, '\n'), 0, diagnostics), diagnostics);
        for (std::size_t i = 1; i < steps.size(); ++i) {
            steps[i].mark = stage.mark;
            out.push_back(std::move(steps[i]));
        }
    }
    if (diagnostics.failed())
        throw Error(ErrorKind::invalid,
                    cat("an ONBUILD trigger of the base image: ", diagnostics.all().front().message));
    out.insert(out.end(), stage.steps.begin(), stage.steps.end());
    return out;
}

std::string title_of(const Stage& stage, std::size_t at, std::size_t count, std::string_view original) {
    return cat('[', stage.name, stage.name.empty() ? "" : " ", at, '/', count, "] ", original);
}

std::string where(const Step& step) { return cat("Dockerfile:", step.mark.line); }

}  // namespace

StageState build_stage(Session& session, std::size_t index) {
    const Stage& stage = session.stages.all[index];
    StageState state =
        base::in_context(cat("Dockerfile:", stage.mark.line), [&] { return base_state(session, stage); });
    const std::vector<Step> steps = with_triggers(state, stage);
    const auto makes_files = [](const Step& step) {
        return std::holds_alternative<build::Run>(step.meaning) || std::holds_alternative<Copy>(step.meaning) ||
               std::holds_alternative<Workdir>(step.meaning);
    };
    const std::size_t count = 1 + static_cast<std::size_t>(std::ranges::count_if(steps, makes_files));
    std::size_t at = 1;
    if (!std::holds_alternative<FromStage>(stage.base)) {
        const auto* image = std::get_if<FromImage>(&stage.base);
        const int step =
            session.progress.start(title_of(stage, at, count, cat("FROM ", image ? image->reference : "scratch")));
        session.progress.cached(step);
    }
    const bool use_cache = !session.no_cache_for(stage);
    for (const Step& step : steps) {
        session.cancel.check();
        base::in_context(where(step), [&] {
            // Rows that make no files take the time of what they stand on, so that the same build gives the same image.
            const std::string created =
                state.config.history.empty() ? session.now : state.config.history.back().created;
            const ApplyContext context{session.stages.globals, session.request.build_args, created, session.escape};
            if (apply(step, state, context)) return;
            StepContext step_context{session,  stage, step, state, title_of(stage, ++at, count, step.original),
                                     use_cache};
            if (const auto* copy = std::get_if<Copy>(&step.meaning))
                copy_step(step_context, *copy);
            else if (const auto* run = std::get_if<build::Run>(&step.meaning))
                run_step(step_context, *run);
            else if (const auto* workdir = std::get_if<Workdir>(&step.meaning))
                workdir_step(step_context, *workdir);
        });
    }
    return state;
}

void layer_step(StepContext& context, const std::string& created_by,
                const std::function<void(const StepFolder&, int progress)>& make) {
    Session& session = context.session;
    const int progress = session.progress.start(context.title);
    if (context.use_cache) {
        if (const auto found = session.cache.find(context.state.key); found && session.store.has_layer(found->layer)) {
            session.progress.cached(progress);
            add_history(context.state, created_by, found->created, &found->layer);
            return;
        }
    }
    const auto since = os::Clock::now();
    try {
        const StepFolder step(session.options.folder);
        make(step, progress);
        const base::Digest layer = session.keep_layer(step, context.state.key);
        add_history(context.state, created_by, session.now, &layer);
    } catch (const Error& error) {  // its last line stands with its step, before others go on
        session.progress.failed(progress, error.what());
        throw;
    }
    session.progress.done(progress, since);
}

void workdir_step(StepContext& context, const Workdir& workdir) {
    StageState& state = context.state;
    const std::string path = next_workdir(state, state.expanded(workdir.path, context.session.escape));
    state.config.run.working_dir = path;
    state.extend_key(cat("WORKDIR ", path));
    if (path == "/") {
        const std::string created =
            state.config.history.empty() ? context.session.now : state.config.history.back().created;
        add_history(state, "WORKDIR /", created, nullptr);
        return;
    }
    layer_step(context, cat("WORKDIR ", path), [&](const StepFolder& step, int) {
        with_private_mounts([&] {
            const os::Fd root =
                mount_overlay(context.session.lowers(state), step.upper(), step.work(), step, step.root());
            std::optional<Owner> owner;
            if (!state.config.run.user.empty()) owner = find_owner(root, state.config.run.user);
            make_folders_inside(root, path.substr(1), 0755, owner);
        });
    });
}

}  // namespace tutti::embedded::build
