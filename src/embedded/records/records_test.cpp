#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/records/event_log.h"
#include "embedded/records/names.h"
#include "embedded/records/view.h"
#include "os/file.h"

namespace tutti::embedded::records {
namespace {

using engine::ContainerState;
using testing::ElementsAre;
using testing::HasSubstr;

class Records : public testing::Test {
  protected:
    Records() {
        os::make_folders(root_ + "/containers");
        os::make_folders(run_ + "/containers");
    }
    Folder make(const std::string& id) {
        os::make_folders(root_ + "/containers/" + id);
        return {root_, run_, id};
    }
    os::TempFolder temp_;
    std::string root_ = temp_.path() + "/root", run_ = temp_.path() + "/run";
};

Config full_config() {
    Config config;
    config.id = std::string(64, 'a');
    config.image_id = "sha256:x";
    config.created = engine::Time(std::chrono::nanoseconds(1'700'000'000'123'456'789));
    config.args = {"sh", "-c", "echo \"ä\n\""};
    auto& spec = config.spec;
    spec.name = "demo-web-1";
    spec.entrypoint = std::vector<std::string>{};
    spec.env = {"A=1"};
    spec.stop_timeout = 0;
    spec.init = false;
    spec.health_check = engine::HealthCheck{.test = {"CMD", "x"}, .interval = std::chrono::seconds(2), .retries = 9};
    spec.restart = {engine::RestartPolicy::Kind::on_failure, 3};
    spec.mounts = {{.type = engine::MountSpec::Type::tmpfs, .target = "/t", .tmpfs_size = 5}};
    spec.files = {{.target = "/f", .content = std::string("a\0b", 3), .mode = 0, .uid = "1"}};
    spec.endpoints = {{.network = "n", .aliases = {"web"}, .gw_priority = -1}};
    spec.ports = {{.host_port = "80", .container_port = 8080, .protocol = ""}};
    spec.device_requests = {{.count = -1, .capabilities = {{"gpu"}, {}}}};
    spec.resources.memory_swappiness = 0;
    spec.labels = {{"com.docker.compose.project", "demo"}};
    return config;
}

TEST_F(Records, ConfigComesBackAsItWas) {
    const auto folder = make("c");
    const auto config = full_config();
    folder.save(config);
    const auto again = folder.config();
    EXPECT_EQ(again.spec, config.spec);
    EXPECT_EQ(again.created, config.created);
    EXPECT_EQ(again.args, config.args);
    EXPECT_TRUE(again.spec.command == std::nullopt);
    EXPECT_TRUE(again.spec.entrypoint.has_value());
}

TEST_F(Records, FieldsOfANewerProgramAreIgnored) {
    const auto folder = make("c");
    os::write_file(folder.file("state.json"), R"({"name":"x","phase":"ended","novelty":[1],"run":"text"})");
    const auto state = folder.state();
    ASSERT_TRUE(state);
    EXPECT_EQ(state->name, "x");
    EXPECT_EQ(state->phase, Phase::ended);
    EXPECT_EQ(state->run, 0);
}

TEST_F(Records, AMissingContainerIsNamed) {
    const Folder folder(root_, run_, "nix");
    EXPECT_FALSE(folder.state());
    EXPECT_THROW(folder.config(), base::Error);
    EXPECT_THROW(folder.lock(), base::Error);
}

TEST_F(Records, TheFoldersLockEndsWithTheFolder) {
    const auto folder = make("c");
    auto lock = std::make_unique<os::FileLock>(folder.lock());
    EXPECT_FALSE(folder.try_lock());
    ASSERT_EQ(::rename(folder.path().c_str(), (root_ + "/containers/.gone").c_str()), 0);
    EXPECT_FALSE(folder.try_lock());
    EXPECT_THAT(container_ids(root_), ElementsAre());
}

TEST_F(Records, ANameIsTakenOnce) {
    const Names names(root_);
    make("1111");
    make("2222");
    names.take("web", "1111");
    names.take("web", "1111");
    try {
        names.take("web", "2222");
        FAIL() << "the name was given twice";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::conflict);
        EXPECT_THAT(error.what(), HasSubstr("The container name \"/web\" is already in use by container \"1111\""));
    }
    names.give_up("web", "2222");
    EXPECT_EQ(names.id_of("web"), "1111");
    names.give_up("web", "1111");
    names.take("web", "2222");
    EXPECT_EQ(names.resolve("/web"), "2222");
}

TEST_F(Records, ANameLeftBehindIsTakenOver) {
    const Names names(root_);
    make("1111");
    names.take("web", "gone");
    names.take("web", "1111");
    EXPECT_EQ(names.resolve("web"), "1111");
}

TEST_F(Records, IdsResolveByUniquePrefix) {
    const Names names(root_);
    make("abc1");
    make("abd2");
    EXPECT_EQ(names.resolve("abc"), "abc1");
    EXPECT_THROW(names.resolve("ab"), base::Error);
    try {
        names.resolve("zz");
        FAIL();
    } catch (const base::Error& error) { EXPECT_STREQ(error.what(), "No such container: zz"); }
}

TEST(View, AnExitRecordTellsBeforeAnybodyHasSettled) {
    Evidence evidence;
    evidence.state.phase = Phase::running;
    evidence.state.run = 1;
    evidence.shim_alive = true;
    EXPECT_EQ(view(evidence).state, ContainerState::running);
    evidence.exit = shim::ExitRecord{.code = 3};
    EXPECT_EQ(view(evidence).state, ContainerState::exited);
    EXPECT_EQ(view(evidence).exit_code, 3);
    EXPECT_FALSE(view(evidence).settled);
}

TEST(View, ARunWithoutShimAndProcessHasVanished) {
    Evidence evidence;
    evidence.state.phase = Phase::running;
    EXPECT_EQ(view(evidence).exit_code, 255);
    evidence.process_alive = true;
    EXPECT_EQ(view(evidence).state, ContainerState::running);
}

TEST(View, WaitsForARestartUnlessAPersonStoppedIt) {
    Evidence evidence;
    evidence.state.phase = Phase::ended;
    evidence.state.run = 2;
    evidence.restart = RestartRecord{.run = 2, .count = 1, .waiting = true};
    EXPECT_EQ(view(evidence).state, ContainerState::restarting);
    evidence.state.stop_wanted = true;
    EXPECT_EQ(view(evidence).state, ContainerState::exited);
}

TEST(View, HealthOfAnEarlierRunCountsNoMore) {
    Evidence evidence;
    evidence.state.phase = Phase::running;
    evidence.state.has_health_check = true;
    evidence.state.run = 2;
    evidence.shim_alive = true;
    evidence.health = HealthRecord{.run = 1, .status = engine::Health::healthy};
    EXPECT_EQ(view(evidence).health, engine::Health::starting);
    evidence.health->run = 2;
    EXPECT_EQ(view(evidence).health, engine::Health::healthy);
}

TEST(Process, IsTheSameOnlyWithItsStartTime) {
    const auto started = process_start_time(::getpid());
    EXPECT_NE(started, 0u);
    EXPECT_TRUE(process_alive(::getpid(), started));
    EXPECT_FALSE(process_alive(::getpid(), started + 1));
}

class Events : public Records {
  protected:
    static engine::Event event(const std::string& id) {
        engine::Event event;
        event.time = engine::Time(std::chrono::nanoseconds(42));
        event.type = "container";
        event.action = "start";
        event.id = id;
        event.attributes = {{"name", "x\ny"}};
        return event;
    }
    static std::vector<std::string> ids(EventLog::Follower& follower) {
        std::vector<std::string> out;
        follower.read_new([&](const engine::Event& event) { out.push_back(event.id); });
        return out;
    }
};

TEST_F(Events, FollowersSeeWhatIsAddedAfterThemOrAll) {
    const EventLog log(run_);
    log.add(event("1"));
    auto from_end = log.follow_from_end();
    auto from_start = log.follow_from_start();
    log.add(event("2"));
    EXPECT_THAT(ids(from_end), ElementsAre("2"));
    EXPECT_THAT(ids(from_end), ElementsAre());
    EXPECT_THAT(ids(from_start), ElementsAre("1", "2"));
}

TEST_F(Events, NothingIsLostOverRotation) {
    const EventLog log(run_, 300);
    auto follower = log.follow_from_end();
    std::vector<std::string> seen;
    for (int i = 0; i < 10; ++i) {
        log.add(event(std::to_string(i)));
        for (auto& id : ids(follower)) seen.push_back(id);
    }
    EXPECT_EQ(seen.size(), 10u);
    EXPECT_TRUE(os::exists(run_ + "/events.log.1"));
}

TEST_F(Events, AWaiterIsWoken) {
    const EventLog log(run_);
    auto follower = log.follow_from_end();
    os::Scope scope;
    scope.spawn([&] { log.add(event("late")); });
    std::string name;
    EXPECT_TRUE(follower.wait(
        [&](const engine::Event& event) {
            name = event.attributes.at("name");
            return false;
        },
        scope.cancel()));
    EXPECT_EQ(name, "x\ny");
    scope.join();
}

}  // namespace
}  // namespace tutti::embedded::records
