#include "verbs/run.h"

#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "base/text.h"
#include "model/hash.h"
#include "plan/graph.h"
#include "plan/hooks.h"
#include "plan/perform.h"
#include "state/labels.h"
#include "verbs/single.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

void take_away(std::vector<std::string>& from, const std::vector<std::string>& what) {
    std::erase_if(from, [&](const std::string& one) { return std::find(what.begin(), what.end(), one) != what.end(); });
}

model::Service one_off(model::Service service, const RunOptions& options) {
    service.tty = options.tty;
    service.stdin_open = options.interactive;
    service.container_name = options.name;
    if (!options.command.empty()) service.command = options.command;
    if (!options.user.empty()) service.user = options.user;
    if (!options.working_dir.empty()) service.working_dir = options.working_dir;
    service.cap_add.insert(service.cap_add.end(), options.cap_add.begin(), options.cap_add.end());
    take_away(service.cap_drop, options.cap_add);
    service.cap_drop.insert(service.cap_drop.end(), options.cap_drop.begin(), options.cap_drop.end());
    take_away(service.cap_add, options.cap_drop);
    if (options.has_entrypoint) {
        service.entrypoint = options.entrypoint;
        if (options.command.empty()) service.command = model::Texts{};
    }
    for (const auto& [key, value] : options.environment) service.environment[key] = value;
    for (const auto& [key, value] : options.labels) service.labels[key] = value;
    service.scale = 1;
    service.restart.clear();
    if (service.deploy) service.deploy->restart_policy.reset();
    return service;
}

// The dependencies, created and started as `up` would, and waited for.
void start_dependencies(const model::Project& project, engine::Engine& engine, const RunOptions& options,
                        CreateOptions create, base::Reporter& reporter, os::Scope& scope) {
    model::Project rest = project;
    const auto target = rest.services.find(options.service);
    rest.disabled_services.insert_or_assign(options.service, target->second);
    rest.services.erase(target);
    for (auto& [name, service] : rest.services) service.depends_on.erase(options.service);
    create.reconcile.services.clear();
    create.reconcile.start = true;
    up(rest, engine, create, reporter, scope);
    if (create.dry_run) return;
    plan::Plan waits;
    for (const auto& [name, dependency] : project.services.find(options.service)->second.depends_on) {
        const auto other = rest.services.find(name);
        if (dependency.condition == "service_started" || other == rest.services.end() || other->second.replicas() == 0)
            continue;
        plan::WaitFor wait;
        wait.service = name;
        wait.required = dependency.required;
        wait.condition = dependency.condition == "service_completed_successfully" ? plan::Condition::completed
                         : dependency.condition == "service_healthy"              ? plan::Condition::healthy
                                                                                  : plan::Condition::running_or_healthy;
        const state::ProjectState state = state::observe(engine, project.name);
        for (const state::Container* container : state.of_service(name)) wait.containers.push_back(container->name());
        if (wait.containers.empty())
            throw Error(ErrorKind::not_found, cat(options.service, " is missing dependency ", name));
        waits.add(std::move(wait), "");
    }
    run_plan(waits, rest, engine, create, reporter, scope);
}

plan::CreateContainer creation(const model::Project& project, const model::Service& service,
                               const state::ProjectState& state, const RunOptions& options,
                               const CreateOptions& create) {
    plan::spec::Replica replica;
    const char dash = create.reconcile.spec.separator;
    replica.name = service.container_name.empty()
                       ? cat(project.name, dash, service.name, dash, "run", dash, options.slug.substr(0, 12))
                       : service.container_name;
    replica.one_off = true;
    replica.aliases = options.aliases;
    replica.auto_remove = options.auto_remove;
    replica.attach_stdin = options.interactive;
    model::Service named = service;
    named.container_name = replica.name;
    plan::CreateContainer step;
    step.service = std::make_shared<const model::Service>(plan::spec::prepare(project, named, state));
    step.spec = plan::spec::to_spec(project, *step.service, state, replica, create.reconcile.spec);
    step.spec.labels[std::string(state::label::slug)] = options.slug;
    for (const std::string& lender : plan::spec::lenders_of(service))
        if (const auto there = state.of_service(lender); !there.empty()) step.lenders[lender] = there.front()->name();
    return step;
}

}  // namespace

int run(model::Project project, engine::Engine& engine, const RunOptions& options, const CreateOptions& create,
        const Stdio& stdio, base::Reporter& reporter, os::Scope& scope, const std::function<void()>& before_attach) {
    if (!project.services.count(options.service))
        throw Error(ErrorKind::not_found, cat("no such service: ", options.service));
    if (options.tty && options.interactive && !options.detach && !stdio.in_is_terminal)
        throw Error(ErrorKind::invalid, "the input device is not a TTY", "add -T");
    if (options.no_deps) project = plan::select(project, {options.service}, plan::Along::nothing);
    CreateOptions own = create;
    own.reconcile.spec.provided = std::make_shared<plan::spec::ProvidedBy>();
    start_dependencies(project, engine, options, own, reporter, scope);

    const model::Service service = one_off(project.services.at(options.service), options);
    model::Project with = project;
    with.services[options.service] = service;
    state::ProjectState state = state::observe(engine, with);
    model::Project alone = with;
    std::erase_if(alone.services, [&](const auto& entry) { return entry.first != options.service; });
    ensure_images(alone, state, engine, own, reporter, scope);
    plan::Plan plan;
    plan.add(creation(with, service, state, options, own), "one-off");
    const std::string name = std::get<plan::CreateContainer>(plan.steps[0].step).spec.name;
    if (create.dry_run) {
        plan::rehearse(plan, reporter);
        return 0;
    }
    run_plan(plan, with, engine, own, reporter, scope);

    if (before_attach) before_attach();
    const auto hooks = [&] {
        for (const model::Hook& hook : service.post_start)
            plan::run_hook(engine, name, name, service.name, service.tty, hook, create.hook_output, scope.cancel());
    };
    const auto warn = [&](const std::vector<std::string>& notes) {
        for (const std::string& note : notes) reporter.warn(note);
    };
    if (options.detach) {
        const std::string id = engine.containers().inspect(name).id;
        warn(engine.containers().start(name));
        hooks();
        stdio.out(cat(id, "\n"));
        return 0;
    }
    const std::string id = engine.containers().inspect(name).id;
    const std::unique_ptr<engine::Attached> attached =
        engine.containers().attach(id, {options.interactive, true, true, false});
    // Listening for the end before the start: an auto-removed container is gone right after it.
    int code = 0;
    os::Scope waiting = scope.child();
    os::Queue<int> listening;
    waiting.spawn([&] {
        code = exit_code_of(engine, id, {cat(state::label::slug, "=", options.slug)}, options.auto_remove, listening,
                            waiting);
        listening.close();
    });
    listening.pop();
    warn(engine.containers().start(id));
    hooks();
    JoinOptions joining;
    joining.stdin_ = options.interactive;
    joining.tty = options.tty;
    joining.forward = [&](int signal) {
        try {
            engine.containers().kill(id, std::to_string(signal));
        } catch (const Error&) {  // it has just ended
        }
    };
    if (join(*attached, stdio, joining, scope) == Joined::detached) {
        waiting.cancel_and_join();
        return 0;
    }
    waiting.join();
    return code;
}

}  // namespace tutti::verbs
