#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>

#include <cstdio>

#include "embedded/test_engine.h"

namespace tutti::embedded::test {
namespace {

using engine::ContainerState;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(EngineTest, RunsAContainerFromCreateToRemove) {
    auto wanted = spec({"sh", "-c", "echo out; echo err >&2; sleep 1000"});
    wanted.name = "web";
    wanted.init = true;
    wanted.network_mode = "";
    const auto id = create(wanted);
    EXPECT_EQ(engine->containers().inspect("web").state, ContainerState::created);
    engine->containers().start("web");
    const auto running = engine->containers().inspect(id);
    EXPECT_EQ(running.state, ContainerState::running);
    EXPECT_GT(running.pid, 0);
    ASSERT_EQ(running.endpoints.size(), 1u);
    EXPECT_EQ(running.endpoints[0].network, "bridge");
    EXPECT_NE(running.endpoints[0].ipv4_address, "");
    EXPECT_EQ(exec(id, {"sh", "-c", "echo hello; exit 3"}).code, 3);
    EXPECT_EQ(exec(id, {"hostname"}).out, id.substr(0, 12) + "\n");
    engine->containers().stop(id, {}, os::Cancel());
    EXPECT_EQ(engine->containers().inspect(id).state, ContainerState::exited);
    EXPECT_EQ(engine->containers().inspect(id).exit_code, 143);
    EXPECT_EQ(logs(id), "out\nerr\n");
    engine->containers().remove(id, {});
    EXPECT_THAT(error_of([&] { engine->containers().inspect("web"); }), HasSubstr("No such container: web"));
}

}  // namespace
}  // namespace tutti::embedded::test

// The engine starts this program again for its inner work, as the real one is started. Tests run in a network namespace
// of their own, so that no bridge and no rule is the machine's.
int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "internal") {
        const std::vector<std::string> args(argv + 2, argv + argc);
        return tutti::embedded::internal_main({argv[0]}, args);
    }
    testing::InitGoogleTest(&argc, argv);
    if (::geteuid() == 0 && ::unshare(CLONE_NEWNET) != 0) std::perror("unshare");
    return RUN_ALL_TESTS();
}
