// What is done to the cgroups of a box that exists: freeze, count, kill, update, remove.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/native/limits.h"
#include "embedded/runtime/native/native.h"
#include "os/file.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// The box's folder that has this file, or nothing.
std::optional<std::string> file_of(const Box& box, std::string_view name) {
    for (const std::string& folder : box.cgroup_folders)
        if (std::string path = cat(folder, '/', name); os::exists(path)) return path;
    return std::nullopt;
}

void write_to(const std::string& path, std::string_view value) {
    const os::Fd fd = os::open(path, O_WRONLY);
    base::in_context(path, [&] { os::write_all(fd, value); });
}

std::uint64_t number_in(const Box& box, std::string_view name) {
    const auto path = file_of(box, name);
    const auto text = path ? os::read_file_if_exists(*path) : std::nullopt;
    return text ? base::to_uint(base::trim(*text)).value_or(0) : 0;
}

// "oom_kill 3" among the lines of a file.
std::uint64_t line_in(const Box& box, std::string_view name, std::string_view key) {
    const auto path = file_of(box, name);
    const auto text = path ? os::read_file_if_exists(*path) : std::nullopt;
    for (const std::string_view line : base::split(text ? std::string_view(*text) : std::string_view(), '\n'))
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
            return base::to_uint(base::trim(line.substr(key.size() + 1))).value_or(0);
    return 0;
}

void list_processes(const std::string& folder, std::vector<pid_t>& out) {
    const auto text = os::read_file_if_exists(cat(folder, "/cgroup.procs"));
    if (!text) return;
    for (const std::string_view line : base::split(*text, '\n'))
        if (const auto pid = base::to_int(line)) out.push_back(static_cast<pid_t>(*pid));
    for (const std::string& name : os::list_folder(folder)) {
        struct stat st {};
        const std::string path = cat(folder, '/', name);
        if (::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) list_processes(path, out);
    }
}

void read_block_io(const Box& box, Stats& stats) {
    const auto v1 = file_of(box, "blkio.throttle.io_service_bytes");
    const auto path = v1 ? v1 : file_of(box, "io.stat");
    const auto text = path ? os::read_file_if_exists(*path) : std::nullopt;
    for (const std::string_view line : base::split(text ? std::string_view(*text) : std::string_view(), '\n')) {
        const auto words = base::split(line, ' ');
        if (v1 && words.size() == 3 && words[1] == "Read") stats.block_read += base::to_uint(words[2]).value_or(0);
        if (v1 && words.size() == 3 && words[1] == "Write") stats.block_write += base::to_uint(words[2]).value_or(0);
        for (const std::string_view word : words) {
            if (word.starts_with("rbytes=")) stats.block_read += base::to_uint(word.substr(7)).value_or(0);
            if (word.starts_with("wbytes=")) stats.block_write += base::to_uint(word.substr(7)).value_or(0);
        }
    }
}

}  // namespace

void freeze(const Box& box, bool frozen) {
    if (const auto v2 = file_of(box, "cgroup.freeze")) return write_to(*v2, frozen ? "1" : "0");
    const auto v1 = file_of(box, "freezer.state");
    if (!v1) throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    write_to(*v1, frozen ? "FROZEN" : "THAWED");
}

bool is_frozen(const Box& box) {
    if (number_in(box, "cgroup.freeze") == 1) return true;
    const auto v1 = file_of(box, "freezer.state");
    const auto text = v1 ? os::read_file_if_exists(*v1) : std::nullopt;
    return text && !text->starts_with("THAWED");
}

void thaw_wherever(pid_t pid) {
    const auto text = os::read_file_if_exists(cat("/proc/", pid, "/cgroup"));
    const Hierarchy* freezer = nullptr;
    const Hierarchies hierarchies = Hierarchies::read();
    if (!text || !(freezer = hierarchies.with("freezer")) || freezer->version != 1) return;
    for (const std::string_view line : base::split(*text, '\n')) {
        const auto words = base::split(line, ':');
        if (words.size() < 3 || words[1] != "freezer") continue;
        const std::string state = cat(freezer->path, words[2], "/freezer.state");
        const auto now = os::read_file_if_exists(state);
        if (now && !now->starts_with("THAWED")) write_to(state, "THAWED");
    }
}

std::vector<pid_t> processes_of(const Box& box) {
    std::vector<pid_t> out;
    if (!box.cgroup_folders.empty()) list_processes(box.cgroup_folders.front(), out);
    std::ranges::sort(out);
    return out;
}

Stats stats_of(const Box& box) {
    Stats stats;
    if (file_of(box, "cpuacct.usage")) {
        stats.cpu_total = number_in(box, "cpuacct.usage");
        stats.cpu_user = number_in(box, "cpuacct.usage_user");
        stats.cpu_system = number_in(box, "cpuacct.usage_sys");
    } else {
        stats.cpu_total = line_in(box, "cpu.stat", "usage_usec") * 1000;
        stats.cpu_user = line_in(box, "cpu.stat", "user_usec") * 1000;
        stats.cpu_system = line_in(box, "cpu.stat", "system_usec") * 1000;
    }
    const bool v1 = file_of(box, "memory.usage_in_bytes").has_value();
    stats.memory_usage = number_in(box, v1 ? "memory.usage_in_bytes" : "memory.current");
    stats.memory_limit = number_in(box, v1 ? "memory.limit_in_bytes" : "memory.max");
    stats.memory_cache = line_in(box, "memory.stat", v1 ? "total_inactive_file" : "inactive_file");
    stats.oom_kills = line_in(box, v1 ? "memory.oom_control" : "memory.events", "oom_kill");
    stats.pids = file_of(box, "pids.current") ? number_in(box, "pids.current") : processes_of(box).size();
    read_block_io(box, stats);
    return stats;
}

void update_limits(const Box& box, const Resources& resources, const Hierarchies& hierarchies) {
    Resources wanted = resources;
    wanted.devices.clear();  // may not change while it runs
    for (const CgroupFolder& one : lower_resources(wanted, hierarchies, false)) {
        const std::string folder = cat(one.hierarchy->path, '/', box.cgroup);
        const bool fresh = !os::exists(folder);
        if (fresh) os::make_folders(folder, 0755);
        std::vector<const Setting*> refused;
        const auto write = [&](const Setting& setting) { write_to(cat(folder, '/', setting.file), setting.value); };
        for (const Setting& setting : one.settings) {
            try {
                write(setting);
            } catch (const Error&) {  // limit and memsw refuse the wrong order, which depends on what is there: once
                                      // more below
                if (!setting.optional || os::exists(cat(folder, '/', setting.file))) refused.push_back(&setting);
            }
        }
        for (const Setting* setting : refused) write(*setting);
        if (!fresh) continue;
        for (const pid_t pid : processes_of(box)) {
            const os::Fd procs = os::open(cat(folder, "/cgroup.procs"), O_WRONLY);
            const std::string text = std::to_string(pid);
            if (::write(procs.get(), text.data(), text.size()) < 0 && errno != ESRCH)
                base::throw_errno(cat("moving process ", pid));
        }
    }
}

void kill_all(const Box& box) {
    for (const std::string& folder : box.cgroup_folders) {
        if (const std::string path = cat(folder, "/cgroup.kill"); os::exists(path)) return write_to(path, "1");
    }
    for (const pid_t pid : processes_of(box)) ::kill(pid, SIGKILL);
}

static void remove_folders(const std::string& folder) {
    if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return;
    for (const std::string& name : os::list_folder(folder)) {
        struct stat st {};
        const std::string path = cat(folder, '/', name);
        if (::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) remove_folders(path);
    }
    // A process that was killed leaves its cgroup a moment after its parent could see its end.
    for (int tries = 0; ::rmdir(folder.c_str()) != 0 && errno != ENOENT; ++tries) {
        if (errno != EBUSY || tries == 2000) base::throw_errno(cat("removing the cgroup ", folder));
        ::usleep(1000);
    }
}

void remove_cgroup_folders(const Box& box) {
    for (const std::string& folder : box.cgroup_folders) remove_folders(folder);
}

}  // namespace tutti::embedded::runtime::native
