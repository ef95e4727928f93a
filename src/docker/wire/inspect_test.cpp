#include "docker/wire/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "docker/wire/containers.h"
#include "docker/wire/resources.h"

namespace tutti::docker::wire {
namespace {

engine::Container running() {
    engine::Container out;
    out.id = std::string(64, 'a');
    out.name = "web";
    out.image_id = "sha256:1";
    out.created = engine::Time(std::chrono::seconds(1000));
    out.started = engine::Time(std::chrono::seconds(2000));
    out.state = engine::ContainerState::running;
    out.health = engine::Health::unhealthy;
    out.failing_streak = 2;
    out.probes = {{out.created, out.started, 1, "no answer"}};
    out.pid = 42;
    out.ports = {{"127.0.0.1", 8080, 80, "tcp"}, {"", 0, 81, "udp"}};
    engine::Endpoint endpoint;
    endpoint.network = "bridge";
    endpoint.ipv4_address = "10.0.0.2";
    endpoint.ipv4_prefix = 24;
    out.endpoints = {endpoint};
    out.mounts = {{"volume", "data", "/v/data", "/data", "local", "z", "", false}};
    out.spec.image = "busybox";
    out.spec.command = std::vector<std::string>{"sleep", "1"};
    out.spec.labels = {{"tier", "front"}};
    out.spec.restart = {engine::RestartPolicy::Kind::on_failure, 3};
    out.spec.resources.memory = 1 << 20;
    return out;
}

// What a client reads out of it is what the engine knew.
TEST(inspect_body, is_read_back_as_it_was) {
    const engine::Container wanted = running(), got = container_from(inspect_body(wanted));
    EXPECT_EQ(got.id, wanted.id);
    EXPECT_EQ(got.name, "web");
    EXPECT_EQ(got.state, wanted.state);
    EXPECT_EQ(got.health, wanted.health);
    EXPECT_EQ(got.probes, wanted.probes);
    EXPECT_EQ(got.started, wanted.started);
    EXPECT_EQ(got.finished, engine::Time{});
    EXPECT_EQ(got.ports, wanted.ports);
    ASSERT_EQ(got.endpoints.size(), 1U);
    EXPECT_EQ(got.endpoints[0].ipv4_address, "10.0.0.2");
    EXPECT_EQ(got.mounts, wanted.mounts);
    EXPECT_EQ(got.spec.command, wanted.spec.command);
    EXPECT_EQ(got.spec.labels, wanted.spec.labels);
    EXPECT_EQ(got.spec.restart, wanted.spec.restart);
    EXPECT_EQ(got.spec.resources, wanted.spec.resources);
}

TEST(inspect_body, has_the_fields_that_scripts_look_up) {
    const doc::Node body = inspect_body(running());
    EXPECT_EQ(body.find_path({"NetworkSettings", "IPAddress"})->as_text(), "10.0.0.2");
    EXPECT_EQ(body.find_path({"State", "Status"})->as_text(), "running");
    EXPECT_EQ(body.find_path({"HostConfig", "LogConfig", "Type"})->as_text(), "json-file");
    EXPECT_TRUE(body.find_path({"HostConfig", "Binds"})->is_null());
    EXPECT_TRUE(body.find_path({"Config", "Entrypoint"})->is_null());
    EXPECT_TRUE(body.find_path({"NetworkSettings", "Ports", "81/udp"})->is_null()) << "exposed only";
}

TEST(inspect_body, of_networks_and_volumes_is_read_back) {
    engine::Network network;
    network.name = "back";
    network.driver = "bridge";
    network.ipam = {{"10.0.0.0/24", "", "10.0.0.1", {{"router", "10.0.0.9"}}}};
    network.internal = true;
    const engine::Network got = network_from(inspect_body(network));
    EXPECT_EQ(got.ipam, network.ipam);
    EXPECT_TRUE(got.internal);
    engine::Volume volume;
    volume.name = "data";
    volume.labels = {{"a", "b"}};
    EXPECT_EQ(volume_from(inspect_body(volume)).labels, volume.labels);
}

}  // namespace
}  // namespace tutti::docker::wire
