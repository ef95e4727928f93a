#include "verbs/boot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/fake/fake.h"

namespace tutti::verbs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Policy = engine::RestartPolicy::Kind;

struct Boot : testing::Test {
    Boot() { engine.add_image("busybox:latest"); }
    void ran(const std::string& service, Policy policy, int exit_code, const std::string& depends_on = {}) {
        engine::ContainerSpec spec;
        spec.name = "demo-" + service + "-1";
        spec.image = "busybox";
        spec.restart.kind = policy;
        spec.labels = {{"com.docker.compose.project", "demo"},       {"com.docker.compose.service", service},
                       {"com.docker.compose.container-number", "1"}, {"com.docker.compose.oneoff", "False"},
                       {"com.docker.compose.config-hash", "x"},      {"com.docker.compose.depends_on", depends_on}};
        engine.containers().create(spec);
        engine.containers().start(spec.name);
        engine.exit(spec.name, exit_code);
    }
    bool boot() {
        engine.forget_calls();
        return start_at_boot(engine, {}, told, scope);
    }
    engine::fake::FakeEngine engine;
    struct Told : base::QuietReporter {
        std::vector<std::string> texts;
        void warn(std::string_view text) override { texts.emplace_back(text); }
    } told;
    os::Scope scope;
};

TEST_F(Boot, starts_what_its_policy_wants_in_the_order_of_dependencies) {
    ran("app", Policy::unless_stopped, 255, "db:service_started:false");
    ran("db", Policy::always, 255);
    ran("job", Policy::no, 255);
    ran("once", Policy::on_failure, 255);
    EXPECT_TRUE(boot()) << testing::PrintToString(told.texts);
    EXPECT_THAT(engine.calls(), ElementsAre("start demo-db-1", "start demo-app-1"));
}

TEST_F(Boot, what_was_stopped_before_stays_stopped_unless_always) {
    ran("web", Policy::unless_stopped, 143);
    EXPECT_TRUE(boot());
    EXPECT_THAT(engine.calls(), IsEmpty());
    ran("db", Policy::always, 143);
    EXPECT_TRUE(boot());
    EXPECT_THAT(engine.calls(), ElementsAre("start demo-db-1"));
}

TEST_F(Boot, one_that_does_not_start_keeps_none_of_the_others_down) {
    ran("bad", Policy::always, 255);
    ran("good", Policy::always, 255);
    engine.fail_next("start demo-bad-1", base::Error(base::ErrorKind::internal, "no"));
    EXPECT_FALSE(boot());
    EXPECT_FALSE(told.texts.empty());
    engine::ListOptions running;
    EXPECT_GE(engine.containers().list(running).size(), 1U);
}

}  // namespace
}  // namespace tutti::verbs
