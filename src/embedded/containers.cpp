#include "embedded/containers.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/box.h"
#include "embedded/create.h"
#include "embedded/disk_use.h"
#include "embedded/exec.h"
#include "embedded/files.h"
#include "embedded/list.h"
#include "embedded/start.h"
#include "embedded/streams.h"
#include "embedded/supervise/membership.h"
#include "embedded/supervise/running.h"
#include "embedded/usage.h"
#include "embedded/waiting.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

std::vector<engine::ContainerSummary> ContainersFace::list(const engine::ListOptions& options) {
    std::vector<engine::ContainerSummary> out;
    for_each_container(parts_, [&](const records::Folder& folder, const records::Evidence& evidence) {
        if (!engine::matches(evidence.state.labels, options.labels)) return;
        auto line = summary(folder.id(), evidence);
        using State = engine::ContainerState;
        const bool up = line.state == State::running || line.state == State::paused || line.state == State::restarting;
        if (!up && !options.all) return;
        if (options.size) add_sizes(parts_, folder, line);
        out.push_back(std::move(line));
    });
    std::ranges::sort(out, std::greater{}, &engine::ContainerSummary::created);
    return out;
}

engine::Container ContainersFace::inspect(const std::string& name) {
    return inspect_container(parts_, parts_.resolve(name));
}
std::string ContainersFace::create(const engine::ContainerSpec& spec) { return create_container(parts_, spec); }
std::vector<std::string> ContainersFace::start(const std::string& name) {
    return start_container(parts_, parts_.resolve(name));
}
void ContainersFace::stop(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) {
    stop_container(parts_, parts_.resolve(name), options, cancel);
}

void ContainersFace::restart(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) {
    const auto folder = parts_.resolve(name);
    stop_container(parts_, folder, options, cancel);
    start_container(parts_, folder);
    records::tell(parts_.events(), evidence_of(folder).state, folder.id(), "restart");
}

void ContainersFace::kill(const std::string& name, const std::string& signal) {
    kill_container(parts_, parts_.resolve(name), signal);
}

// Running, with its state under the container's lock: for what changes a living container.
struct Living {
    records::Folder folder;
    os::FileLock lock;
    records::State state;
    runtime::Box box;
};

static Living require_running(Parts& parts, const std::string& name) {
    auto folder = parts.resolve(name);
    auto lock = folder.lock();
    auto evidence = evidence_of(folder);
    if (records::view(evidence).pid == 0) throw Error(ErrorKind::conflict, cat("container ", name, " is not running"));
    auto box = runtime::read_box(folder.run_path());
    return {std::move(folder), std::move(lock), std::move(evidence.state), std::move(box)};
}

static void set_paused(Parts& parts, Living& living, bool paused) {
    living.state.paused = paused;
    living.folder.save(living.state);
    supervise::Membership(parts.paths().run, living.folder.config().project).touch(living.folder.id());
    records::tell(parts.events(), living.state, living.folder.id(), paused ? "pause" : "unpause");
}

void ContainersFace::pause(const std::string& name) {
    auto living = require_running(parts_, name);
    if (living.state.paused) throw Error(ErrorKind::conflict, cat("Container ", name, " is already paused"));
    parts_.runtime(living.box.runtime).pause(living.box);
    set_paused(parts_, living, true);
}

void ContainersFace::unpause(const std::string& name) {
    auto living = require_running(parts_, name);
    if (!living.state.paused) throw Error(ErrorKind::conflict, cat("Container ", name, " is not paused"));
    parts_.runtime(living.box.runtime).resume(living.box);
    set_paused(parts_, living, false);
}

void ContainersFace::remove(const std::string& name, const engine::RemoveOptions& options) {
    remove_container(parts_, parts_.resolve(name), options);
}

void ContainersFace::rename(const std::string& name, const std::string& new_name) {
    const auto folder = parts_.resolve(name);
    const auto lock = folder.lock();
    auto config = folder.config();
    auto state = evidence_of(folder).state;
    const std::string old = state.name;
    if (old == new_name) throw Error(ErrorKind::invalid, "Renaming a container with the same name as its current name");
    parts_.names().take(new_name, folder.id());
    config.spec.name = state.name = new_name;
    folder.save(config);
    folder.save(state);
    parts_.names().give_up(old, folder.id());
    records::tell(parts_.events(), state, folder.id(), "rename", {{"oldName", "/" + old}});
}

// What is asked for replaces what was; what is left at its default stays.
static void merge(engine::Resources& into, const engine::Resources& from) {
    const engine::Resources untouched;
    const auto take = [&](auto member) {
        if (!(from.*member == untouched.*member)) into.*member = from.*member;
    };
    using R = engine::Resources;
    take(&R::nano_cpus);
    take(&R::cpu_shares);
    take(&R::cpu_quota);
    take(&R::cpu_period);
    take(&R::cpu_rt_period);
    take(&R::cpu_rt_runtime);
    take(&R::cpuset_cpus);
    take(&R::cpuset_mems);
    take(&R::memory);
    take(&R::memory_reservation);
    take(&R::memory_swap);
    take(&R::memory_swappiness);
    take(&R::pids_limit);
    take(&R::blkio_weight);
}

void ContainersFace::update(const std::string& name, const engine::Resources& resources,
                            const std::optional<engine::RestartPolicy>& restart) {
    const auto folder = parts_.resolve(name);
    const auto lock = folder.lock();
    auto config = folder.config();
    auto evidence = evidence_of(folder);
    merge(config.spec.resources, resources);
    if (!(resources == engine::Resources{}) && records::view(evidence).pid != 0) {
        const auto box = runtime::read_box(folder.run_path());
        parts_.runtime(box.runtime).update(box, to_runtime(config.spec.resources));
    }
    if (restart) {
        config.spec.restart = *restart;
        evidence.state.restarts = restart->kind != engine::RestartPolicy::Kind::no;
    }
    folder.save(config);
    folder.save(evidence.state);
    supervise::Membership(parts_.paths().run, config.project).touch(folder.id());
    records::tell(parts_.events(), evidence.state, folder.id(), "update");
}

int ContainersFace::wait(const std::string& name, engine::WaitFor what, const os::Cancel& cancel) {
    return wait_for_container(parts_, name, what, cancel);
}

std::unique_ptr<engine::Attached> ContainersFace::attach(const std::string& name,
                                                         const engine::AttachOptions& options) {
    return attach_container(parts_, parts_.resolve(name), options);
}
void ContainersFace::logs(const std::string& name, const engine::LogOptions& options, const engine::LogSink& sink,
                          const os::Cancel& cancel) {
    read_logs(parts_, parts_.resolve(name), options, sink, cancel);
}
std::unique_ptr<engine::Exec> ContainersFace::exec(const std::string& name, const engine::ExecSpec& spec) {
    return exec_in_container(parts_, parts_.resolve(name), name, spec);
}

void ContainersFace::resize(const std::string& name, int rows, int columns) {
    const auto living = require_running(parts_, name);
    shim::Client::connect(living.folder.run_path())
        .resize(static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns));
}

engine::ProcessTable ContainersFace::top(const std::string& name, const std::vector<std::string>& ps_args) {
    const auto living = require_running(parts_, name);
    return process_table(parts_.runtime(living.box.runtime).processes(living.box), ps_args);
}

engine::Stats ContainersFace::stats(const std::string& name) {
    const auto living = require_running(parts_, name);
    return usage_of(parts_.runtime(living.box.runtime).stats(living.box), living.state.pid);
}

void ContainersFace::copy_out(const std::string& name, const std::string& path,
                              const std::function<void(std::string_view)>& sink) {
    with_files(parts_, parts_.resolve(name), [&](const os::Fd& root) { pack_path(root, path, sink); });
}
void ContainersFace::copy_in(const std::string& name, const std::string& path,
                             const std::function<std::string()>& source, bool keep_owner) {
    with_files(parts_, parts_.resolve(name), [&](const os::Fd& root) { unpack_into(root, path, source, keep_owner); });
}
std::optional<ContainersFace::PathStat> ContainersFace::stat_path(const std::string& name, const std::string& path) {
    std::optional<PathStat> found;
    with_files(parts_, parts_.resolve(name), [&](const os::Fd& root) { found = stat_inside(root, path); });
    return found;
}
void ContainersFace::export_(const std::string& name, const std::function<void(std::string_view)>& sink) {
    export_files(parts_, parts_.resolve(name), sink);
}
std::string ContainersFace::commit(const std::string& name, const CommitOptions& options) {
    return commit_container(parts_, parts_.resolve(name), options);
}

}  // namespace tutti::embedded
