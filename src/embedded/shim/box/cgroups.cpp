#include "embedded/shim/box/cgroups.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static Path folder_path(const View& view, const CgroupStep& step) {
    Path path;
    path.add(view.text(step.mount)).add('/').add(view.text(step.folder));
    return path;
}

static bool write_file(int folder, const char* name, const char* value) {
    const int fd = ::openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    const bool good = ::write(fd, value, strlen(value)) >= 0;
    const int error = errno;
    ::close(fd);
    errno = error;
    return good;
}

static size_t read_file(int folder, const char* name, char* buffer, size_t size) {
    const int fd = ::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return 0;
    const ssize_t n = ::read(fd, buffer, size - 1);
    ::close(fd);
    buffer[n > 0 ? n : 0] = 0;
    return n > 0 ? static_cast<size_t>(n) : 0;
}

// A new folder of the v1 hierarchy `cpuset` takes no process until it has cpus and mems.
static void inherit_cpuset(int parent, int folder) {
    for (const char* name : {"cpuset.cpus", "cpuset.mems"}) {
        char value[1024];
        if (read_file(folder, name, value, sizeof value) > 0 && value[0] != '\n') continue;
        if (read_file(parent, name, value, sizeof value) > 0) write_file(folder, name, value);
    }
}

// Lets the children of `folder` have the controllers that our settings need ("memory.max" → +memory).
static void hand_down(const View& view, const CgroupStep& step, int folder) {
    Line<32> before;
    for (const SettingStep& setting : view.all(step.settings)) {
        const char* file = view.text(setting.file);
        const char* dot = strchr(file, '.');
        if (!dot) continue;
        Line<32> controller;
        controller.add('+').add(file, static_cast<size_t>(dot - file));
        if (strcmp(controller.text(), before.text()) == 0 || strcmp(controller.text(), "+cgroup") == 0) continue;
        write_file(folder, "cgroup.subtree_control", controller.text());  // refused: the setting itself will say so
        before = controller;
    }
}

static int make_folder(const View& view, const CgroupStep& step) {
    const char* mount = view.text(step.mount);
    int at = checked(::open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "opening the cgroup hierarchy", mount);
    const bool cpuset = strstr(mount, "cpuset") != nullptr;
    for (const char* name = view.text(step.folder); *name;) {
        const char* end = strchrnul(name, '/');
        Line<260> part;  // longer than the kernel takes: then it says so
        part.add(name, static_cast<size_t>(end - name));
        name = *end ? end + 1 : end;
        if (part.size() == 0) continue;
        if (step.version == 2) hand_down(view, step, at);
        if (::mkdirat(at, part.text(), 0755) != 0 && errno != EEXIST)
            fail("making the cgroup", folder_path(view, step).text());
        const int next = ::openat(at, part.text(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) fail("opening the cgroup", folder_path(view, step).text());
        if (cpuset) inherit_cpuset(at, next);
        ::close(at);
        at = next;
    }
    return at;
}

static void filter_devices(const View& view, int folder) {
    const Plan& plan = view.plan();
    if (plan.device_instructions == 0) return;
    static const char license[] = "Apache-2.0";
    union bpf_attr load {};
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = reinterpret_cast<uint64_t>(view.bytes(plan.device_program));
    load.insn_cnt = plan.device_instructions;
    load.license = reinterpret_cast<uint64_t>(license);
    const int program =
        checked(::syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load), "loading the device filter", nullptr);
    union bpf_attr attach {};
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.target_fd = static_cast<uint32_t>(folder);
    attach.attach_bpf_fd = static_cast<uint32_t>(program);
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    checked(::syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), "attaching the device filter", nullptr);
    ::close(program);
}

static void open_one(const View& view, const CgroupStep& step, int folder, Cgroups& cgroups) {
    if (cgroups.count == sizeof cgroups.joins / sizeof *cgroups.joins) fail("too many cgroup hierarchies", nullptr, 0);
    const char* name = step.version == 2 ? "cgroup.procs" : "tasks";
    cgroups.joins[cgroups.count++] =
        checked(::openat(folder, name, O_WRONLY | O_CLOEXEC), "opening the cgroup", folder_path(view, step).text());
    if (step.version == 2) {
        cgroups.folder_v2 = folder;
        cgroups.index_v2 = cgroups.count - 1;
    } else {
        ::close(folder);
    }
}

void make_cgroups(const View& view, Cgroups& cgroups) {
    for (const CgroupStep& step : view.all(view.plan().cgroups)) {
        const int folder = make_folder(view, step);
        for (const SettingStep& setting : view.all(step.settings)) {
            if (write_file(folder, view.text(setting.file), view.text(setting.value)) || setting.optional) continue;
            Path path = folder_path(view, step);
            fail("setting the limit", path.add('/').add(view.text(setting.file)).text());
        }
        if (step.version == 2) filter_devices(view, folder);
        open_one(view, step, folder, cgroups);
    }
}

void open_cgroups(const View& view, Cgroups& cgroups) {
    for (const CgroupStep& step : view.all(view.plan().cgroups)) {
        const Path path = folder_path(view, step);
        open_one(view, step,
                 checked(::open(path.text(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "opening the cgroup", path.text()),
                 cgroups);
    }
}

void join_cgroups(Cgroups& cgroups) {
    for (unsigned i = 0; i < cgroups.count; ++i)
        if (!(cgroups.born_in_v2 && i == cgroups.index_v2) && ::write(cgroups.joins[i], "0", 1) != 1)
            fail("joining the cgroup", fd_path(cgroups.joins[i]).text());
    close_cgroups(cgroups);
}

void close_cgroups(Cgroups& cgroups) {
    for (unsigned i = 0; i < cgroups.count; ++i) ::close(cgroups.joins[i]);
    if (cgroups.folder_v2 >= 0) ::close(cgroups.folder_v2);
    cgroups.count = 0;
    cgroups.folder_v2 = -1;
}

static bool kill_listed(int folder) {
    char pids[4096];
    bool any = false;
    for (int round = 0; round < 16 && read_file(folder, "cgroup.procs", pids, sizeof pids) > 0; ++round) {
        for (const char* at = pids; *at;) {
            const pid_t pid = static_cast<pid_t>(strtol(at, nullptr, 10));
            if (pid > 1 && ::kill(pid, SIGKILL) == 0) any = true;
            const char* line = strchr(at, '\n');
            if (!line) break;
            at = line + 1;
        }
    }
    return any;
}

bool kill_cgroup(const View& view) {
    const auto steps = view.all(view.plan().cgroups);
    for (const bool by_file : {true, false}) {
        for (const CgroupStep& step : steps) {
            if (by_file && step.version != 2) continue;
            const int folder = ::open(folder_path(view, step).text(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (folder < 0) continue;
            const bool done = by_file ? write_file(folder, "cgroup.kill", "1") : kill_listed(folder);
            ::close(folder);
            if (done) return true;
        }
    }
    return false;
}

namespace {
struct Entry {  // struct linux_dirent64
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[1];
};
}  // namespace

static void remove_folder(int parent, const char* name, int depth) {
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT || depth > 32) return;
    const int folder = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    alignas(8) char buffer[2048];
    for (long size; (size = ::syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0;) {
        for (long at = 0; at < size;) {
            const Entry* entry = reinterpret_cast<const Entry*>(buffer + at);
            at += entry->size;
            if (entry->type == DT_DIR && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
                remove_folder(folder, entry->name, depth + 1);
        }
    }
    ::close(folder);
    ::unlinkat(parent, name, AT_REMOVEDIR);
}

void remove_cgroups(const View& view) {
    for (const CgroupStep& step : view.all(view.plan().cgroups))
        remove_folder(AT_FDCWD, folder_path(view, step).text(), 0);
}

unsigned long count_oom_kills(const View& view) {
    for (const CgroupStep& step : view.all(view.plan().cgroups)) {
        if (!step.is_memory) continue;
        const int folder = ::open(folder_path(view, step).text(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) continue;
        char text[1024];
        read_file(folder, step.version == 2 ? "memory.events" : "memory.oom_control", text, sizeof text);
        ::close(folder);
        const char* count = strstr(text, "oom_kill ");
        if (count) return strtoul(count + 9, nullptr, 10);
    }
    return 0;
}

}  // namespace tutti::embedded::shim::box
