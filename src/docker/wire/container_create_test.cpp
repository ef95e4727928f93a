#include "docker/wire/container_create.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "docker/wire/archive.h"
#include "docker/wire/containers.h"

namespace tutti::docker::wire {
namespace {

engine::ContainerSpec full_spec() {
    engine::ContainerSpec spec;
    spec.name = "demo-web-1";
    spec.image = "nginx:alpine";
    spec.entrypoint = std::vector<std::string>{};
    spec.command = std::vector<std::string>{"nginx", "-g", "daemon off;"};
    spec.env = {"A=1", "B"};
    spec.user = "101:101";
    spec.working_dir = "/srv";
    spec.hostname = "web";
    spec.stop_signal = "SIGQUIT";
    spec.stop_timeout = 3;
    spec.tty = spec.open_stdin = true;
    spec.init = true;
    spec.labels = {{"com.docker.compose.project", "demo"}};
    spec.health_check = engine::HealthCheck{.test = {"CMD", "true"},
                                            .interval = std::chrono::seconds(5),
                                            .timeout = std::chrono::seconds(2),
                                            .start_period = std::chrono::seconds(1),
                                            .start_interval = std::chrono::milliseconds(500),
                                            .retries = 4};
    spec.restart = {engine::RestartPolicy::Kind::on_failure, 5};
    spec.mounts.push_back(
        {.type = engine::MountSpec::Type::bind, .source = "/srv/a", .target = "/a", .read_only = true});
    spec.mounts.push_back({.source = "data", .target = "/data", .no_copy = true, .subpath = "x"});
    spec.network_mode = "demo_default";
    spec.endpoints.push_back(
        {.network = "demo_default", .aliases = {"web"}, .ipv4_address = "172.30.0.9", .gw_priority = 7});
    spec.ports.push_back({.host_ip = "127.0.0.1", .host_port = "8080", .container_port = 80});
    spec.exposed_ports = {"80/tcp"};
    spec.cap_add = {"NET_ADMIN"};
    spec.devices.push_back({"/dev/fuse", "/dev/fuse", "rwm"});
    spec.device_requests.push_back({.count = -1, .capabilities = {{"gpu"}}});
    spec.sysctls = {{"net.core.somaxconn", "512"}};
    spec.resources.nano_cpus = 500'000'000;
    spec.resources.memory = 64 << 20;
    spec.resources.pids_limit = 100;
    spec.resources.ulimits.push_back({"nofile", 1024, 2048});
    spec.resources.blkio_read_bps.push_back({"/dev/vda", 1 << 20});
    spec.log_driver = "json-file";
    spec.log_options = {{"max-size", "1m"}};
    return spec;
}

// What the engine tells of a container is what it was told, plus its state.
doc::Node as_inspect(const engine::ContainerSpec& spec, int api_minor) {
    doc::Node config = create_body(spec, api_minor);
    doc::Node inspect = doc::Node::map();
    inspect.set("Id", doc::Node("abc"));
    inspect.set("Name", doc::Node("/" + spec.name));
    inspect.set("HostConfig", *config.find("HostConfig"));
    inspect.set("NetworkSettings", doc::Node::map())
        .set("Networks", *config.find_path({"NetworkingConfig", "EndpointsConfig"}));
    config.erase("HostConfig");
    config.erase("NetworkingConfig");
    inspect.set("Config", std::move(config));
    return inspect;
}

TEST(ContainerCreate, WhatIsWrittenIsReadBack) {
    const engine::ContainerSpec spec = full_spec();
    engine::ContainerSpec back = spec_from_inspect(as_inspect(spec, 55));
    EXPECT_EQ(back, spec);
}

TEST(ContainerCreate, AnOldEngineRefusesWhatItLacksByName) {
    try {
        create_body(full_spec(), 43);
        FAIL() << "start_interval needs API 1.44";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::unsupported);
        EXPECT_NE(error.message().find("start_interval"), std::string::npos);
    }
}

TEST(ContainerCreate, SelinuxLabelsGoToTheOlderForm) {
    engine::ContainerSpec spec;
    spec.mounts.push_back({.type = engine::MountSpec::Type::bind, .source = "/a", .target = "/b", .selinux = "Z"});
    const doc::Node body = create_body(spec, 55);
    EXPECT_EQ(body.find("HostConfig")->texts_or_empty("Binds"), std::vector<std::string>{"/a:/b:rw,Z"});
}

TEST(Summary, OldEnginesSayHealthAndExitCodeOnlyInWords) {
    doc::Node row = doc::Node::map();
    row.set("State", doc::Node("exited"));
    row.set("Status", doc::Node("Exited (137) 3 minutes ago"));
    EXPECT_EQ(summary_from(row).exit_code, 137);
    row.set("State", doc::Node("running"));
    row.set("Status", doc::Node("Up 2 hours (health: starting)"));
    EXPECT_EQ(summary_from(row).health, engine::Health::starting);
    row.set("Status", doc::Node("Up 2 hours (unhealthy)"));
    EXPECT_EQ(summary_from(row).health, engine::Health::unhealthy);
}

TEST(Archive, IsAlignedAndRefusesNamesAsOwners) {
    const std::string tar = archive_of({{.target = "/run/secrets/db", .content = "x", .mode = 0400, .uid = "5"}});
    EXPECT_EQ(tar.size() % 512, 0U);
    EXPECT_TRUE(tar.starts_with("run/secrets/db"));
    EXPECT_THROW(archive_of({{.target = "/x", .uid = "postgres"}}), base::Error);
}

}  // namespace
}  // namespace tutti::docker::wire
