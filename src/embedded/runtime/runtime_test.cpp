#include "embedded/runtime/external/external.h"
#include "embedded/runtime/spec_json.h"
#include "embedded/runtime/test_box.h"

namespace tutti::embedded::runtime {

class Running : public test::EachMaker {};
INSTANTIATE_TEST_SUITE_P(, Running, ::testing::Values("native", "runc", "crun"), test::maker_name);

TEST_P(Running, writes_a_log_and_an_exit_record) {
    const Box box = start(request({"/bin/sh", "-c", "echo hello; echo bad >&2; exit 7"}));
    const shim::ExitRecord record = wait(box);
    EXPECT_EQ(record.code, 7);
    EXPECT_EQ(record.signal, 0);
    EXPECT_GE(record.finished_at, record.started_at);
    EXPECT_EQ(output(box), "hello\n");
    EXPECT_EQ(output(box, "stderr"), "bad\n");
    EXPECT_EQ(shim::read_exit_record(box.folder), record);
    EXPECT_EQ(runtime->state(box), BoxState::stopped);
}

TEST_P(Running, waits_for_the_start_and_can_be_killed) {
    const BoxRequest wanted = request({"/bin/sleep", "1000"});
    const Box box = create(wanted, options(wanted));
    EXPECT_EQ(runtime->state(box), BoxState::created);
    runtime->start(box);
    EXPECT_EQ(runtime->state(box), BoxState::running);
    EXPECT_EQ(runtime->processes(box), std::vector<pid_t>{box.pid});
    runtime->signal(box, SIGKILL, false);
    const shim::ExitRecord record = wait(box);
    EXPECT_EQ(record.code, 137);
    EXPECT_EQ(record.signal, 9);
}

TEST_P(Running, tells_what_cannot_be_executed) {
    const auto fails = [&](std::vector<std::string> args) {
        try {
            start(request(std::move(args)));
        } catch (const base::Error& error) { return std::pair(exit_code_of(error), std::string(error.what())); }
        return std::pair(0, std::string());
    };
    const auto missing = fails({"nosuchthing"});
    EXPECT_EQ(missing.first, 127);
    EXPECT_NE(missing.second.find("executable file not found in $PATH"), std::string::npos) << missing.second;
    const auto absent = fails({"/bin/nosuchthing"});
    EXPECT_EQ(absent.first, 127);
    EXPECT_NE(absent.second.find("no such file or directory"), std::string::npos) << absent.second;
    const auto plain = fails({"/etc/passwd"});
    EXPECT_EQ(plain.first, 126);
    EXPECT_NE(plain.second.find("permission denied"), std::string::npos) << plain.second;
    EXPECT_EQ(fails({"/etc"}).first, 126);
}

// What lies in another box is taken from within it, and by a path that its own links cannot lead out of it.
TEST_P(Running, shares_the_memory_of_another_box) {
    const Box donor = start(request({"/bin/sh", "-c", "echo seen > /dev/shm/note; exec sleep 1000"}));
    while (!os::exists(base::cat("/proc/", donor.pid, "/root/dev/shm/note"))) ::sched_yield();
    BoxRequest wanted = request({"/bin/cat", "/dev/shm/note"});
    wanted.ipc = {Share::Kind::path, base::cat("/proc/", donor.pid, "/ns/ipc")};
    BoxMount memory;
    memory.source = base::cat("/proc/", donor.pid, "/root/dev/shm");
    memory.target = "/dev/shm";
    wanted.mounts.push_back(memory);
    EXPECT_EQ(run(wanted), "seen\n");
}

TEST(Spec, what_we_do_not_do_is_refused_by_name) {
    for (const char* what : {"intelRdt", "netDevices", "memoryPolicy"}) {
        const std::string text =
            base::cat(R"({"ociVersion": "1.2.0", "root": {"path": "r"}, "linux": {")", what, R"(": {"x": {}}}})");
        try {
            read_spec(doc::parse_json(text, "spec"));
            ADD_FAILURE() << what << " was passed over";
        } catch (const base::Error& error) {
            EXPECT_EQ(error.kind(), base::ErrorKind::unsupported);
            EXPECT_NE(std::string(error.what()).find(base::cat("linux.", what)), std::string::npos) << error.what();
        }
    }
}

TEST(External, is_refused_by_name_when_it_is_not_there) {
    const os::TempFolder temp;
    try {
        make_external("nosuchruntime", temp.path(), {temp.path(), {}});
        ADD_FAILURE() << "it was made";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::not_found);
        EXPECT_NE(std::string(error.what()).find("nosuchruntime"), std::string::npos) << error.what();
    }
}

TEST(External, knows_where_crun_refuses) {
    constexpr std::string_view v1 = "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                               v2 = "31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    const auto said = [](const std::string& program, const std::string& mounts, std::string_view controllers) {
        return external::obstacle(program, native::Hierarchies::parse(mounts, controllers));
    };
    const std::string hybrid = base::cat(v1, v2);
    EXPECT_NE(said("/usr/bin/crun", hybrid, "hugetlb").find("mount -t cgroup -o hugetlb"), std::string::npos);
    EXPECT_EQ(said("/usr/bin/crun", hybrid, ""), "");
    EXPECT_EQ(said("/usr/bin/crun", std::string(v2), "memory pids"), "");
    EXPECT_EQ(said("/usr/sbin/runc", hybrid, "hugetlb"), "");
}

class Native : public test::BoxTest {};

TEST_F(Native, refuses_a_sysctl_that_would_change_the_host) {
    const BoxRequest wanted = request({"/bin/true"});
    const auto refusal = [&](const std::string& sysctl, const std::string& without) {
        Spec spec = to_spec(wanted, Machine::look());
        spec.linux_.sysctl = {{sysctl, "1"}};
        std::erase_if(spec.linux_.namespaces, [&](const Namespace& space) { return space.type == without; });
        try {
            boxes.push_back(runtime->create(spec, options(wanted)));
        } catch (const base::Error& error) { return std::string(error.what()); }
        return std::string();
    };
    EXPECT_NE(refusal("vm.overcommit_memory", "").find("it would change the host"), std::string::npos);
    EXPECT_NE(refusal("net.ipv4.ip_forward", "network").find("needs a namespace of its own: network"),
              std::string::npos);
    EXPECT_NE(refusal("kernel.msgmax", "ipc").find("needs a namespace of its own: ipc"), std::string::npos);
    EXPECT_EQ(refusal("net.ipv4.ip_forward", ""), "");
}

// What waits for its start could be read by whoever may look at its descriptors (CVE-2024-21626 and its kind).
TEST_F(Native, holds_nothing_of_the_host_while_it_waits) {
    const BoxRequest wanted = request({"/bin/true"});
    const Box box = create(wanted, options(wanted));
    const std::string folder = base::cat("/proc/", box.pid, "/fd");
    for (const std::string& fd : os::list_folder(folder)) {
        char target[4096];
        const ssize_t size = ::readlink(base::cat(folder, '/', fd).c_str(), target, sizeof target);
        ASSERT_GT(size, 0);
        const std::string_view what(target, static_cast<std::size_t>(size));
        EXPECT_TRUE(what == "/" || what == "/proc" || what == "/dev/null" || what.starts_with("pipe:") ||
                    what.starts_with("socket:"))
            << fd << " is " << what;
    }
}

class Exec : public test::EachMaker {
  protected:
    // Output and exit code of a command in a running box.
    std::pair<std::string, int> in(const Box& box, ExecSpec spec) {
        os::Pipe pipe = os::make_pipe();
        spec.stdout_fd = spec.stderr_fd = pipe.write.get();
        const auto process = runtime->exec(box, spec);
        pipe.write.reset();
        std::string out = os::read_to_end(pipe.read);
        return {std::move(out), process->wait(os::Cancel())};
    }
    static ExecSpec shell_line(std::string line) {
        ExecSpec spec;
        spec.process.args = {"/bin/sh", "-c", std::move(line)};
        spec.process.cwd = "";
        return spec;
    }
};

INSTANTIATE_TEST_SUITE_P(, Exec, ::testing::Values("native", "runc", "crun"), test::maker_name);

TEST_P(Exec, runs_inside_with_the_boxs_rights) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    EXPECT_EQ(in(box, shell_line("echo $PPID; cat /proc/1/comm; exit 3")), std::pair(std::string("0\nsleep\n"), 3));
    const auto mine = in(box, shell_line("grep -E 'Cap|Seccomp:|NoNewPrivs' /proc/self/status")).first;
    const auto first = in(box, shell_line("grep -E 'Cap|Seccomp:|NoNewPrivs' /proc/1/status")).first;
    EXPECT_EQ(mine, first);
    EXPECT_NE(mine.find("Seccomp:\t2"), std::string::npos);
    EXPECT_EQ(in(box, shell_line("cat /proc/self/cgroup")).first, in(box, shell_line("cat /proc/1/cgroup")).first);
    ExecSpec as_web = shell_line("id -u; id -g; id -G; echo $HOME $A");
    as_web.user = NamedUser{"web", {}};
    as_web.process.env = {"A=b"};
    EXPECT_EQ(in(box, as_web).first, "1000\n1001\n1001 50\n/home/web b\n");
}

TEST_P(Exec, says_why_not) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    ExecSpec spec;
    spec.process.args = {"nosuchthing"};
    try {
        runtime->exec(box, spec);
        ADD_FAILURE() << "it ran";
    } catch (const base::Error& error) { EXPECT_EQ(exit_code_of(error), 127); }
    runtime->pause(box);
    EXPECT_EQ(runtime->state(box), BoxState::paused);
    EXPECT_THROW(runtime->exec(box, shell_line("true")), base::Error);
    runtime->resume(box);
    EXPECT_EQ(in(box, shell_line("true")).second, 0);
}

TEST_P(Exec, gives_a_terminal_of_the_box) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    ExecSpec spec = shell_line("tty; stty size");
    spec.process.terminal = true;
    spec.process.console_size = ConsoleSize{40, 100};
    const auto process = runtime->exec(box, spec);
    EXPECT_EQ(process->wait(os::Cancel()), 0);
    std::string out;
    char buffer[256];
    for (ssize_t n; (n = ::read(process->terminal().get(), buffer, sizeof buffer)) > 0;)
        out.append(buffer, static_cast<std::size_t>(n));
    EXPECT_EQ(out, "/dev/pts/0\r\n40 100\r\n");
}

}  // namespace tutti::embedded::runtime
