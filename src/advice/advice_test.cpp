#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "advice/leaks.h"
#include "advice/ports.h"
#include "advice/why.h"
#include "base/text.h"
#include "engine/fake/fake.h"
#include "os/fd.h"

namespace tutti::advice {
namespace {

model::Project publishing(const std::string& port) {
    model::Project project;
    project.name = "demo";
    model::Service& web = project.services["web"];
    web.name = "web";
    web.ports.push_back({});
    web.ports.back().published = port;
    web.ports.back().target = 80;
    return project;
}

TEST(Ports, names_the_container_that_holds_one) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    engine::ContainerSpec spec;
    spec.name = "shop-web-1";
    spec.image = "busybox";
    spec.labels["com.docker.compose.project"] = "shop";
    spec.ports = {{"", "8080", 80, "tcp"}};
    engine.containers().create(spec);
    engine.containers().start("shop-web-1");
    const auto clashes = port_clashes(publishing("8080"), {}, engine, false);
    ASSERT_EQ(clashes.size(), 1U);
    EXPECT_EQ(to_text(clashes[0]),
              "port 8080/tcp, which service web publishes, is held by container shop-web-1 of project shop");
    EXPECT_TRUE(port_clashes(publishing("8081"), {}, engine, false).empty());
}

TEST(Ports, names_the_process_that_holds_one) {
    const os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string port = std::to_string(ntohs(address.sin_port));
    engine::fake::FakeEngine engine;
    const auto clashes = port_clashes(publishing(port), {}, engine, true);
    ASSERT_EQ(clashes.size(), 1U);
    EXPECT_NE(clashes[0].holder.find(base::cat("(pid ", ::getpid(), ")")), std::string::npos) << clashes[0].holder;
}

TEST(Ports, two_services_of_one_file) {
    model::Project project = publishing("8080");
    project.services["api"] = project.services["web"];
    project.services["api"].name = "api";
    engine::fake::FakeEngine engine;
    const auto clashes = port_clashes(project, {}, engine, false);
    ASSERT_EQ(clashes.size(), 1U);
    EXPECT_EQ(clashes[0].holder, "service api of the same project");
}

TEST(Ports, a_service_of_the_project_that_runs_already) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    engine::ContainerSpec spec;
    spec.name = "demo-web-1";
    spec.image = "busybox";
    spec.labels = {{"com.docker.compose.project", "demo"},
                   {"com.docker.compose.service", "web"},
                   {"com.docker.compose.config-hash", "0"}};
    spec.ports = {{"", "8080", 80, "tcp"}};
    engine.containers().create(spec);
    engine.containers().start("demo-web-1");
    model::Project project = publishing("8080");
    const auto now = [&] { return port_clashes(project, state::observe(engine, project), engine, false); };
    EXPECT_TRUE(now().empty());
    project.services["api"] = project.services["web"];
    project.services["api"].name = "api";
    ASSERT_EQ(now().size(), 1U);
    EXPECT_EQ(to_text(now()[0]),
              "port 8080/tcp, which service api publishes, is held by service web of the same project");
    project.disabled_services["web"] = project.services["web"];  // its profile is off now, and it runs on
    project.services.erase("web");
    ASSERT_EQ(now().size(), 1U);
    EXPECT_EQ(now()[0].holder, "container demo-web-1 of project demo");
}

TEST(Why, tells_the_exit_and_the_last_lines) {
    engine::fake::FakeEngine engine;
    engine.add_image("busybox:latest");
    engine::fake::Behaviour behaviour;
    behaviour.output = {{engine::StreamKind::stderr_, "no such table"}};
    behaviour.exits = 139;
    engine.on_start("busybox", behaviour);
    engine::ContainerSpec spec;
    spec.name = "demo-db-1";
    spec.image = "busybox";
    engine.containers().create(spec);
    engine.containers().start("demo-db-1");
    EXPECT_EQ(why(engine, "demo-db-1"),
              "  demo-db-1 exited with 139: ended by SIGSEGV, it touched memory that is not its own\n    last lines of "
              "its log:\n      no such table\n");
}

std::vector<std::string> kinds(std::string_view text) {
    std::vector<std::string> all;
    for (const Leak& leak : leaks_in(text)) all.push_back(leak.kind);
    return all;
}

TEST(Leaks, common_forms_are_found) {
    using Kinds = std::vector<std::string>;
    EXPECT_EQ(kinds("id: A3TX1234567890ABCDEF"), Kinds{"AWS Client ID"});
    EXPECT_EQ(kinds("AWS_SECRET: aws\"12345+67890/abcdefghijklm+NOPQRSTUVWXYZ+\""), Kinds{"AWS Secret Key"});
    EXPECT_EQ(kinds("t=ghp_1234567890abcdefghijklmnopqrstuvwxyz"), Kinds{"Github authentication"});
    EXPECT_EQ(kinds("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fw"), Kinds{"JSON Web Token"});
    EXPECT_EQ(kinds("-----BEGIN DSA PRIVATE KEY-----\nwxyz\n-----END DSA PRIVATE KEY-----"), Kinds{"Private Key"});
    EXPECT_EQ(kinds("https://me:hunter2@example.org/x"), Kinds{"Basic Auth"});
}

TEST(Leaks, ordinary_text_is_not) {
    EXPECT_TRUE(kinds("image: nginx:1.27\nurl: http://example.org:8080/a\nAKIAX\nurl: https://u:${P}@h").empty());
}

TEST(Leaks, secrets_by_their_names) {
    EXPECT_TRUE(holds_secret("DB_PASSWORD", "hunter2"));
    EXPECT_TRUE(holds_secret("api_key", "abc"));
    EXPECT_FALSE(holds_secret("DB_PASSWORD", "${DB_PASSWORD}"));
    EXPECT_FALSE(holds_secret("DB_HOST", "db.example.org"));
}

}  // namespace
}  // namespace tutti::advice
