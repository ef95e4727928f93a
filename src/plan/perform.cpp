#include "plan/perform.h"

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "model/hash.h"
#include "plan/hooks.h"
#include "plan/spec/spec.h"
#include "state/labels.h"
#include "state/project_state.h"

namespace tutti::plan {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

std::string short_name(const Doing& doing, const std::string& container) {
    return state::read(doing.engine.containers().inspect(container)).short_name();
}

void run_hooks(const std::vector<model::Hook>& hooks, const model::Service& service, const std::string& container,
               const Doing& doing) {
    if (hooks.empty()) return;
    const std::string source = short_name(doing, container);
    for (const model::Hook& hook : hooks)
        run_hook(doing.engine, container, source, service.name, service.tty, hook, doing.options.hook_output,
                 doing.cancel);
}

// "service:db" in modes and volumes_from becomes the id of its container, and the hash follows.
void resolve_lenders(engine::ContainerSpec& spec, const CreateContainer& step, engine::Engine& engine) {
    model::Service resolved = *step.service;
    const auto id_of = [&](std::string_view name, std::string_view what) {
        const auto lender = step.lenders.find(std::string(name));
        if (lender == step.lenders.end())
            throw Error(ErrorKind::not_found, cat("cannot share ", what, " with service ", name, ": container missing"),
                        cat("start ", name, " too, or leave out --no-deps"));
        return engine.containers().inspect(lender->second).id;
    };
    const auto resolve = [&](std::string& wish, std::string& mode, std::string_view what) {
        if (const std::string_view name = spec::service_of_mode(mode); !name.empty())
            wish = mode = cat("container:", id_of(std::string(name), what));
    };
    resolve(resolved.network_mode, spec.network_mode, "network namespace");
    resolve(resolved.ipc, spec.ipc_mode, "IPC namespace");
    resolve(resolved.pid, spec.pid_mode, "PID namespace");
    for (std::size_t i = 0; i < spec.volumes_from.size() && i < resolved.volumes_from.size(); ++i) {
        std::string& from = spec.volumes_from[i];
        if (!from.starts_with("service:")) {
            resolved.volumes_from[i] = std::string(base::split(resolved.volumes_from[i], ':')[1]);
            continue;
        }
        const auto parts = base::split(std::string_view(from).substr(8), ':');
        const std::string id = id_of(parts[0], "volume");
        resolved.volumes_from[i] = id;
        from = parts.size() > 1 ? cat(id, ":", parts[1]) : id;
    }
    spec.labels[std::string(state::label::config_hash)] = model::config_hash(resolved);
}

void perform_step(const PullImage& step, const Doing& doing) {
    const std::string name = cat("Image ", step.reference);
    doing.reporter.progress({name, {}, State::working, "Pulling", {}});
    try {
        doing.engine.images().pull(step.reference, {step.platform, name, step.quiet}, doing.reporter, doing.cancel);
    } catch (const Error& error) {
        if (!step.may_fail) {
            doing.reporter.progress({name, {}, State::error, "Error", error.message()});
            throw;
        }
        doing.reporter.progress({name, {}, State::warning, error.message(), {}});
        return;
    } catch (const base::Cancelled&) {
        doing.reporter.progress({name, {}, State::warning, "Interrupted", {}});
        throw;
    }
    doing.reporter.progress({name, {}, State::done, "Pulled", {}});
}

void perform_step(const CreateNetwork& step, const Doing& doing) {
    try {
        doing.engine.networks().create(step.spec);
    } catch (const Error& error) {
        // Somebody else may have made it since we looked.
        if (error.kind() == ErrorKind::conflict && doing.engine.networks().find(step.spec.name)) return;
        throw Error(error.kind(), cat("failed to create network ", step.spec.name, ": ", error.message()),
                    error.hint());
    }
}

constexpr std::string_view in_use = "Resource is still in use";

Ending perform_step(const RemoveNetwork& step, const Doing& doing) {
    const bool stays = step.in_use == RemoveNetwork::InUse::stays;
    try {
        if (stays) {
            const auto network = doing.engine.networks().find(step.name);
            if (!network) return {State::warning, "No resource found to remove"};
            if (!network->members.empty()) return {State::warning, std::string(in_use)};
        }
        doing.engine.networks().remove(step.name);
    } catch (const Error& error) {
        if (stays && error.kind() == ErrorKind::not_found) return {State::warning, "No resource found to remove"};
        if (step.in_use == RemoveNetwork::InUse::fails || error.kind() != ErrorKind::conflict) throw;
        if (stays) return {State::warning, std::string(in_use)};
        doing.reporter.warn(
            cat("network ", step.name,
                " is still in use and was left in place; remove it manually once no container is attached"));
    }
    return {};
}

// `down` takes what it can: what others use stays, what is gone is fine.
template <class Remove>
Ending remove_if_unused(Remove&& remove) {
    try {
        remove();
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::conflict) return {State::warning, std::string(in_use)};
        if (error.kind() == ErrorKind::not_found) return {State::done, "Warning: No resource found to remove"};
        throw;
    }
    return {};
}

Ending perform_step(const RemoveImage& step, const Doing& doing) {
    return remove_if_unused([&] { doing.engine.images().remove(step.reference, false); });
}

Ending perform_step(const RemoveVolume& step, const Doing& doing) {
    if (step.in_use_stays) return remove_if_unused([&] { doing.engine.volumes().remove(step.name, true); });
    doing.engine.volumes().remove(step.name, true);
    return {};
}

void perform_step(const ConnectNetwork& step, const Doing& doing) {
    doing.engine.networks().connect(step.network, step.container, step.endpoint);
}
void perform_step(const DisconnectNetwork& step, const Doing& doing) {
    doing.engine.networks().disconnect(step.network, step.container, true);
}
void perform_step(const CreateVolume& step, const Doing& doing) { doing.engine.volumes().create(step.spec); }

void perform_step(const CreateContainer& step, const Doing& doing) {
    if (spec::lenders_of(*step.service).empty()) {
        doing.engine.containers().create(step.spec);
        return;
    }
    engine::ContainerSpec spec = step.spec;
    resolve_lenders(spec, step, doing.engine);
    doing.engine.containers().create(spec);
}

void perform_step(const StartContainer& step, const Doing& doing) {
    if (step.unpause) return doing.engine.containers().unpause(step.name);
    doing.notes.tell(step.name, doing.engine.containers().start(step.name), doing.reporter);
    if (step.service) run_hooks(step.service->post_start, *step.service, step.name, doing);
}

void perform_step(const StopContainer& step, const Doing& doing) {
    try {
        if (step.service) run_hooks(step.service->pre_stop, *step.service, step.id, doing);
    } catch (const Error& error) {
        // It does not run any more: nothing to be done before its stop.
        if (error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::conflict) return;
        throw;
    }
    try {
        doing.engine.containers().stop(step.id, {step.timeout, {}}, doing.cancel);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
    }
}

void perform_step(const RestartContainer& step, const Doing& doing) {
    if (step.service) run_hooks(step.service->pre_stop, *step.service, step.id, doing);
    doing.engine.containers().restart(step.id, {step.timeout, {}}, doing.cancel);
    if (step.service) run_hooks(step.service->post_start, *step.service, step.id, doing);
}

void perform_step(const RemoveContainer& step, const Doing& doing) {
    try {
        doing.engine.containers().remove(step.id, {step.force, step.volumes});
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
    }
}

void perform_step(const KillContainer& step, const Doing& doing) {
    doing.engine.containers().kill(step.id, step.signal);
}

void perform_step(const PauseContainer& step, const Doing& doing) {
    step.pause ? doing.engine.containers().pause(step.id) : doing.engine.containers().unpause(step.id);
}

void perform_step(const RenameContainer& step, const Doing& doing) {
    doing.engine.containers().rename(step.from, step.to);
}

void remove_quietly(const std::string& id, const Doing& doing) {
    try {
        doing.engine.containers().remove(id, {true, true});
    } catch (const Error& error) {
        doing.reporter.warn(cat("failed to remove hook container ", id.substr(0, 12), ": ", error.message()));
    }
}

void perform_step(const RunPreStart& step, const Doing& doing) {
    if (step.index == 0) {  // what an earlier failed run left behind
        engine::ListOptions options;
        options.all = true;
        options.labels = {cat(state::label::project, "=", doing.options.project),
                          cat(state::label::service, "=", step.service), cat(state::label::hook, "=pre_start")};
        for (const engine::ContainerSummary& old : doing.engine.containers().list(options))
            remove_quietly(old.id, doing);
    }
    const std::string id = doing.engine.containers().create(step.spec);
    OutputTail out, err;
    const std::string source = cat(step.service, " pre_start[", step.index, "] ->");
    int code = 0;
    try {
        os::Scope reading(doing.cancel);
        const std::unique_ptr<engine::Attached> attached =
            doing.engine.containers().attach(id, {false, true, true, true});
        reading.spawn([&] {
            attached->receive(
                [&](engine::StreamKind stream, std::string_view bytes) {
                    (stream == engine::StreamKind::stderr_ ? err : out).add(bytes, [&](std::string_view line) {
                        if (doing.options.hook_output) doing.options.hook_output(source, line);
                    });
                },
                reading.cancel());
        });
        doing.notes.tell(step.service, doing.engine.containers().start(id), doing.reporter);
        code = doing.engine.containers().wait(id, engine::WaitFor::not_running, doing.cancel);
        reading.join();
    } catch (...) {
        remove_quietly(id, doing);
        throw;
    }
    if (code == 0) return remove_quietly(id, doing);
    const std::string tail = err.text().empty() ? out.text() : err.text();
    throw Error(ErrorKind::unavailable, cat("service \"", step.service, "\" pre_start[", step.index,
                                            "] exited with code ", code, tail.empty() ? "" : ": ", tail,
                                            " (hook container ", id.substr(0, 12), " retained for inspection)"));
}

void show(const WaitFor& step, const Doing& doing, State state, const std::string& text,
          const std::string& details = {}) {
    for (const std::string& name : step.containers)
        doing.reporter.progress({cat("Container ", name), {}, state, text, details});
}

// An optional dependency that fails is noted and passed over.
void skip(const WaitFor& step, const Doing& doing, const std::string& reason, const std::string& why) {
    show(step, doing, State::warning, cat("Skipped: optional dependency ", reason));
    doing.reporter.warn(cat("optional dependency ", reason, why.empty() ? "" : ": ", why));
}

void perform_step(const WaitFor& step, const Doing& doing) {
    show(step, doing, State::working, "Waiting");
    Conditions::Outcome outcome;
    try {
        outcome = doing.conditions.wait(step, doing.deadline);
    } catch (const Error& error) {
        const bool healthy = step.condition == Condition::healthy;
        if (!step.required)
            return skip(step, doing,
                        cat("\"", step.service, "\" ", healthy ? "failed to start" : "is not running or is unhealthy"),
                        error.message());
        if (!healthy) throw;
        show(step, doing, State::error, "Error", cat("dependency ", step.service, " failed to start"));
        throw Error(error.kind(), cat("dependency failed to start: ", error.message()), error.hint());
    }
    if (!outcome.held)
        throw Error(ErrorKind::timeout,
                    cat("application not healthy after ", base::to_go_text(doing.options.await_timeout)));
    if (outcome.exit_code != 0) {
        const std::string reason = cat("\"", step.service, "\" didn't complete successfully: exit ", outcome.exit_code);
        if (!step.required) return skip(step, doing, reason, {});
        show(step, doing, State::error, "Error", cat("service ", reason));
        throw Error(ErrorKind::unavailable, cat("service ", reason));
    }
    show(step, doing, State::done, step.condition == Condition::completed ? "Exited" : "Healthy");
}

void perform_step(const RunProvider& step, const Doing& doing) {
    if (!doing.options.provider)
        throw Error(ErrorKind::unsupported, cat("service \"", step.service->name, "\": the provider ",
                                                step.service->provider->type, " cannot be called from here"));
    doing.options.provider(*step.service, step.action);
}

void perform_step(const Milestone&, const Doing&) {}

}  // namespace

void StartNotes::tell(const std::string& container, const std::vector<std::string>& notes, base::Reporter& reporter) {
    for (const std::string& note : notes) {
        const std::lock_guard lock(mutex_);
        if (told_.insert(note).second) reporter.warn(cat(container, ": ", note));
    }
}

Ending perform(const Step& step, const Doing& doing) {
    return std::visit(
        [&](const auto& one) -> Ending {
            if constexpr (std::is_void_v<decltype(perform_step(one, doing))>) {
                perform_step(one, doing);
                return {};
            } else {
                return perform_step(one, doing);
            }
        },
        step);
}

Words words_of(const Step& step) {
    if (std::holds_alternative<CreateNetwork>(step) || std::holds_alternative<CreateVolume>(step) ||
        std::holds_alternative<CreateContainer>(step))
        return {"Creating", "Created"};
    if (std::holds_alternative<RemoveNetwork>(step) || std::holds_alternative<RemoveVolume>(step) ||
        std::holds_alternative<RemoveContainer>(step) || std::holds_alternative<RemoveImage>(step))
        return {"Removing", "Removed"};
    if (std::holds_alternative<KillContainer>(step)) return {"Killing", "Killed"};
    if (const auto* freeze = std::get_if<PauseContainer>(&step))
        return freeze->pause ? Words{"", "Paused"} : Words{"", "Unpaused"};
    if (std::holds_alternative<StartContainer>(step)) return {"Starting", "Started"};
    if (std::holds_alternative<StopContainer>(step)) return {"Stopping", "Stopped"};
    if (std::holds_alternative<RestartContainer>(step)) return {"Restarting", "Started"};
    return {};
}

}  // namespace tutti::plan
