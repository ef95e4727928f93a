// Boxes that cannot be made: the right exit code, a message that names the step, and nothing left behind.
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "embedded/runtime/test_box.h"
#include "os/scope.h"

namespace tutti::embedded::runtime {

using base::cat;

class Fault : public test::EachMaker {
  protected:
    struct Failure {
        int code = 0;
        std::string text;
    };
    Failure failure(const BoxRequest& wanted) {
        Failure out;
        CreateOptions given = options(wanted);
        given.start = true;
        const std::string folder = given.folder;
        try {
            const Box box = runtime->create(to_spec(wanted, Machine::look()), std::move(given));
            boxes.push_back(box);
            out.text = "it was made";
        } catch (const base::Error& error) {
            out = {exit_code_of(error), error.what()};
            // The shim has told its failure, and is about to leave.
            const auto until = os::Clock::now() + std::chrono::seconds(20);
            while (!leftovers(wanted.id).empty() && os::Clock::now() < until) ::sched_yield();
            EXPECT_EQ(leftovers(wanted.id), std::vector<std::string>{});
            auto files = os::list_folder(folder);
            std::erase(files, "log");  // is its user's
            EXPECT_EQ(files, std::vector<std::string>{});
        }
        return out;
    }

    static std::string command_line(const std::string& process) {
        try {
            return os::read_file_if_exists(cat("/proc/", process, "/cmdline")).value_or("");
        } catch (const base::Error&) { return {}; }  // it has just ended
    }

    // Cgroups, processes and mounts that carry the id.
    std::vector<std::string> leftovers(const std::string& id) const {
        std::vector<std::string> out;
        for (const std::string& hierarchy : os::list_folder("/sys/fs/cgroup"))
            if (const std::string path = cat("/sys/fs/cgroup/", hierarchy, "/tutti-test/", id); os::exists(path))
                out.push_back(path);
        for (const std::string& process : os::list_folder("/proc")) {
            if (base::to_uint(process) && command_line(process).find(id) != std::string::npos)
                out.push_back(command_line(process));
        }
        if (os::read_file("/proc/self/mountinfo").find(cat(temp.path(), "/root")) != std::string::npos)
            out.push_back("a mount");
        return out;
    }
};

INSTANTIATE_TEST_SUITE_P(, Fault, ::testing::Values("native", "runc", "crun"), test::maker_name);

TEST_P(Fault, a_program_that_is_missing_or_cannot_be_executed) {
    EXPECT_EQ(failure(request({"/bin/nosuchthing"})).code, 127);
    EXPECT_EQ(failure(request({"nosuchthing"})).code, 127);
    os::write_file(root() + "/bin/plain", "#!/bin/sh\n", 0644);
    EXPECT_EQ(failure(request({"/bin/plain"})).code, 126);
    EXPECT_EQ(failure(request({"/bin"})).code, 126);
}

// These show only when the program is executed: an exec says it as its own failure.
TEST_P(Fault, a_program_of_another_architecture) {
    std::string foreign = os::read_file("/bin/busybox");
    foreign[18] = '\x16', foreign[19] = 0;  // e_machine: s390
    os::write_file(root() + "/bin/foreign", foreign, 0755);
    os::write_file(root() + "/bin/orphan", "#!/bin/nointerpreter\n", 0755);
    const Box box = start(request({"/bin/sleep", "1000"}));
    const auto code_of = [&](const std::string& program) {
        ExecSpec spec;
        spec.process.args = {program};
        try {
            return runtime->exec(box, spec)->wait(os::Cancel());
        } catch (const base::Error& error) { return exit_code_of(error); }
    };
    if (std::string_view(GetParam()) != "native") GTEST_SKIP() << "runc and crun have codes of their own";
    EXPECT_EQ(code_of("/bin/foreign"), 126);
    EXPECT_EQ(code_of("/bin/orphan"), 127);
    EXPECT_EQ(failure(request({"/bin/foreign"})).code, 126);
    EXPECT_EQ(failure(request({"/bin/orphan"})).code, 127);
}

TEST_P(Fault, a_root_that_is_not_there) {
    BoxRequest wanted = request({"/bin/true"});
    wanted.root = temp.path() + "/nowhere";
    const Failure seen = failure(wanted);
    EXPECT_EQ(seen.code, 125);
    EXPECT_NE(seen.text.find("nowhere"), std::string::npos) << seen.text;
}

TEST_P(Fault, a_cgroup_that_cannot_be_made) {
    BoxRequest wanted = request({"/bin/true"});
    wanted.cgroup_parent = "/tasks";  // a file of each hierarchy
    const Failure seen = failure(wanted);
    EXPECT_EQ(seen.code, 125);
    EXPECT_NE(seen.text.find("group"), std::string::npos) << seen.text;
}

TEST_P(Fault, without_the_right_to_mount) {
    const BoxRequest wanted = request({"/bin/true"});
    Failure seen;
    os::Scope weak;  // capabilities belong to a thread
    weak.spawn([&] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2] = {};
        ASSERT_EQ(::syscall(SYS_capget, &header, data), 0);
        for (auto* set : {&data[0].effective, &data[0].permitted, &data[0].inheritable}) *set &= ~(1u << CAP_SYS_ADMIN);
        ASSERT_EQ(::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0), 0);  // or root has it again by execve(2)
        ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
        seen = failure(wanted);
    });
    weak.join();
    EXPECT_EQ(seen.code, 125);
    EXPECT_NE(seen.text, "it was made");
    const bool ours = std::string_view(GetParam()) == "native";
    EXPECT_TRUE(!ours || seen.text.find("permitted") != std::string::npos) << seen.text;
}

TEST_P(Fault, a_run_folder_without_room) {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const std::string full = temp.path() + "/boxes";
    os::make_folders(full);
    ASSERT_EQ(::mount("none", full.c_str(), "tmpfs", 0, "size=64k"), 0);
    const BoxRequest wanted = request({"/bin/true"});
    os::make_folders(cat(full, '/', wanted.id));
    {
        const os::Fd filler = os::open(full + "/filler", O_WRONLY | O_CREAT, 0600);
        const std::string block(4096, 'x');
        while (::write(filler.get(), block.data(), block.size()) > 0) {}
    }
    const Failure seen = failure(wanted);
    EXPECT_EQ(seen.code, 125);
    EXPECT_NE(seen.text.find("No space left on device"), std::string::npos) << seen.text;
    ::umount2(full.c_str(), MNT_DETACH);
}

class ManyMounts : public test::BoxTest {};

TEST_F(ManyMounts, ten_thousand_are_made) {
    const std::string file = temp.path() + "/file";
    os::write_file(file, "x", 0644);
    BoxRequest wanted = request({"/bin/sh", "-c", "wc -l < /proc/self/mountinfo"});
    for (int i = 0; i < 10'000; ++i) {
        BoxMount mount;
        mount.source = file;
        mount.target = cat("/tmp/", i);
        wanted.mounts.push_back(mount);
    }
    EXPECT_GT(base::to_int(std::string(base::trim(run(wanted)))).value_or(0), 10'000);
}

}  // namespace tutti::embedded::runtime
