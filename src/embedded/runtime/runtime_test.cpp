#include "embedded/runtime/test_box.h"

namespace tutti::embedded::runtime {

class Running : public test::BoxTest {};

TEST_F(Running, writes_a_log_and_an_exit_record) {
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

TEST_F(Running, waits_for_the_start_and_can_be_killed) {
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

TEST_F(Running, tells_what_cannot_be_executed) {
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

}  // namespace tutti::embedded::runtime
