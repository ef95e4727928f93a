#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "engine/fake/fake.h"
#include "plan/graph.h"
#include "plan/reconcile.h"
#include "plan/run.h"
#include "state/labels.h"

namespace tutti::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Lines : public base::Reporter {
  public:
    void progress(const base::Progress& step) override {
        const std::lock_guard lock(mutex);
        lines.push_back(base::cat(step.id, " ", step.text, step.details.empty() ? "" : " ", step.details));
    }
    void warn(std::string_view message) override {
        const std::lock_guard lock(mutex);
        lines.push_back(base::cat("warning ", message));
    }
    void note(std::string_view) override {}
    bool has(const std::string& line) {
        const std::lock_guard lock(mutex);
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    }
    std::mutex mutex;
    std::vector<std::string> lines;
};

// demo: db with a health check, web that waits for it.
struct Demo : testing::Test {
    Demo() {
        engine.add_image("busybox:latest");
        project.name = "demo";
        project.working_dir = "/srv/demo";
        project.networks["default"].name = "demo_default";
        service("db").healthcheck = check();
        model::Dependency dependency;
        dependency.condition = "service_healthy";
        dependency.required = true;
        service("web").depends_on["db"] = dependency;
    }

    static model::Healthcheck check() {
        model::Healthcheck check;
        check.test = {"CMD", "true"};
        return check;
    }
    model::Service& service(const std::string& name) {
        model::Service& service = project.services[name];
        service.name = name;
        service.image = "busybox";
        service.networks["default"];
        return service;
    }
    Plan plan() { return reconcile(project, state::observe(engine, project), options); }
    void run_plan(const Plan& plan) {
        os::Scope scope;
        run(plan, engine, reporter, scope, {project.name, 0, {}, {}});
    }
    void up() {
        run_plan(plan());
        engine.forget_calls();
    }
    void healthy_databases() {
        engine::fake::Behaviour behaviour;
        behaviour.health = engine::Health::healthy;
        engine.on_start("busybox", behaviour);
    }

    engine::fake::FakeEngine engine;
    model::Project project;
    ReconcileOptions options;
    Lines reporter;
};

TEST_F(Demo, first_plan_creates_everything_then_starts_in_order) {
    EXPECT_EQ(to_text(plan()),
              "[] -> #1 Network demo_default, create, not found\n"
              "[1] -> #2 Container demo-db-1, create, no existing container\n"
              "[1,2] -> #3 Container demo-web-1, create, no existing container\n"
              "[1,2,3] -> #4 everything is created, milestone\n"
              "[4] -> #5 Container demo-db-1, start, created\n"
              "[4,5] -> #6 Service db, wait until healthy\n"
              "[4,5,6] -> #7 Container demo-web-1, start, created\n");
}

TEST_F(Demo, up_waits_for_health_by_events) {
    os::Scope scope;
    scope.spawn([&] { run_plan(plan()); });
    while (!reporter.has("Container demo-db-1 Waiting")) std::this_thread::yield();
    EXPECT_FALSE(reporter.has("Container demo-web-1 Starting"));
    engine.set_health("demo-db-1", engine::Health::healthy);
    scope.join();
    EXPECT_TRUE(reporter.has("Container demo-db-1 Healthy"));
    EXPECT_TRUE(reporter.has("Container demo-web-1 Started"));
}

TEST_F(Demo, what_starts_say_to_the_user_is_shown_once) {
    engine::fake::Behaviour behaviour;
    behaviour.health = engine::Health::healthy;
    behaviour.notes = {"a limit (ulimit) was lowered to what this machine allows"};
    engine.on_start("busybox", behaviour);
    run_plan(plan());
    EXPECT_EQ(std::count_if(reporter.lines.begin(), reporter.lines.end(),
                            [](const std::string& line) { return line.starts_with("warning "); }),
              1);
    EXPECT_TRUE(reporter.has("warning demo-db-1: a limit (ulimit) was lowered to what this machine allows"));
}

TEST_F(Demo, unhealthy_dependency_fails_with_its_name) {
    engine::fake::Behaviour behaviour;
    behaviour.health = engine::Health::unhealthy;
    engine.on_start("busybox", behaviour);
    try {
        run_plan(plan());
        FAIL() << "expected an error";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "dependency failed to start: container demo-db-1 is unhealthy");
    }
    EXPECT_EQ(engine.containers().inspect("demo-web-1").state, engine::ContainerState::created);
}

TEST_F(Demo, dependency_that_exits_fails_with_its_code) {
    engine::fake::Behaviour behaviour;
    behaviour.exits = 7;
    engine.on_start("busybox", behaviour);
    try {
        run_plan(plan());
        FAIL() << "expected an error";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "dependency failed to start: container demo-db-1 exited (7)");
    }
}

TEST_F(Demo, optional_dependency_is_passed_over) {
    project.services["web"].depends_on["db"].required = false;
    engine::fake::Behaviour behaviour;
    behaviour.exits = 7;
    engine.on_start("busybox", behaviour);
    run_plan(plan());
    EXPECT_TRUE(reporter.has("Container demo-db-1 Skipped: optional dependency \"db\" failed to start"));
}

TEST_F(Demo, unchanged_project_needs_no_change) {
    healthy_databases();
    up();
    EXPECT_EQ(to_text(plan()), "[] -> #1 Service db, wait until healthy\n");
    up();
    EXPECT_TRUE(engine.calls().empty());
}

TEST_F(Demo, changed_service_is_recreated_under_a_temporary_name) {
    healthy_databases();
    up();
    const std::string id = engine.containers().inspect("demo-web-1").id;
    project.services["web"].environment["A"] = "1";
    const Plan changed = plan();
    EXPECT_EQ(to_diff(changed), "  ~ Container demo-web-1  (configuration changed)\n");
    run_plan(changed);
    EXPECT_NE(engine.containers().inspect("demo-web-1").id, id);
    EXPECT_THAT(engine.calls(),
                ElementsAre("create " + id.substr(0, 12) + "_demo-web-1", "stop demo-web-1", "rm demo-web-1",
                            "rename " + id.substr(0, 12) + "_demo-web-1 demo-web-1", "start demo-web-1"));
    EXPECT_TRUE(reporter.has("Container demo-web-1 Recreated"));
}

TEST_F(Demo, the_cause_names_what_changed) {
    healthy_databases();
    up();
    project.services["web"].environment["A"] = "1";
    options.inspect = [&](const std::string& id) { return std::optional(engine.containers().inspect(id)); };
    EXPECT_EQ(to_diff(plan()), "  ~ Container demo-web-1  (configuration changed: environment A: none → 1)\n");
}

TEST_F(Demo, new_image_recreates) {
    healthy_databases();
    up();
    engine.add_image("busybox:latest");
    EXPECT_THAT(to_diff(plan()), HasSubstr("image changed: "));
    options.recreate = Recreate::never;
    options.recreate_dependencies = Recreate::never;
    EXPECT_EQ(to_text(plan()), "[] -> #1 Service db, wait until healthy\n");
}

TEST_F(Demo, smaller_scale_removes_outdated_ones_first_then_the_highest_numbers) {
    healthy_databases();
    project.services["web"].scale = 3;
    up();
    project.services["web"].scale = 1;
    run_plan(plan());
    EXPECT_THAT(engine.calls(),
                testing::UnorderedElementsAre("stop demo-web-2", "rm demo-web-2", "stop demo-web-3", "rm demo-web-3"));
    project.services["web"].scale = 2;
    engine.forget_calls();
    run_plan(plan());
    EXPECT_THAT(engine.calls(), ElementsAre("create demo-web-2", "start demo-web-2"));
}

TEST_F(Demo, dependents_with_restart_stop_before_and_start_after) {
    healthy_databases();
    project.services["web"].depends_on["db"].restart = true;
    up();
    project.services["db"].environment["A"] = "1";
    run_plan(plan());
    const std::vector<std::string> calls = engine.calls();
    const auto at = [&](const std::string& call) {
        return std::find(calls.begin(), calls.end(), call) - calls.begin();
    };
    EXPECT_LT(at("stop demo-web-1"), at("stop demo-db-1"));
    EXPECT_LT(at("start demo-db-1"), at("start demo-web-1"));
    EXPECT_LT(at("start demo-web-1"), static_cast<std::ptrdiff_t>(calls.size()));
}

TEST_F(Demo, borrowed_namespace_is_the_lenders_id_and_follows_it) {
    model::Service& side = service("side");
    side.networks.clear();
    side.network_mode = "service:db";
    model::Dependency dependency;
    dependency.condition = "service_started";
    dependency.restart = true;
    side.depends_on["db"] = dependency;
    healthy_databases();
    up();
    const std::string lender = engine.containers().inspect("demo-db-1").id;
    EXPECT_EQ(engine.containers().inspect("demo-side-1").spec.network_mode, "container:" + lender);
    EXPECT_EQ(to_diff(plan()), "Nothing to do: everything is as the files say.\n");
    project.services["db"].environment["A"] = "1";
    EXPECT_THAT(to_diff(plan()), HasSubstr("~ Container demo-side-1  (shares with service db, which is recreated)"));
}

TEST_F(Demo, changed_network_is_replaced_and_containers_keep_their_identity) {
    healthy_databases();
    up();
    const std::string id = engine.containers().inspect("demo-web-1").id;
    project.networks["default"].internal = true;
    run_plan(plan());
    EXPECT_EQ(engine.containers().inspect("demo-web-1").id, id);
    EXPECT_EQ(engine.containers().inspect("demo-web-1").state, engine::ContainerState::running);
    EXPECT_TRUE(engine.networks().find("demo_default")->internal);
    EXPECT_THAT(engine.containers().inspect("demo-web-1").endpoints.at(0).aliases, ElementsAre("demo-web-1", "web"));
}

TEST_F(Demo, changed_volume_is_replaced_only_after_a_yes) {
    healthy_databases();
    project.volumes["data"].name = "demo_data";
    model::Mount mount;
    mount.type = "volume";
    mount.source = "data";
    mount.target = "/data";
    project.services["db"].volumes = {mount};
    up();
    project.volumes["data"].labels["a"] = "b";
    EXPECT_EQ(to_diff(plan()), "Nothing to do: everything is as the files say.\n");
    std::string asked;
    options.confirm = [&](const std::string& question) {
        asked = question;
        return true;
    };
    run_plan(plan());
    EXPECT_EQ(
        asked,
        "Volume \"demo_data\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?");
    EXPECT_EQ(engine.volumes().find("demo_data")->labels.at("a"), "b");
    EXPECT_EQ(engine.containers().inspect("demo-db-1").state, engine::ContainerState::running);
}

TEST_F(Demo, anonymous_volumes_survive_a_recreation) {
    engine::Image image;
    image.volumes = {"/var/lib/data"};
    engine.add_image("busybox:latest", image);
    healthy_databases();
    up();
    const std::string volume = engine.containers().inspect("demo-db-1").mounts.at(0).name;
    project.services["db"].environment["A"] = "1";
    up();
    EXPECT_EQ(engine.containers().inspect("demo-db-1").mounts.at(0).name, volume);
    options.inherit_volumes = false;
    project.services["db"].environment["A"] = "2";
    up();
    EXPECT_NE(engine.containers().inspect("demo-db-1").mounts.at(0).name, volume);
}

TEST_F(Demo, orphans_go_when_asked_and_disabled_services_are_none) {
    healthy_databases();
    up();
    project.disabled_services["db"] = project.services["db"];
    project.services.erase("db");
    project.services["web"].depends_on.clear();
    EXPECT_TRUE(orphans(project, state::observe(engine, project)).empty());
    project.disabled_services.clear();
    EXPECT_EQ(orphans(project, state::observe(engine, project)).size(), 1U);
    options.remove_orphans = true;
    run_plan(plan());
    EXPECT_EQ(engine.calls(), (std::vector<std::string>{"stop demo-db-1", "rm demo-db-1"}));
}

TEST_F(Demo, missing_external_resources_are_named) {
    project.networks["default"].external = true;
    try {
        plan();
        FAIL() << "expected an error";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "network demo_default declared as external, but could not be found");
    }
}

TEST_F(Demo, post_start_hook_that_fails_fails_the_start) {
    healthy_databases();
    model::Hook hook;
    hook.command = model::Texts{"migrate"};
    project.services["db"].post_start = {hook};
    engine::fake::Behaviour behaviour;
    behaviour.health = engine::Health::healthy;
    behaviour.exec = [](const engine::ExecSpec&) {
        return engine::fake::Behaviour::Ran{3, "working\n", "no such table\n"};
    };
    engine.on_start("busybox", behaviour);
    try {
        run_plan(plan());
        FAIL() << "expected an error";
    } catch (const base::Error& error) { EXPECT_EQ(error.message(), "db hook exited with status 3: no such table"); }
}

TEST_F(Demo, pre_start_hook_runs_once_in_its_own_container_before_the_start) {
    engine.add_image("migrations:latest");
    engine::fake::Behaviour done;
    done.exits = 0;
    engine.on_start("migrations", done);
    healthy_databases();
    model::Hook hook;
    hook.image = "migrations";
    project.services["web"].pre_start = {hook};
    run_plan(plan());
    const std::vector<std::string> calls = engine.calls();
    EXPECT_EQ(calls.back(), "start demo-web-1");
    EXPECT_TRUE(calls[calls.size() - 2].starts_with("rm fake_")) << calls[calls.size() - 2];
}

TEST_F(Demo, labels_are_those_of_compose) {
    healthy_databases();
    up();
    const engine::Labels labels = engine.containers().inspect("demo-web-1").labels;
    EXPECT_EQ(labels.at("com.docker.compose.project"), "demo");
    EXPECT_EQ(labels.at("com.docker.compose.service"), "web");
    EXPECT_EQ(labels.at("com.docker.compose.container-number"), "1");
    EXPECT_EQ(labels.at("com.docker.compose.oneoff"), "False");
    EXPECT_EQ(labels.at("com.docker.compose.depends_on"), "db:service_healthy:false");
    EXPECT_EQ(labels.at("com.docker.compose.project.working_dir"), "/srv/demo");
    EXPECT_EQ(labels.at("com.docker.compose.image"), engine.images().find("busybox")->id);
    EXPECT_EQ(labels.at("com.docker.compose.config-hash").size(), 64U);
}

TEST(Graph, names_a_cycle_and_a_disabled_dependency) {
    model::Project project;
    for (const char* name : {"a", "b"}) project.services[name].name = name;
    project.services["a"].depends_on["b"].required = true;
    project.services["b"].depends_on["a"].required = true;
    EXPECT_THROW(in_order(project), base::Error);
    project.services.erase("b");
    project.disabled_services["b"].profiles = {"tools"};
    try {
        in_order(project);
        FAIL() << "expected an error";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "service b is required by a but is disabled. Can be enabled by profiles [tools]");
    }
}

}  // namespace
}  // namespace tutti::plan
