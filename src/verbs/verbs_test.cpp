#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "engine/fake/fake.h"
#include "os/file.h"
#include "verbs/attached.h"
#include "verbs/exec.h"
#include "verbs/lifecycle.h"
#include "verbs/logs.h"
#include "verbs/merge.h"
#include "verbs/project_lock.h"
#include "verbs/run.h"
#include "verbs/up.h"
#include "verbs/words.h"

namespace tutti::verbs {
namespace {

using base::cat;
using engine::StreamKind;
using testing::ElementsAre;
using testing::HasSubstr;

class Recorder : public base::Reporter, public LogFace {
  public:
    void progress(const base::Progress& step) override { add(cat(step.id, " ", step.text)); }
    void warn(std::string_view message) override { add(cat("warning: ", message)); }
    void note(std::string_view text) override { add(std::string(text)); }
    void line(const std::string& source, StreamKind, engine::Time, std::string_view text) override {
        add(cat(source, " | ", text));
    }
    void status(const std::string& source, std::string_view text) override { add(cat(source, " ", text)); }

    bool has(const std::string& line) {
        const std::lock_guard lock(mutex_);
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    }
    void wait_for(const std::string& line) {
        while (!has(line)) std::this_thread::yield();
    }
    std::vector<std::string> lines;

  private:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines.push_back(std::move(line));
    }
    std::mutex mutex_;
};

struct Verbs : testing::Test {
    Verbs() {
        engine.add_image("busybox:latest");
        project.name = "demo";
        project.working_dir = "/srv/demo";
        project.networks["default"].name = "demo_default";
        for (const char* name : {"db", "web"}) {
            model::Service& service = project.services[name];
            service.name = name;
            service.image = "busybox";
            service.networks["default"];
        }
        model::Dependency dependency;
        dependency.condition = "service_started";
        dependency.required = true;
        project.services["web"].depends_on["db"] = dependency;
        create.host_sockets = false;
        stdio.out = stdio.err = [this](std::string_view text) { output += text; };
    }
    void up() { verbs::up(project, engine, create, seen, scope); }
    Target target(std::vector<std::string> services = {}) { return {"demo", nullptr, std::move(services)}; }
    void output_of(const std::string& image, std::vector<std::string> lines, std::optional<int> exits = std::nullopt) {
        engine::fake::Behaviour behaviour;
        for (std::string& line : lines) behaviour.output.emplace_back(StreamKind::stdout_, std::move(line));
        behaviour.exits = exits;
        engine.on_start(image, behaviour);
    }

    engine::fake::FakeEngine engine;
    model::Project project;
    CreateOptions create;
    Recorder seen;
    os::Scope scope;
    Stdio stdio;
    std::string output;
};

TEST_F(Verbs, up_then_down_leaves_nothing) {
    up();
    EXPECT_EQ(engine.containers().list({}).size(), 2U);
    down(target(), engine, {}, {}, seen, scope);
    EXPECT_TRUE(engine.containers().list({true}).empty());
    EXPECT_FALSE(engine.networks().find("demo_default"));
    EXPECT_TRUE(seen.has("Network demo_default Removed"));
}

TEST_F(Verbs, up_pulls_what_is_missing_first) {
    engine.add_remote_image("redis:7");
    project.services["db"].image = "redis:7";
    up();
    EXPECT_EQ(engine.calls().front(), "pull redis:7");
    EXPECT_TRUE(seen.has("Image redis:7 Pulled"));
}

TEST_F(Verbs, nothing_is_created_when_an_image_cannot_be_pulled) {
    project.services["db"].image = "nowhere";
    EXPECT_THROW(up(), base::Error);
    EXPECT_TRUE(engine.containers().list({true}).empty());
    EXPECT_FALSE(engine.networks().find("demo_default"));
}

TEST_F(Verbs, nothing_is_created_when_a_port_is_taken) {
    for (const char* name : {"db", "web"}) {
        model::Port port;
        port.published = "8080";
        port.target = 80;
        project.services[name].ports = {port};
    }
    try {
        up();
        FAIL() << "expected an error";
    } catch (const base::Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("port 8080/tcp, which service web publishes, is held by service db"));
    }
    EXPECT_TRUE(engine.containers().list({true}).empty());
}

TEST_F(Verbs, dry_run_shows_and_does_nothing) {
    create.dry_run = true;
    up();
    EXPECT_TRUE(seen.has("Container demo-web-1 Started"));
    EXPECT_TRUE(engine.calls().empty());
}

TEST_F(Verbs, stop_goes_in_reverse_order_and_start_in_order) {
    up();
    engine.forget_calls();
    stop(target(), engine, {}, {}, seen, scope);
    start(target(), engine, {}, {}, seen, scope);
    EXPECT_THAT(engine.calls(),
                ElementsAre("stop demo-web-1", "stop demo-db-1", "start demo-db-1", "start demo-web-1"));
}

TEST_F(Verbs, down_of_a_service_takes_its_dependents_along) {
    up();
    engine.forget_calls();
    down(target({"db"}), engine, {}, {}, seen, scope);
    EXPECT_THAT(engine.calls(), ElementsAre("stop demo-web-1", "rm demo-web-1", "stop demo-db-1", "rm demo-db-1",
                                            "network rm demo_default"));
}

TEST_F(Verbs, down_says_which_profiles_stay) {
    up();
    project.services["web"].profiles = {"front"};
    project.disabled_services["web"] = project.services["web"];
    project.services.erase("web");
    down({"demo", &project, {}}, engine, {}, {}, seen, scope);
    EXPECT_TRUE(seen.has("warning: services of other profiles stay: web; take them down with --profile front down"));
    EXPECT_TRUE(seen.has("Network demo_default Resource is still in use"));
}

TEST_F(Verbs, kill_and_remove_tell_whether_there_was_anything) {
    up();
    EXPECT_TRUE(kill(target({"web"}), engine, {}, {}, seen, scope));
    EXPECT_FALSE(kill(target({"web"}), engine, {}, {}, seen, scope));
    std::string question;
    RemoveOptions options;
    options.ask = [&](const std::string& text, bool) {
        question = text;
        return true;
    };
    EXPECT_TRUE(remove(target(), engine, options, {}, seen, scope));
    EXPECT_EQ(question, "Going to remove demo-web-1");
    EXPECT_FALSE(remove(target(), engine, options, {}, seen, scope));
}

TEST_F(Verbs, logs_of_several_containers_are_in_order_of_time) {
    output_of("busybox", {"one", "two"});
    up();
    engine.write_log("demo-db-1", StreamKind::stderr_, "late");
    seen.lines.clear();
    logs(target(), engine, {}, seen, seen, scope);
    EXPECT_THAT(seen.lines, ElementsAre("db-1 | one", "db-1 | two", "web-1 | one", "web-1 | two", "db-1 | late"));
    seen.lines.clear();
    LogsOptions options;
    options.tail = 1;
    options.grep = "two";
    logs(target(), engine, options, seen, seen, scope);
    EXPECT_THAT(seen.lines, ElementsAre("web-1 | two"));
}

TEST_F(Verbs, exec_hands_on_output_and_exit_code) {
    engine::fake::Behaviour behaviour;
    behaviour.exec = [](const engine::ExecSpec& spec) {
        return engine::fake::Behaviour::Ran{3, base::join(spec.command, " ") + "\n", {}};
    };
    engine.on_start("busybox", behaviour);
    up();
    ExecOptions options;
    options.service = "web";
    options.spec.command = {"echo", "hi"};
    options.interactive = false;
    EXPECT_EQ(exec("demo", engine, options, stdio, scope), 3);
    EXPECT_EQ(output, "echo hi\n");
    options.service = "nobody";
    try {
        exec("demo", engine, options, stdio, scope);
        FAIL() << "expected an error";
    } catch (const base::Error& error) { EXPECT_EQ(error.message(), "service \"nobody\" is not running"); }
}

TEST_F(Verbs, run_starts_dependencies_and_ends_with_the_code) {
    output_of("tool", {"done"}, 4);
    engine.add_image("tool:latest");
    project.services["web"].image = "tool";
    RunOptions options;
    options.service = "web";
    options.slug = std::string(64, 'a');
    options.auto_remove = true;
    options.interactive = false;
    EXPECT_EQ(run(project, engine, options, create, stdio, seen, scope, {}), 4);
    EXPECT_EQ(output, "done\n");
    const auto left = engine.containers().list({true});
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].name, "demo-db-1");
    EXPECT_THAT(engine.calls(), testing::Contains("create demo-web-run-aaaaaaaaaaaa"));
}

struct Attached : Verbs {
    int follow() {
        create.reconcile.start = false;
        up();
        create.reconcile.start = true;
        return start_attached(project, engine, create, options, seen, seen, signals, scope);
    }
    AttachOptions options{{"db", "web"}, {}, AttachOptions::OnExit::ignore, {}, {}};
    os::Queue<int> signals;
};

TEST_F(Attached, shows_output_and_ends_when_all_have_ended) {
    output_of("busybox", {"hello"}, 0);
    project.services["web"].depends_on.clear();
    EXPECT_EQ(follow(), 0);
    EXPECT_TRUE(seen.has("Attaching to db-1, web-1"));
    EXPECT_TRUE(seen.has("db-1 | hello"));
    EXPECT_TRUE(seen.has("web-1 exited with code 0"));
}

TEST_F(Attached, first_exit_stops_the_others_and_gives_its_code) {
    options.on_exit = AttachOptions::OnExit::stop;
    os::Scope other;
    other.spawn([&] {
        seen.wait_for("Container demo-web-1 Started");
        engine.exit("demo-web-1", 5);
    });
    EXPECT_EQ(follow(), 5);
    other.join();
    EXPECT_TRUE(seen.has("Container demo-db-1 Stopped"));
}

TEST_F(Attached, code_of_the_named_service_counts) {
    options.on_exit = AttachOptions::OnExit::stop;
    options.exit_code_from = "db";
    engine::fake::Behaviour behaviour;
    behaviour.stop_code = 143;
    engine.on_start("busybox", behaviour);
    os::Scope other;
    other.spawn([&] {
        seen.wait_for("Container demo-web-1 Started");
        engine.exit("demo-web-1", 5);
    });
    EXPECT_EQ(follow(), 143);
    other.join();
}

TEST_F(Attached, a_signal_stops_gracefully) {
    os::Scope other;
    other.spawn([&] {
        seen.wait_for("Container demo-web-1 Started");
        signals.push(2);
    });
    EXPECT_EQ(follow(), 130);
    other.join();
    EXPECT_TRUE(seen.has("Container demo-web-1 Stopped"));
    EXPECT_TRUE(engine.containers().list({}).empty());
}

TEST(Words, durations_and_states_are_dockers) {
    using std::chrono::seconds;
    EXPECT_EQ(human_duration(seconds(0)), "Less than a second");
    EXPECT_EQ(human_duration(seconds(75)), "About a minute");
    EXPECT_EQ(human_duration(seconds(3600)), "About an hour");
    EXPECT_EQ(human_duration(seconds(3600 * 50)), "2 days");
    engine::ContainerSummary summary;
    const engine::Time now(seconds(1000));
    summary.state = engine::ContainerState::exited;
    summary.exit_code = 3;
    summary.finished = now - seconds(5);
    EXPECT_EQ(status_text(summary, now), "Exited (3) 5 seconds ago");
}

TEST(Words, ports_are_grouped) {
    EXPECT_EQ(ports_text({{"0.0.0.0", 8080, 80, "tcp"}, {"::", 8080, 80, "tcp"}}),
              "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
    EXPECT_EQ(ports_text({{"0.0.0.0", 80, 80, "tcp"}, {"0.0.0.0", 81, 81, "tcp"}, {"", 0, 9000, "tcp"}}),
              "0.0.0.0:80-81->80-81/tcp, 9000/tcp");
}

TEST(ProjectLock, the_second_waits_and_says_for_whom) {
    const os::TempFolder folder;
    Recorder seen;
    os::Scope scope;
    auto first = std::make_unique<ProjectLock>(folder.path(), "demo", "up", seen, scope.cancel());
    os::Scope other;
    other.spawn([&] { const ProjectLock second(folder.path(), "demo", "down", seen, other.cancel()); });
    while (seen.lines.empty()) std::this_thread::yield();
    EXPECT_THAT(seen.lines[0], HasSubstr("waiting for `up` (pid "));
    first.reset();
    other.join();
}

}  // namespace
}  // namespace tutti::verbs
