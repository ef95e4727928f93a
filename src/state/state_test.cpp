#include <gtest/gtest.h>

#include "engine/fake/fake.h"
#include "state/from_labels.h"
#include "state/labels.h"
#include "state/project_state.h"

namespace tutti::state {
namespace {

engine::ContainerSpec spec_of(const std::string& name, const std::string& service, const std::string& number) {
    engine::ContainerSpec spec;
    spec.name = name;
    spec.image = "busybox";
    spec.labels = {{std::string(label::project), "demo"},
                   {std::string(label::service), service},
                   {std::string(label::config_hash), "0f"},
                   {std::string(label::one_off), "False"},
                   {std::string(label::number), number}};
    return spec;
}

TEST(State, finds_containers_by_labels_and_reads_their_place) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    engine.containers().create(spec_of("demo-web-2", "web", "2"));
    engine.containers().create(spec_of("demo-web-1", "web", "1"));
    engine::ContainerSpec other = spec_of("other", "web", "1");
    other.labels[std::string(label::project)] = "other";
    engine.containers().create(other);

    const ProjectState state = observe(engine, std::string("demo"));
    ASSERT_EQ(state.containers.size(), 2U);
    EXPECT_EQ(state.containers[0].number, 1);
    EXPECT_EQ(state.containers[0].short_name(), "web-1");
    EXPECT_EQ(state.of_service("web").size(), 2U);
}

TEST(State, short_names_keep_a_custom_name) {
    engine::ContainerSummary summary;
    summary.name = "the-database";
    summary.labels = spec_of("x", "db", "1").labels;
    EXPECT_EQ(read(summary).short_name(), "the-database");
}

TEST(State, follows_events) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    const std::string id = engine.containers().create(spec_of("demo-web-1", "web", "1"));
    ProjectState state = observe(engine, std::string("demo"));

    EXPECT_TRUE(apply(state, {{}, "container", "die", id, {{"exitCode", "3"}}}));
    EXPECT_EQ(state.containers[0].summary.exit_code, 3);
    EXPECT_TRUE(apply(state, {{}, "container", "health_status: unhealthy", id, {}}));
    EXPECT_EQ(state.containers[0].summary.health, engine::Health::unhealthy);
    EXPECT_FALSE(apply(state, {{}, "container", "create", "somebody", {}}));
    EXPECT_TRUE(apply(state, {{}, "container", "destroy", id, {}}));
    EXPECT_TRUE(state.containers.empty());
}

TEST(State, a_project_comes_out_of_labels) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    engine::ContainerSpec web = spec_of("demo-web-1", "web", "1");
    web.labels[std::string(label::depends_on)] = "db:service_healthy:false,cache:service_started:true";
    engine.containers().create(web);
    engine.containers().create(spec_of("demo-db-1", "db", "1"));

    const model::Project project = project_from_labels(observe(engine, std::string("demo")));
    ASSERT_EQ(project.services.size(), 2U);
    const model::Service& service = project.services.at("web");
    EXPECT_EQ(service.depends_on.at("db").condition, "service_healthy");
    EXPECT_TRUE(service.depends_on.at("cache").restart);
    EXPECT_FALSE(service.depends_on.at("db").required);
}

}  // namespace
}  // namespace tutti::state
