#include "advice/causes.h"

#include <gtest/gtest.h>

#include "advice/image_lint.h"

namespace tutti::advice {
namespace {

engine::Container failed() {
    engine::Container container;
    container.name = "demo-x-1";
    container.image = "minio/minio";
    container.state = engine::ContainerState::exited;
    container.exit_code = 1;
    container.path = "server";
    return container;
}

std::string only(const engine::Container& container, std::string_view log = {}) {
    const auto all = causes(container, log);
    return all.size() == 1 ? all[0] : std::to_string(all.size()) + " causes";
}

TEST(Causes, a_healthcheck_whose_program_the_image_lacks) {
    engine::Container container = failed();
    container.state = engine::ContainerState::running;
    container.health = engine::Health::unhealthy;
    container.spec.health_check.emplace();
    container.spec.health_check->test = {"CMD", "curl", "-f", "http://localhost:9000"};
    container.probes.push_back({{}, {}, 127, ""});
    EXPECT_EQ(only(container),
              "its healthcheck cannot run: \"curl\" is not in minio/minio; test with a program that the image has");
    container.spec.health_check->test = {"CMD-SHELL", "curl -f http://localhost:9000"};
    container.probes.back() = {{}, {}, 1, "sh: 1: curl: not found"};
    EXPECT_TRUE(only(container).starts_with("its healthcheck cannot run: \"curl\""));
    container.probes.back().output = "connection refused";
    EXPECT_TRUE(causes(container, "").empty());
}

TEST(Causes, an_upstream_that_does_not_run) {
    EXPECT_TRUE(
        only(failed(), "nginx: [emerg] host not found in upstream \"api:8000\" in /etc/nginx/conf.d/default.conf:3\n")
            .starts_with("its nginx config names api, which does not run;"));
}

TEST(Causes, a_volume_of_root_under_a_process_without_root) {
    engine::Container container = failed();
    container.spec.user = "10001";
    engine::MountPoint mount;
    mount.type = "volume";
    mount.name = "city_tempo-data";
    mount.destination = "/tmp/tempo";
    container.mounts = {mount};
    EXPECT_TRUE(
        only(container, "mkdir /tmp/tempo/blocks: permission denied")
            .starts_with("volume city_tempo-data at /tmp/tempo belongs to another user, and the process runs as "
                         "10001;"));
    container.spec.user = "root";
    EXPECT_TRUE(causes(container, "mkdir /tmp/tempo/blocks: permission denied").empty());
}

TEST(Causes, databases) {
    EXPECT_TRUE(only(failed(), "FATAL:  database \"mlflow\" does not exist")
                    .starts_with("nobody has made the database mlflow;"));
    EXPECT_TRUE(only(failed(), "FATAL: password authentication failed for user")
                    .starts_with("the database has another password;"));
    EXPECT_TRUE(only(failed(), "max virtual memory areas vm.max_map_count [65530] is too low").find("262144") !=
                std::string::npos);
}

TEST(Causes, a_file_that_became_a_folder) {
    engine::Container container = failed();
    engine::MountPoint mount;
    mount.type = "bind";
    mount.source = "/p/promtail.yml";
    mount.destination = "/etc/promtail/config.yml";
    container.mounts = {mount};
    EXPECT_TRUE(
        only(container, "read /etc/promtail/config.yml: is a directory").starts_with("/p/promtail.yml is a folder;"));
}

TEST(Causes, an_interpreter_without_a_program) {
    engine::Container container = failed();
    container.exit_code = 0;
    container.path = "/usr/bin/python3";
    EXPECT_TRUE(only(container).starts_with("its command is the image's python3, with no program"));
    container.args = {"app.py"};
    EXPECT_TRUE(causes(container, "").empty());
}

TEST(ImageLint, data_that_the_image_keeps_beside_the_volume) {
    model::Project project;
    model::Service& db = project.services["db"];
    db.image = "own/postgres:1";
    model::Mount mount;
    mount.type = "volume";
    mount.source = "data";
    mount.target = "/var/lib/postgresql/data";
    db.volumes.push_back(mount);
    std::map<std::string, engine::Image> images;
    images["own/postgres:1"].env = {"PATH=/bin", "PGDATA=/home/postgres/data"};
    const Findings found = image_lint(project, images);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].fix, "mount it at /home/postgres/data");
    db.environment["PGDATA"] = "/var/lib/postgresql/data/mine";
    EXPECT_TRUE(image_lint(project, images).empty());
}

TEST(ImageLint, where_an_image_comes_from_that_cannot_be_pulled) {
    EXPECT_EQ(where_to_get("bitnami/kafka:3.7"),
              "the images of bitnami/ have left Docker Hub; the last ones lie under bitnamilegacy/kafka:3.7");
    EXPECT_TRUE(
        where_to_get("ticker:0.0.1-SNAPSHOT").starts_with("ticker:0.0.1-SNAPSHOT is not on this machine either:"));
}

}  // namespace
}  // namespace tutti::advice
