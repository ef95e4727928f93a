#include <gmock/gmock.h>
#include <signal.h>

#include "embedded/test_engine.h"

namespace tutti::embedded::test {
namespace {

using engine::ContainerState;
using engine::Health;
using testing::ElementsAre;
using testing::HasSubstr;

class Lifecycle : public EngineTest {};

TEST_F(Lifecycle, ExitCodesAndOutputAreKept) {
    const auto id = start(spec({"sh", "-c", "echo bye; exit 7"}));
    EXPECT_EQ(wait(id), 7);
    EXPECT_EQ(logs(id), "bye\n");
    const auto seen = engine->containers().inspect(id);
    EXPECT_EQ(seen.state, ContainerState::exited);
    EXPECT_EQ(seen.exit_code, 7);
}

TEST_F(Lifecycle, ANameIsTakenOnce) {
    auto wanted = spec({"true"});
    wanted.name = "one";
    const auto id = create(wanted);
    EXPECT_THAT(error_of([&] { create(wanted); }),
                HasSubstr("The container name \"/one\" is already in use by container"));
    engine->containers().rename(id, "two");
    create(wanted);
    EXPECT_EQ(engine->containers().inspect("two").id, id);
}

TEST_F(Lifecycle, AProgramThatIsMissingIsNamedAndNothingStays) {
    const auto id = create(spec({"nonsense"}));
    EXPECT_THAT(error_of([&] { engine->containers().start(id); }), HasSubstr("nonsense"));
    const auto seen = engine->containers().inspect(id);
    EXPECT_EQ(seen.state, ContainerState::created);
    EXPECT_EQ(seen.exit_code, 127);
    EXPECT_THAT(seen.error, HasSubstr("nonsense"));
}

TEST_F(Lifecycle, AnExecOfAMissingProgramSaysSoAndEndsAsAShellWould) {
    const auto id = start(spec({"sleep", "1000"}));
    const auto seen = exec(id, {"nonsense"});
    EXPECT_EQ(seen.code, 127);
    EXPECT_THAT(seen.err, HasSubstr("executable file not found in $PATH"));
    EXPECT_EQ(exec(id, {"/etc/passwd"}).code, 126);
}

TEST_F(Lifecycle, StopSendsTheSignalAndKillsAfterTheGrace) {
    auto wanted = spec({"sh", "-c", "trap 'exit 9' USR1; echo ready; while true; do sleep 0.01; done"});
    wanted.stop_signal = "SIGUSR1";
    const auto id = start(wanted);
    await_output(id, "ready");
    engine->containers().stop(id, {}, os::Cancel());
    EXPECT_EQ(engine->containers().inspect(id).exit_code, 9);
    const auto deaf = start(spec({"sleep", "1000"}));  // the first process of a box ignores what it does not handle
    engine->containers().stop(deaf, {.timeout = std::chrono::seconds(0)}, os::Cancel());
    EXPECT_EQ(engine->containers().inspect(deaf).exit_code, 137);
}

TEST_F(Lifecycle, RemovingARunningOneNeedsForce) {
    const auto id = start(spec({"sleep", "1000"}));
    EXPECT_THAT(error_of([&] { engine->containers().remove(id, {}); }), HasSubstr("container is running"));
    engine->containers().remove(id, {.force = true});
    EXPECT_TRUE(engine->containers().list({.all = true}).empty());
}

TEST_F(Lifecycle, PausedContainersSaySo) {
    const auto id = start(spec({"sleep", "1000"}));
    engine->containers().pause(id);
    EXPECT_EQ(engine->containers().inspect(id).state, ContainerState::paused);
    EXPECT_THAT(error_of([&] { exec(id, {"true"}); }), HasSubstr("is paused"));
    engine->containers().unpause(id);
    EXPECT_EQ(exec(id, {"true"}).code, 0);
}

TEST_F(Lifecycle, RestartsByPolicyUntilAPersonStopsIt) {
    auto wanted = spec({"sh", "-c", "echo x >> /runs; [ $(wc -l < /runs) -ge 3 ] && sleep 1000; exit 1"});
    wanted.restart.kind = engine::RestartPolicy::Kind::always;
    wanted.init = true;
    const auto id = create(wanted);
    const auto starts = counter(id, "start", 3);
    engine->containers().start(id);
    starts->join();
    EXPECT_EQ(engine->containers().inspect(id).state, ContainerState::running);
    EXPECT_EQ(engine->containers().inspect(id).restart_count, 2);
    engine->containers().stop(id, {}, os::Cancel());
    EXPECT_EQ(engine->containers().inspect(id).state, ContainerState::exited);
}

TEST_F(Lifecycle, OnFailureGivesUpAfterItsTries) {
    auto wanted = spec({"sh", "-c", "exit 4"});
    wanted.restart = {engine::RestartPolicy::Kind::on_failure, 2};
    const auto id = create(wanted);
    const auto ends = counter(id, "die", 3);
    engine->containers().start(id);
    ends->join();
    await_supervisor_gone();
    const auto seen = engine->containers().inspect(id);
    EXPECT_EQ(seen.state, ContainerState::exited);
    EXPECT_EQ(seen.restart_count, 2);
    EXPECT_EQ(seen.exit_code, 4);
}

TEST_F(Lifecycle, HealthIsProbedAndTold) {
    auto wanted = spec({"sleep", "1000"});
    wanted.health_check = engine::HealthCheck{
        .test = {"CMD-SHELL", "test -e /tmp/up && echo fine"}, .interval = std::chrono::milliseconds(20), .retries = 2};
    const auto id = start(wanted);
    EXPECT_EQ(engine->containers().inspect(id).health, Health::starting);
    await(id, "health_status: unhealthy");
    EXPECT_EQ(engine->containers().inspect(id).health, Health::unhealthy);
    EXPECT_GE(engine->containers().inspect(id).failing_streak, 2);
    exec(id, {"touch", "/tmp/up"});
    await(id, "health_status: healthy");
    const auto seen = engine->containers().inspect(id);
    EXPECT_EQ(seen.health, Health::healthy);
    EXPECT_EQ(seen.probes.back().output, "fine\n");
}

TEST_F(Lifecycle, AProbeThatHangsIsKilledAndSaysSo) {
    auto wanted = spec({"sleep", "1000"});
    wanted.health_check = engine::HealthCheck{.test = {"CMD", "sleep", "1000"},
                                              .interval = std::chrono::milliseconds(10),
                                              .timeout = std::chrono::milliseconds(30),
                                              .retries = 1};
    const auto id = start(wanted);
    await(id, "health_status: unhealthy");
    const auto seen = engine->containers().inspect(id);
    EXPECT_EQ(seen.probes.back().exit_code, -1);
    EXPECT_THAT(seen.probes.back().output, HasSubstr("Health check exceeded timeout"));
}

TEST_F(Lifecycle, AKilledSupervisorIsReplacedAndNothingIsLost) {
    auto wanted = spec({"sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.01; done; rm /tmp/end; exit 5"});
    wanted.restart.kind = engine::RestartPolicy::Kind::always;
    wanted.health_check = engine::HealthCheck{.test = {"CMD", "true"}, .interval = std::chrono::milliseconds(20)};
    const auto id = create(wanted);
    const auto starts = counter(id, "start", 2);
    engine->containers().start(id);
    await(id, "health_status: healthy");
    const auto first = supervisors();
    ASSERT_EQ(first.size(), 1u);
    ::kill(first[0], SIGKILL);
    EXPECT_EQ(engine->containers().inspect(id).state, ContainerState::running);
    EXPECT_EQ(exec(id, {"touch", "/tmp/end"}).code, 0);
    starts->join();  // the next supervisor saw the end and restarted it
    EXPECT_EQ(engine->containers().inspect(id).restart_count, 1);
}

TEST_F(Lifecycle, ALogIsFollowedUntilTheEnd) {
    const auto id = start(spec({"sh", "-c", "echo 1; echo 2; sleep 0.05; echo 3"}));
    EXPECT_EQ(logs(id, {.follow = true}), "1\n2\n3\n");
    EXPECT_EQ(logs(id, {.tail = 1}), "3\n");
}

TEST_F(Lifecycle, AttachedBeforeTheStartNothingIsMissed) {
    auto wanted = spec({"cat"});
    wanted.open_stdin = wanted.stdin_once = true;
    const auto id = create(wanted);
    const auto attached = engine->containers().attach(id, {.stdin_ = true});
    engine->containers().start(id);
    attached->send("through\n");
    attached->close_stdin();
    std::string out;
    attached->receive([&](engine::StreamKind, std::string_view bytes) { out += bytes; }, os::Cancel());
    EXPECT_EQ(out, "through\n");
    EXPECT_EQ(wait(id), 0);
}

}  // namespace
}  // namespace tutti::embedded::test
