// The shim as its clients see it: attach, input, terminals, kept descriptors, news of the end, who is called when
// nobody watches.
#include <sys/socket.h>

#include "embedded/runtime/test_box.h"
#include "embedded/shim/client.h"

namespace tutti::embedded::runtime {

using shim::Client;

class Shim : public test::BoxTest {
  protected:
    struct Seen {
        std::string out, err;
        std::optional<shim::ExitRecord> exit;
    };
    static Seen read_all(Client& client) {
        Seen seen;
        const auto until = os::Clock::now() + std::chrono::seconds(20);
        while (auto event = client.next(os::Cancel(), until)) {
            if (const auto* output = std::get_if<shim::Output>(&*event))
                (output->stream == 1 ? seen.out : seen.err) += output->bytes;
            if (const auto* exited = std::get_if<shim::Exited>(&*event)) seen.exit = exited->record;
            if (seen.exit || std::holds_alternative<shim::Closed>(*event)) break;
        }
        return seen;
    }
};

TEST_F(Shim, hands_input_in_and_output_out) {
    const BoxRequest wanted = request({"/bin/sh", "-c", "cat; echo end >&2"});
    CreateOptions with_input = options(wanted);
    with_input.open_stdin = true;
    const Box box = create(wanted, std::move(with_input));
    Client client = Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    client.attach(shim::attach_stdin | shim::attach_stdout | shim::attach_stderr);
    client.start();
    client.input(std::string(100'000, 'x') + "\n");
    client.input_end();
    const Seen seen = read_all(client);
    EXPECT_EQ(seen.out, std::string(100'000, 'x') + "\n");
    EXPECT_EQ(seen.err, "end\n");
    ASSERT_TRUE(seen.exit);
    EXPECT_EQ(seen.exit->code, 0);
    EXPECT_EQ(output(box).size(), 100'001u);
}

TEST_F(Shim, loses_no_byte_to_a_slow_reader) {
    const BoxRequest wanted = request({"/bin/dd", "if=/dev/zero", "bs=65536", "count=64"});
    CreateOptions without_log = options(wanted);
    without_log.log.path.clear();
    const Box box = create(wanted, std::move(without_log));
    Client client = Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    client.attach(shim::attach_stdout);
    client.start();
    EXPECT_EQ(Client::connect(box.folder).state().phase, shim::Phase::running);  // it is held up, and still answers
    const Seen seen = read_all(client);
    EXPECT_EQ(seen.out.size(), 64u * 65536u);
}

TEST_F(Shim, holds_a_terminal) {
    BoxRequest wanted = request({"/bin/sh", "-c", "read x; stty size; tty; test -c /dev/console && echo console"});
    wanted.tty = true;
    CreateOptions with_input = options(wanted);
    with_input.open_stdin = true;
    const Box box = create(wanted, std::move(with_input));
    Client client = Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    client.attach(shim::attach_stdin | shim::attach_stdout);
    client.resize(33, 99);
    client.start();
    client.input("\n");
    const Seen seen = read_all(client);
    EXPECT_NE(seen.out.find("33 99\r\n"), std::string::npos) << seen.out;
    EXPECT_NE(seen.out.find("/dev/pts/0\r\n"), std::string::npos) << seen.out;
    EXPECT_NE(seen.out.find("console\r\n"), std::string::npos) << seen.out;
}

TEST_F(Shim, keeps_descriptors_for_its_clients) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    {
        const os::Pipe pipe = os::make_pipe();
        Client client = Client::connect(box.folder);
        client.keep("dns", {pipe.read.get(), pipe.write.get()});
        os::write_all(pipe.write, "kept");
    }
    Client client = Client::connect(box.folder);
    const std::vector<shim::Kept> kept = client.take();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].name, "dns");
    ASSERT_EQ(kept[0].fds.size(), 2u);
    char buffer[8];
    EXPECT_EQ(::read(kept[0].fds[0].get(), buffer, sizeof buffer), 4);
    client.forget("dns");
    EXPECT_TRUE(client.take("dns").empty());
}

TEST_F(Shim, tells_what_it_does_not_know) {
    const Box box = start(request({"/bin/sleep", "1000"}));
    Client client = Client::connect(box.folder);
    EXPECT_THROW(client.start(), shim::Failed);        // it runs already
    EXPECT_THROW(client.acknowledge(), shim::Failed);  // it has not ended
    EXPECT_THROW(client.resize(1, 1), shim::Failed);   // it has no terminal
    client.signal(SIGKILL);
    EXPECT_EQ(wait(box).code, 137);
}

TEST_F(Shim, calls_the_supervisor_until_the_end_is_acknowledged) {
    const BoxRequest wanted = request({"/bin/true"});
    CreateOptions supervised = options(wanted);
    const std::string mark = temp.path() + "/called";
    supervised.supervisor = {"/bin/busybox", "sh", "-c", base::cat("echo called >> ", mark)};
    const Box box = create(wanted, std::move(supervised));
    Client client = Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    client.start();
    ASSERT_TRUE(read_all(client).exit);
    const os::Clock::time_point until = os::Clock::now() + std::chrono::seconds(20);
    while (!os::exists(mark) && os::Clock::now() < until) ::sched_yield();
    EXPECT_TRUE(os::exists(mark));
    Client supervisor = Client::connect(box.folder);  // it is still there
    EXPECT_EQ(supervisor.subscribe(shim::Role::supervisor).phase, shim::Phase::exited);
    const Seen seen = read_all(supervisor);
    ASSERT_TRUE(seen.exit);
    EXPECT_EQ(seen.exit->code, 0);
    supervisor.acknowledge();
    EXPECT_TRUE(std::holds_alternative<shim::Closed>(*supervisor.next(os::Cancel())));
}

TEST_F(Shim, starts_the_supervisor_again_when_it_goes_away) {
    const BoxRequest wanted = request({"/bin/sleep", "1000"});
    CreateOptions supervised = options(wanted);
    const std::string mark = temp.path() + "/again";
    supervised.supervisor = {"/bin/busybox", "touch", mark};
    supervised.start = true;
    const Box box = create(wanted, std::move(supervised));
    EXPECT_FALSE(os::exists(mark));
    { Client::connect(box.folder).subscribe(shim::Role::supervisor); }
    const os::Clock::time_point until = os::Clock::now() + std::chrono::seconds(20);
    while (!os::exists(mark) && os::Clock::now() < until) ::sched_yield();
    EXPECT_TRUE(os::exists(mark));
}

TEST_F(Shim, records_the_end_of_what_was_killed_before_its_start) {
    const BoxRequest wanted = request({"/bin/true"});
    const Box box = create(wanted, options(wanted));
    runtime->signal(box, SIGKILL, false);
    const shim::ExitRecord record = wait(box);
    EXPECT_EQ(record.code, 137);
    EXPECT_EQ(record.started_at, 0);
}

TEST_F(Shim, ends_a_box_of_init_with_its_child) {
    BoxRequest wanted = request({"/bin/sh", "-c", "trap 'exit 5' TERM; echo $$; while :; do sleep 1; done"});
    wanted.init = true;
    wanted.init_program = shim::shim_program_path(run_dir);
    const Box box = start(wanted);
    Client client = Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    const os::Clock::time_point until = os::Clock::now() + std::chrono::seconds(20);
    while (output(box).empty() && os::Clock::now() < until) ::sched_yield();
    EXPECT_EQ(output(box), "2\n");
    client.signal(SIGTERM);
    EXPECT_EQ(read_all(client).exit->code, 5);
}

TEST_F(Shim, sees_that_memory_ran_out) {
    BoxRequest wanted = request({"/bin/sh", "-c", "x=a; while :; do x=$x$x; done"});
    wanted.resources.memory.emplace().limit = 16 << 20;
    wanted.resources.memory->swap = 16 << 20;
    const Box box = start(wanted);
    const shim::ExitRecord record = wait(box);
    EXPECT_EQ(record.code, 137);
    EXPECT_TRUE(record.oom);
}

}  // namespace tutti::embedded::runtime
