#include "embedded/runtime/external/external.h"

#include <linux/sched.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/box.h"
#include "embedded/runtime/native/launch.h"
#include "embedded/runtime/native/lower_parent.h"
#include "embedded/runtime/native/native.h"
#include "embedded/runtime/process_record.h"
#include "embedded/runtime/spec_json.h"
#include "embedded/shim/program.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime::external {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;
using native::PlanBuilder;

namespace {

constexpr std::string_view search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// A process as JSON in which the shim puts the user and his home, looked up inside (plan.h: Plan::config).
std::string process_text(Node process, const std::optional<NamedUser>& user) {
    if (user) process.set("user", Node("\x01U"));
    std::vector<std::string> env = process.texts_or_empty("env");
    if (std::ranges::none_of(env, [](const std::string& one) { return one.starts_with("HOME="); })) {
        env.emplace_back("HOME=\x01H");
        process.set("env", Node::texts(env));
    }
    const std::string text = doc::write_json(process);
    return base::replace_all(base::replace_all(text, "\"\\u0001U\"", "\x01U"), "\\u0001H", "\x01H");
}

std::string spec_text(Spec spec, const CreateOptions& options, const std::string& cgroup) {
    const auto absolute = [&](std::string& path) {
        if (!path.starts_with('/')) path = cat(options.bundle, '/', path);
    };
    spec.oci_version = "1.0.2";  // what the oldest of them take; newer fields are passed over by those that do not know
    absolute(spec.root.path);
    for (Mount& mount : spec.mounts)
        if (mount.type == "bind" ||
            std::ranges::count(mount.options, "bind") + std::ranges::count(mount.options, "rbind"))
            absolute(mount.source);
    // Without offsets a time namespace changes nothing that shows, and runc before 1.2 does not know it.
    if (spec.linux_.time_offsets.empty())
        std::erase_if(spec.linux_.namespaces,
                      [](const Namespace& space) { return space.type == "time" && space.path.empty(); });
    spec.linux_.cgroups_path = cat('/', cgroup);
    Node whole = write_spec(spec);
    const std::string process = process_text(*whole.find("process"), options.user);
    whole.set("process", Node("\x01P"));  // a mark that is filled at once
    return base::replace_all(doc::write_json(whole), "\"\\u0001P\"", process);
}

// "/proc/PID/root/…"
bool lies_in_a_box(const std::string& source) {
    const auto parts = base::split(std::string_view(source), '/');
    return parts.size() > 4 && parts[1] == "proc" && base::to_uint(parts[2]) && parts[3] == "root";
}

// A runtime cannot bind what lies in another mount namespace: the shim takes it and puts it where the spec then says.
std::vector<shim::MountStep> stage_mounts(Spec& spec, const std::string& folder, PlanBuilder& plan) {
    std::vector<shim::MountStep> steps;
    for (Mount& mount : spec.mounts) {
        if (!lies_in_a_box(mount.source)) continue;
        const std::string place = cat(folder, "/mount.", steps.size());
        os::make_folders(place, 0700);
        shim::MountStep step;
        step.target = plan.text(place);
        step.source = plan.text(mount.source);
        step.flags = shim::mount_recursive;
        steps.push_back(step);
        mount.source = place;
    }
    return steps;
}

std::string cgroup_of(const Spec& spec, const CreateOptions& options) {
    std::string folder = spec.linux_.cgroups_path;
    while (folder.starts_with('/')) folder.erase(0, 1);
    return folder.empty() ? cat("tutti/", options.id) : folder;
}

std::vector<shim::CgroupStep> cgroup_steps(PlanBuilder& plan, const native::Hierarchies& hierarchies,
                                           const std::string& cgroup) {
    std::vector<shim::CgroupStep> steps;
    for (const native::Hierarchy& one : hierarchies.all()) {
        shim::CgroupStep step;
        step.mount = plan.text(one.path);
        step.folder = plan.text(cgroup);
        step.name = plan.text(one.name);
        step.version = static_cast<std::uint32_t>(one.version);
        step.is_memory = &one == hierarchies.with("memory") ? 1 : 0;
        steps.push_back(step);
    }
    return steps;
}

}  // namespace

std::string obstacle(const std::string& program, const native::Hierarchies& hierarchies) {
    const native::Hierarchy* v2 = hierarchies.v2();
    if (base_name(program) != "crun" || !v2 || hierarchies.only_v2() || v2->controllers.empty()) return {};
    return cat("crun refuses this machine: its cgroups are of both versions, and version 2 still has \"",
               base::join(v2->controllers, " "), "\"; mount ", v2->controllers.size() > 1 ? "those" : "that",
               " as version 1 (mount -t cgroup -o ", base::join(v2->controllers, ","),
               " …), or start the machine with cgroup version 2 alone");
}

External::External(std::string name, std::string program, std::string root, const NativeOptions& options,
                   std::string note)
    : name_(std::move(name)),
      program_(std::move(program)),
      root_(std::move(root)),
      note_(std::move(note)),
      hierarchies_(native::Hierarchies::read()),
      shim_(shim::open_shim_program(options.run_dir)) {
    os::make_folders(root_, 0700);
}

std::vector<std::string> External::command_line() const { return {program_, "--root", root_}; }

void External::call(const Box& box, std::vector<std::string> words) const {
    os::Command command;
    command.argv = command_line();
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = {cat("PATH=", search_path)};
    command.cwd = "/";
    os::Pipe errors = os::make_pipe();
    command.fds = {{errors.write.get(), 2}};
    os::Process process = os::Process::spawn(command);
    errors.write.reset();
    const std::string said = os::read_to_end(errors.read);
    const auto status = process.wait(os::Cancel());
    if (status && status->code == 0) return;
    const bool gone = said.find("not running") != std::string::npos || said.find("does not exist") != std::string::npos;
    throw Error(gone ? ErrorKind::conflict : ErrorKind::internal,
                cat(name_, ' ', words.front(), ' ', box.id, ": ", base::trim(said)));
}

Box External::create(const Spec& given, CreateOptions options) {
    Spec spec = given;
    if (!spec.process) throw Error(ErrorKind::invalid, "the spec has no process");
    if (options.detached) throw Error(ErrorKind::unsupported, cat(name_, " makes no detached containers for us"));
    Box box = native::describe_box(spec, options, name_);
    box.cgroup = cgroup_of(spec, options);
    if (!note_.empty()) box.notes.push_back(note_);
    write_box(box);
    write_process_record(box, spec, options.user, {}, 0);
    PlanBuilder plan;
    shim::Plan out;
    out.id = plan.text(options.id);
    out.folder = plan.text(options.folder);
    out.root = plan.text(box.rootfs);
    native::lower_overlay(plan, out, options);
    native::lower_parent(plan, out, options);
    out.mounts = plan.array(stage_mounts(spec, options.folder, plan));
    out.cgroups = plan.array(cgroup_steps(plan, hierarchies_, box.cgroup));
    if (box.namespaces & CLONE_NEWPID) out.namespaces = plan.array(std::vector<shim::NamespaceStep>{{CLONE_NEWPID, 0}});
    out.process.terminal = spec.process->terminal ? 1 : 0;
    out.process.uid = spec.process->user.uid;
    if (options.user) {
        out.process.user = plan.text_even_if_empty(options.user->text);
        out.process.user_groups = plan.texts(options.user->groups);
    }
    out.external = plan.texts(command_line());
    out.config = plan.text(spec_text(spec, options, box.cgroup));
    const std::vector<std::string> notes = box.notes;
    native::launch_box(box, options, shim_, plan.finish(out));
    box.notes.insert(box.notes.begin(), notes.begin(), notes.end());
    for (const native::Hierarchy& one : hierarchies_.all())
        if (std::string folder = cat(one.path, '/', box.cgroup); os::exists(folder))
            box.cgroup_folders.push_back(std::move(folder));
    write_box(box);
    return box;
}

void External::start(const Box& box) { shim::Client::connect(box.folder).start(); }
BoxState External::state(const Box& box) { return native::state_of(box); }

void External::signal(const Box& box, int number, bool all) {
    std::vector<std::string> words{"kill"};
    if (all) words.emplace_back("--all");
    words.insert(words.end(), {box.id, std::to_string(number)});
    if (!os::open_process(box.pid, box.pid_started))
        throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    call(box, words);
}

void External::pause(const Box& box) { call(box, {"pause", box.id}); }
void External::resume(const Box& box) { call(box, {"resume", box.id}); }

void External::update(const Box& box, const Resources& resources) {
    const std::string path = cat(box.folder, "/update.json");
    os::write_file(path, doc::write_json(write_resources(resources)), 0600);
    try {
        call(box, {"update", "--resources", path, box.id});
    } catch (...) {
        os::remove_file(path);
        throw;
    }
    os::remove_file(path);
}

Stats External::stats(const Box& box) { return native::stats_of(box); }
std::vector<pid_t> External::processes(const Box& box) { return native::processes_of(box); }

std::unique_ptr<ExecProcess> External::exec(const Box& box, const ExecSpec& spec) {
    const ExecSpec wanted = native::complete_exec(box, spec, read_process_record(box));
    PlanBuilder plan;
    shim::Plan out;
    out.id = plan.text(box.id);
    out.folder = plan.text(box.folder);
    out.process.terminal = wanted.process.terminal ? 1 : 0;
    out.process.uid = wanted.process.user.uid;
    if (wanted.user) {
        out.process.user = plan.text_even_if_empty(wanted.user->text);
        out.process.user_groups = plan.texts(wanted.user->groups);
    }
    out.join_pid = static_cast<std::uint32_t>(box.pid);
    out.join_started = box.pid_started;
    out.detached = spec.detached ? 1 : 0;
    out.external = plan.texts(command_line());
    out.config = plan.text(process_text(write_process(wanted.process), wanted.user));
    return native::launch_exec(box, wanted, shim_, plan.finish(out));
}

void External::remove(const Box& box, bool force) {
    native::remove_box(box, force);
    try {
        call(box, {"delete", "--force", box.id});  // where the shim was killed
    } catch (const Error&) {                       // it is gone, as it should be
    }
    for (const char* name : {"config.json", "runtime.log"}) os::remove_file(cat(box.folder, '/', name));
    for (int number = 0; ::rmdir(cat(box.folder, "/mount.", number).c_str()) == 0; ++number) {}
}

}  // namespace tutti::embedded::runtime::external

namespace tutti::embedded::runtime {

std::unique_ptr<Runtime> make_external(const std::string& program, const std::string& root,
                                       const NativeOptions& options) {
    using external::search_path;
    const auto find = [](const std::string& name) -> std::optional<std::string> {
        if (!name.starts_with('/')) return os::find_program(search_path, name);
        return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    };
    auto path = find(program);
    if (!path)
        throw base::Error(
            base::ErrorKind::not_found, base::cat("unknown or invalid runtime name: ", program),
            std::string("there is no such program; install it, or leave `runtime` out for the built-in one"));
    std::string note = external::obstacle(*path, native::Hierarchies::read());
    if (!note.empty()) {
        path = find("runc");
        if (!path) throw base::Error(base::ErrorKind::unsupported, note);
        note += "; runc is used instead";
    }
    const std::string name = note.empty() && program.starts_with('/') ? program : external::base_name(*path);
    return std::make_unique<external::External>(name, *path, base::cat(root, '/', external::base_name(*path)), options,
                                                note);
}

}  // namespace tutti::embedded::runtime
