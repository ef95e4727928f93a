// A proof for every class of attack that runtimes have fallen to (docs/security.md), against our own and against
// installed ones alike: what is done from inside, and what must not have happened outside.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "embedded/runtime/test_box.h"
#include "os/scope.h"

namespace tutti::embedded::runtime {

using base::cat;

class Proof : public test::EachMaker {
  protected:
    void SetUp() override {
        test::EachMaker::SetUp();
        if (IsSkipped()) return;
        os::make_folders(canary(), 0755);
        os::write_file(canary() + "/secret", secret, 0644);
        os::write_file(canary() + "/passwd", "root:x:0:0:canary:/:/bin/sh\n", 0644);
    }
    void TearDown() override {
        test::EachMaker::TearDown();
        if (IsSkipped()) return;
        // Nothing was made, changed or mounted where no box may reach.
        EXPECT_EQ(sorted(os::list_folder(canary())), (std::vector<std::string>{"passwd", "secret"}));
        EXPECT_EQ(os::read_file(canary() + "/secret"), secret);
        EXPECT_EQ(os::read_file("/proc/self/mountinfo").find(temp.path()), std::string::npos);
    }
    static constexpr std::string_view secret = "what only the host may see";
    std::string canary() const { return temp.path() + "/canary"; }
    static std::vector<std::string> sorted(std::vector<std::string> list) {
        std::ranges::sort(list);
        return list;
    }

    // What it wrote, both streams; or why it was not made.
    std::string outcome(const BoxRequest& wanted) {
        try {
            const Box box = start(wanted);
            wait(box);
            return output(box) + output(box, "stderr");
        } catch (const base::Error& error) { return error.what(); }
    }
    BoxRequest line(std::string text) const { return request({"/bin/sh", "-c", std::move(text)}); }

    std::pair<std::string, int> exec(const Box& box, ExecSpec spec) {
        os::Pipe pipe = os::make_pipe();
        spec.stdout_fd = spec.stderr_fd = pipe.write.get();
        try {
            const auto process = runtime->exec(box, spec);
            pipe.write.reset();
            std::string out = os::read_to_end(pipe.read);
            return {std::move(out), process->wait(os::Cancel())};
        } catch (const base::Error& error) { return {error.what(), exit_code_of(error)}; }
    }
    static ExecSpec command(std::vector<std::string> args) {
        ExecSpec spec;
        spec.process.args = std::move(args);
        spec.process.cwd = "";
        return spec;
    }

    // The place in the image is replaced by something of the image's author.
    void put_link(const std::string& place, const std::string& target) const {
        const std::string path = root() + place;
        os::remove_tree(path);
        os::make_folders(path.substr(0, path.rfind('/')), 0755);
        ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0) << path;
    }
    std::string up_to_the_host(const std::string& path) const { return "../../../../../../../../../../.." + path; }
};

INSTANTIATE_TEST_SUITE_P(, Proof, ::testing::Values("native", "runc", "crun"), test::maker_name);

// --- A: descriptors and programs that leak (CVE-2019-5736, CVE-2024-21626)

TEST_P(Proof, a_working_folder_that_is_a_descriptor_leads_nowhere) {
    const Box running = start(request({"/bin/sleep", "1000"}));
    for (int fd = 3; fd < 14; ++fd) {
        BoxRequest wanted = line(cat("cat ", up_to_the_host(canary()), "/secret"));
        wanted.cwd = cat("/proc/self/fd/", fd);
        EXPECT_EQ(outcome(wanted).find(secret), std::string::npos) << fd;
        ExecSpec inside = command({"/bin/sh", "-c", cat("cat ", up_to_the_host(canary()), "/secret")});
        inside.process.cwd = wanted.cwd;
        EXPECT_EQ(exec(running, inside).first.find(secret), std::string::npos) << fd;
    }
}

TEST_P(Proof, the_first_process_and_an_exec_have_three_descriptors) {
    // Of `ls` itself the fourth is the folder it reads.
    EXPECT_EQ(shell("ls /proc/self/fd | wc -l"), "4\n");
    const Box box = start(request({"/bin/sleep", "1000"}));
    EXPECT_EQ(exec(box, command({"/bin/ls", cat("/proc/1/fd")})).first, "0\n1\n2\n");
    EXPECT_EQ(exec(box, command({"/bin/sh", "-c", "ls /proc/$$/fd; true"})).first, "0\n1\n2\n");
}

TEST_P(Proof, our_program_cannot_be_written_from_inside) {
    os::write_file(root() + "/bin/evil", "#!/proc/self/exe\n", 0755);
    const std::string shim = shim::shim_program_path(run_dir);
    outcome(request({"/bin/evil", "run", "x"}));
    // One process that tries to open for writing whatever runs inside, while programs are started there.
    const Box box =
        start(line("while [ ! -e /stop ]; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || { true >> $p/exe && echo $p "
                   ">> /opened; } "
                   "2>/dev/null; done; done; exit 0"));
    for (int i = 0; i < 25; ++i) {
        exec(box, command({"/bin/true"}));
        exec(box, command({"/bin/evil"}));
    }
    exec(box, command({"/bin/touch", "/stop"}));
    EXPECT_EQ(wait(box).code, 0);
    EXPECT_FALSE(os::exists(root() + "/opened"));
    EXPECT_EQ(os::read_file(shim), shim::shim_program_bytes());
}

// --- B: links and races in the image or a shared volume (CVE-2019-16884, 2019-19921, 2021-30465, 2023-27561,
// 2025-31133, 2025-52565, 2025-52881)

TEST_P(Proof, links_in_place_of_system_folders_lead_nowhere) {
    for (const char* place : {"/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/null"}) {
        for (const std::string& target : {canary(), up_to_the_host(canary()), std::string(place)}) {
            put_link(place, target);
            const std::string seen = outcome(line("ls /dev/ /dev/pts/ /proc/self /sys /proc/"));
            EXPECT_EQ(seen.find("secret"), std::string::npos) << place << " -> " << target;
            os::remove_tree(root());
            make_root(root());
        }
    }
}

TEST_P(Proof, links_in_place_of_mount_targets_lead_nowhere) {
    const std::string source = temp.path() + "/source";
    os::make_folders(source, 0755);
    os::write_file(source + "/mark", "mark", 0644);
    os::write_file(temp.path() + "/file", "file", 0644);
    for (const std::string& target : {canary(), up_to_the_host(canary()), std::string("/etc/loop")}) {
        put_link("/etc/loop", "/etc/loop");
        put_link("/data", target);
        put_link("/etc/hosts", target + "/hosts");
        BoxRequest wanted = line("cat /proc/self/mountinfo");
        BoxMount folder, file;
        folder.source = source;
        folder.target = "/data/below";
        file.source = temp.path() + "/file";
        file.target = "/etc/hosts";
        wanted.mounts = {folder, file};
        outcome(wanted);
        EXPECT_EQ(os::list_folder(canary()).size(), 2u) << target;
        os::remove_tree(root());
        make_root(root());
    }
}

TEST_P(Proof, a_link_as_working_folder_is_made_inside) {
    put_link("/work", canary() + "/made");
    BoxRequest wanted = line("pwd; cat secret ../secret");
    wanted.cwd = "/work";
    EXPECT_EQ(outcome(wanted).find(secret), std::string::npos);
    EXPECT_FALSE(os::exists(canary() + "/made"));
}

TEST_P(Proof, a_volume_that_is_changed_while_it_is_mounted_leads_nowhere) {
    // Debian 12's runc (1.1) and crun (1.8) make the mount point by its path, now and then behind the swapped link.
    if (std::string_view(GetParam()) != "native") GTEST_SKIP() << "the distribution's can be led away";
    const std::string volume = temp.path() + "/volume";
    os::make_folders(volume + "/a", 0755);
    ASSERT_EQ(::symlink(canary().c_str(), (volume + "/b").c_str()), 0);
    std::atomic<bool> stop = false;
    os::Scope swapping;
    swapping.spawn([&] {
        const os::Fd folder = os::open(volume, O_PATH | O_DIRECTORY);
        while (!stop)
            ::syscall(SYS_renameat2, folder.get(), "a", folder.get(), "b", static_cast<unsigned>(RENAME_EXCHANGE));
    });
    for (int i = 0; i < 20; ++i) {
        BoxRequest wanted = line("cat /volume/a/secret /volume/b/secret /volume/a/inner/../secret secret ../secret");
        BoxMount shared, inner;
        shared.source = volume;
        shared.target = "/volume";
        inner.kind = BoxMount::Kind::tmpfs;
        inner.target = "/volume/a/inner";
        wanted.mounts = {shared, inner};
        wanted.cwd = "/volume/a/work";
        EXPECT_EQ(outcome(wanted).find(secret), std::string::npos);
    }
    stop = true;
    swapping.join();
}

TEST_P(Proof, masked_files_are_empty_and_read_only_ones_cannot_be_written) {
    const BoxRequest wanted = request({"/bin/true"});
    const Spec spec = to_spec(wanted, Machine::look());
    for (const std::string& path : spec.linux_.masked_paths)
        EXPECT_EQ(shell(cat("if [ -d ", path, " ]; then ls -A ", path, "; else head -c 100 ", path, "; fi")), "")
            << path;
    EXPECT_EQ(
        shell(
            "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/x; "
            "do echo h 2>/dev/null > $f && echo $f; done"),
        "");
    // A link in the image is not what is masked: the path is, where it is at last.
    EXPECT_EQ(shell("mount -o remount,rw /proc/sys 2>/dev/null && echo remounted"), "");
}

// --- D: what an image says about its user (CVE-2024-40635, CVE-2026-47262, containers/storage CVE-2024-9676)

TEST_P(Proof, users_that_are_no_numbers_of_users_are_refused) {
    const auto as = [&](const std::string& user) {
        BoxRequest wanted = line("id -u; id -g");
        CreateOptions with_user = options(wanted);
        with_user.user = NamedUser{user, {}};
        with_user.start = true;
        try {
            const Box box = create(wanted, std::move(with_user));
            wait(box);
            return output(box);
        } catch (const base::Error&) { return std::string("refused"); }
    };
    for (const char* user : {"4294967296", "4294967295", "2147483648", "-1", "0x0", " 0", "+0", "99999999999999999999",
                             "0:-1", "0:4294967296", "web:nosuchgroup", "nosuchuser"})
        EXPECT_EQ(as(user), "refused") << user;
    EXPECT_EQ(as("1000:1000"), "1000\n1000\n");
    EXPECT_EQ(as("web:staff"), "1000\n50\n");
    EXPECT_EQ(as("web"), "1000\n1001\n");
    EXPECT_EQ(as(""), "0\n0\n");
}

TEST_P(Proof, a_passwd_that_is_a_pipe_or_without_end_holds_nobody_up) {
    const auto as = [&](const std::string& user) {
        BoxRequest wanted = request({"/bin/grep", "Uid", "/proc/self/status"});
        CreateOptions with_user = options(wanted);
        with_user.user = NamedUser{user, {}};
        with_user.start = true;
        try {
            const Box box = create(wanted, std::move(with_user));
            wait(box);
            return output(box);
        } catch (const base::Error& error) { return std::string(error.what()); }
    };
    os::remove_file(root() + "/etc/passwd");
    ASSERT_EQ(::mkfifo((root() + "/etc/passwd").c_str(), 0644), 0);
    if (std::string_view(GetParam()) == "native") {
        EXPECT_EQ(as("1000"), "Uid:\t1000\t1000\t1000\t1000\n");
        EXPECT_NE(as("web").find("no matching entries in passwd file"), std::string::npos);
    } else {  // runc would wait for ever
        EXPECT_NE(as("1000").find("it is no plain file: /etc/passwd"), std::string::npos) << as("1000");
    }
    os::remove_file(root() + "/etc/passwd");
    const os::Fd large = os::open(root() + "/etc/passwd", O_WRONLY | O_CREAT, 0644);
    ASSERT_EQ(::ftruncate(large.get(), off_t{1} << 30), 0);
    EXPECT_NE(as("web").find("larger than 16 MiB"), std::string::npos);
    put_link("/etc/passwd", canary() + "/passwd");
    EXPECT_EQ(as("0"), "Uid:\t0\t0\t0\t0\n");
}

TEST_P(Proof, nothing_of_our_environment_gets_in) {
    ::setenv("TUTTI_CANARY", "canary", 1);
    BoxRequest wanted = request({"/bin/env"});
    wanted.env = {"A=b"};
    EXPECT_EQ(outcome(wanted).find("canary"), std::string::npos);
    const Box box = start(request({"/bin/sleep", "1000"}));
    EXPECT_EQ(exec(box, command({"/bin/env"})).first.find("canary"), std::string::npos);
    ::unsetenv("TUTTI_CANARY");
}

// --- G: capabilities (CVE-2022-24769 and its kind)

TEST_P(Proof, no_capability_is_inheritable_or_ambient) {
    const std::string none = "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n";
    EXPECT_EQ(shell("grep -E '^Cap(Inh|Amb)' /proc/self/status"), none);
    const Box box = start(request({"/bin/sleep", "1000"}));
    EXPECT_EQ(exec(box, command({"/bin/grep", "-E", "^Cap(Inh|Amb)", "/proc/self/status"})).first, none);
    ExecSpec as_web = command({"/bin/grep", "-E", "^Cap(Prm|Eff|Amb)", "/proc/self/status"});
    as_web.user = NamedUser{"web", {}};
    EXPECT_EQ(exec(box, as_web).first,
              "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}

// --- H: sockets that others can reach (CVE-2020-15257, CVE-2021-41091)

TEST_P(Proof, nothing_of_ours_listens_where_a_box_or_another_user_can_reach) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    const auto sockets = os::read_file("/proc/net/unix");
    for (const std::string_view row : base::split(std::string_view(sockets), '\n'))
        EXPECT_FALSE(row.find('@') != std::string_view::npos && row.find("tutti") != std::string_view::npos) << row;
    struct stat st {};
    ASSERT_EQ(::stat((box.folder + "/shim.sock").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0077, 0u);
    for (const std::string& file : os::list_folder(box.folder)) {
        ASSERT_EQ(::lstat(cat(box.folder, '/', file).c_str(), &st), 0);
        EXPECT_TRUE(S_ISLNK(st.st_mode) || (st.st_mode & 0007) == 0) << file;
    }
}

// --- J: what is used up (CVE-2022-31030, CVE-2022-23471)

TEST_P(Proof, many_execs_leave_nothing_in_the_shim) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    const auto descriptors = [&] { return os::list_folder(cat("/proc/", box.shim_pid, "/fd")).size(); };
    const auto resident = [&] {
        const std::string status = os::read_file(cat("/proc/", box.shim_pid, "/status"));
        return std::atoi(status.c_str() + status.find("VmRSS:") + 6);
    };
    exec(box, command({"/bin/true"}));
    const std::size_t before = descriptors();
    const int memory = resident();
    for (int i = 0; i < 60; ++i) EXPECT_EQ(exec(box, command({"/bin/true"})).second, 0);
    EXPECT_EQ(descriptors(), before);
    EXPECT_LE(resident(), memory + 64);
    EXPECT_EQ(runtime->processes(box), std::vector<pid_t>{box.pid});
}

// --- M: the kernel's own surface (AF_ALG CVE-2026-31431, io_uring, keyrings, user namespaces, powercap)

TEST_P(Proof, calls_that_a_container_never_needs_fail) {
    if (!os::exists("/usr/bin/python3")) GTEST_SKIP() << "needs /usr/bin/python3";
    BoxRequest wanted = request({"/usr/bin/python3", "-c", R"(
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, number, *args):
    if libc.syscall(number, *args) >= 0: print(name, "worked")
    elif ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES): print(name, os.strerror(ctypes.get_errno()))
try: socket.socket(38, socket.SOCK_SEQPACKET); print("AF_ALG worked")
except OSError as error:
    if error.errno not in (errno.EPERM, errno.EAFNOSUPPORT, errno.EACCES): print("AF_ALG", error)
try: socket.socket(40, socket.SOCK_DGRAM); print("AF_VSOCK worked")
except OSError: pass
if os.uname().machine == "x86_64":
    call("io_uring_setup", 425, 8, ctypes.create_string_buffer(256))
    call("keyctl", 250, 0, -3, 0)
    call("add_key", 248, b"user", b"k", b"v", 1, -3)
    call("unshare", 272, 0x10000000)
    call("mount", 165, b"none", b"/tmp", b"tmpfs", 0, None)
    call("bpf", 321, 0, None, 0)
    call("perf_event_open", 298, None, 0, -1, -1, 0)
    call("userfaultfd", 323, 0)
    call("kexec_load", 246, 0, 0, None, 0)
    call("open_by_handle_at", 304, -1, None, 0)
    call("ptrace of 1", 101, 16, 1, 0, 0) if os.getpid() != 1 else None
print("end")
)"});
    for (const char* path : {"/usr", "/lib", "/lib64"}) {
        if (!os::exists(path)) continue;
        BoxMount host;
        host.source = host.target = path;
        host.read_only = true;
        wanted.mounts.push_back(host);
    }
    EXPECT_EQ(outcome(wanted), "end\n");
}

}  // namespace tutti::embedded::runtime
