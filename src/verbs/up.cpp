#include "verbs/up.h"

#include "advice/image_lint.h"
#include "advice/ports.h"
#include "advice/why.h"
#include "base/error.h"
#include "base/text.h"
#include "plan/images.h"
#include "verbs/lifecycle.h"
#include "verbs/project_lock.h"
#include "verbs/providers.h"

namespace tutti::verbs {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

namespace {

void warn_of_orphans(const model::Project& project, const state::ProjectState& state, const CreateOptions& options,
                     base::Reporter& reporter) {
    if (options.ignore_orphans || options.reconcile.remove_orphans) return;
    std::vector<std::string> names;
    for (const state::Container* orphan : plan::orphans(project, state)) names.push_back(orphan->name());
    if (names.empty()) return;
    reporter.warn(
        cat("Found orphan containers ([", base::join(names, " "),
            "]) for this project. If you removed or renamed this service in your compose file, you can run this "
            "command with the --remove-orphans flag to clean it up."));
}

void check_ports(const model::Project& project, const state::ProjectState& state, engine::Engine& engine,
                 const CreateOptions& options) {
    const auto clashes = advice::port_clashes(project, state, engine, options.host_sockets);
    if (clashes.empty()) return;
    std::string text = "ports are not available:";
    for (const advice::PortClash& clash : clashes) text += cat("\n  ", advice::to_text(clash));
    throw Error(ErrorKind::conflict, text, clashes.front().fix);
}

void show_untouched(const model::Project& project, const state::ProjectState& state, const plan::Plan& plan,
                    base::Reporter& reporter) {
    for (const std::string& name : plan::untouched(project, state, plan))
        reporter.progress({cat("Container ", name), {}, State::done, "Running", {}});
}

plan::ImagePlan images_of(const model::Project& project, const state::ProjectState& state,
                          const CreateOptions& options) {
    plan::ImageOptions images;
    images.quiet = options.quiet_pull;
    images.no_build = options.no_build;
    images.now = std::chrono::system_clock::now();
    images.default_platform = options.reconcile.spec.default_platform;
    return plan::needed_images(project, state, images);
}

}  // namespace

namespace {

// What cannot be pulled and has no build section has to come from somewhere: said where the failure is read.
void pull(const plan::Plan& pulls, const model::Project& project, engine::Engine& engine, const CreateOptions& options,
          base::Reporter& reporter, os::Scope& scope) {
    try {
        plan::run(pulls, engine, reporter, scope, {project.name, options.parallel, {}, {}, {}});
    } catch (Error& error) {
        std::vector<std::string> missing;
        for (const auto& [name, service] : project.services)
            if (!service.build && !service.image.empty() && !engine.images().find(service.image))
                missing.push_back(service.image);
        if (error.hint().empty() && missing.size() == 1) error.set_hint(advice::where_to_get(missing.front()));
        throw;
    }
}

}  // namespace

void ensure_images(const model::Project& project, state::ProjectState& state, engine::Engine& engine,
                   const CreateOptions& options, base::Reporter& reporter, os::Scope& scope) {
    for (const auto& [name, service] : project.services)
        if (!service.provider && service.image.empty() && !service.build)
            throw Error(ErrorKind::invalid, cat("invalid service \"", name, "\". Must specify either image or build"));
    const plan::ImagePlan images = images_of(project, state, options);
    if (!images.pulls.empty()) {
        if (options.dry_run)
            plan::rehearse(images.pulls, reporter);
        else
            pull(images.pulls, project, engine, options, reporter, scope);
        observe_images(engine, project, state);
    }
    // A pull that failed was tolerated for these; one that succeeded leaves nothing to build unless a build was asked
    // for.
    std::vector<std::string> to_build = images.to_build;
    std::erase_if(to_build, [&](const std::string& name) {
        const model::Service& service = project.services.find(name)->second;
        return service.pull_policy != "build" && state.images.count(state::image_of(service, project.name)) != 0;
    });
    if (to_build.empty()) return;
    if (options.dry_run) {
        for (const std::string& name : to_build) {
            const std::string image = state::image_of(project.services.find(name)->second, project.name);
            reporter.progress({cat("Image ", image), {}, State::done, "Built", {}});
        }
        return;
    }
    build(project, to_build, options.build, engine, reporter, scope);
    observe_images(engine, project, state);
}

void run_plan(const plan::Plan& plan, const model::Project& project, engine::Engine& engine,
              const CreateOptions& options, base::Reporter& reporter, os::Scope& scope) {
    try {
        plan::run(plan, engine, reporter, scope,
                  {project.name, options.parallel, options.await_timeout, options.hook_output, {}});
    } catch (Error& error) {
        // The reason stands in the containers: say it where the failure is read.
        std::string reasons;
        for (const plan::Entry& entry : plan.steps)
            if (const auto* wait = std::get_if<plan::WaitFor>(&entry.step); wait && wait->required)
                for (const std::string& name : wait->containers) reasons += advice::why(engine, name);
        if (!reasons.empty()) reporter.note(reasons);
        throw;
    }
}

plan::Plan planned(const model::Project& project, engine::Engine& engine, const CreateOptions& options,
                   base::Reporter& reporter) {
    const state::ProjectState state = state::observe(engine, project);
    for (const std::string& remark : plan::remarks(project, state)) reporter.warn(remark);
    warn_of_orphans(project, state, options, reporter);
    plan::Plan plan = images_of(project, state, options).pulls;
    const plan::Plan rest = plan::reconcile(project, state, options.reconcile);
    const std::size_t offset = plan.steps.size();
    for (plan::Entry entry : rest.steps) {
        for (plan::StepId& before : entry.after) before += offset;
        for (plan::StepId pull = 0; pull < offset; ++pull) entry.after.push_back(pull);
        plan.add(std::move(entry.step), std::move(entry.cause), std::move(entry.after), std::move(entry.group));
    }
    return plan;
}

void up(const model::Project& project, engine::Engine& engine, const CreateOptions& options, base::Reporter& reporter,
        os::Scope& scope) {
    const ProjectLock lock(options.dry_run ? std::string() : options.lock_folder, project.name,
                           options.reconcile.start ? "up" : "create", reporter, scope.cancel());
    state::ProjectState state = state::observe(engine, project);
    warn_of_namesake(project, state, reporter);
    ensure_images(project, state, engine, options, reporter, scope);
    for (const advice::Finding& finding : advice::image_lint(project, state.images))
        reporter.warn(cat(finding.what, "; ", finding.fix));
    for (const std::string& remark : plan::remarks(project, state)) reporter.warn(remark);
    warn_of_orphans(project, state, options, reporter);
    plan::ReconcileOptions reconcile = options.reconcile;
    if (!options.dry_run && !reconcile.skip_providers) {
        reconcile.skip_providers = true;
        if (!reconcile.spec.provided) reconcile.spec.provided = std::make_shared<plan::spec::ProvidedBy>();
        up_providers(project, engine, options.parallel, *reconcile.spec.provided, reporter, scope);
    }
    const plan::Plan plan = plan::reconcile(project, state, reconcile);
    if (!plan.empty()) check_ports(project, state, engine, options);
    show_untouched(project, state, plan, reporter);
    if (options.dry_run) return plan::rehearse(plan, reporter);
    run_plan(plan, project, engine, options, reporter, scope);
}

std::vector<std::string> addresses(const model::Project& project, engine::Engine& engine) {
    std::vector<std::string> found;
    for (const state::Container& container : state::list_containers(engine, project.name, false)) {
        if (container.one_off || !project.services.count(container.service)) continue;
        for (const engine::PublishedPort& port : container.summary.ports) {
            if (port.host_port == 0 || port.protocol != "tcp" || port.host_ip == "::") continue;
            const bool anywhere = port.host_ip.empty() || port.host_ip == "0.0.0.0";
            found.push_back(cat(container.short_name(), "  http", port.container_port == 443 ? "s" : "", "://",
                                anywhere ? "localhost" : port.host_ip, ":", port.host_port));
        }
    }
    return found;
}

}  // namespace tutti::verbs
