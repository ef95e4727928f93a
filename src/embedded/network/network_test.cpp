#include "embedded/network/network.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "embedded/network/lab_test.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;

struct Box {  // a container: a namespace and its endpoints
    Sandbox sandbox;
    Attached attached;
    std::string id;

    std::string address(std::size_t endpoint = 0) const {
        return attached.endpoints.at(endpoint).ipv4->address.to_text();
    }
    std::string address6(std::size_t endpoint = 0) const {
        return attached.endpoints.at(endpoint).ipv6->address.to_text();
    }
};

Box start(Networks& networks, char digit, const std::vector<std::string>& on, std::vector<PortSpec> ports = {}) {
    Box box;
    box.id = container_id(digit);
    box.sandbox = make_sandbox();
    AttachSpec spec{
        .container = box.id, .names = {std::string("c") + digit, "", ""}, .endpoints = {}, .ports = std::move(ports)};
    for (const std::string& name : on) spec.endpoints.push_back({.network = name});
    box.attached = networks.attach(box.sandbox.netns, spec);
    return box;
}

NetworkSpec named(std::string name) {
    NetworkSpec spec;
    spec.name = std::move(name);
    return spec;
}

TEST(Networks, TwoContainersOfOneNetworkReachEachOther) {
    Machine machine;
    Networks networks = machine.networks();
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"});
    const Box b = start(networks, 'b', {"web"});
    EXPECT_EQ(a.address(), "172.17.0.2");
    EXPECT_EQ(b.address(), "172.17.0.3");
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    const auto seen = ask_tcp(a.sandbox.netns, b.address(), 80, server);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->to_text(), a.address());
}

TEST(Networks, APublishedPortIsReachedFromEverywhere) {
    Machine machine;
    Networks networks = machine.networks();
    networks.create(named("web"));
    networks.create(named("other"));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"web"});
    const Box c = start(networks, 'c', {"other"});
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.host, "127.0.0.1", 8080, server)) << "host, 127.0.0.1";
    EXPECT_TRUE(ask_tcp(machine.host, "10.9.0.1", 8080, server)) << "host, its own address";
    const auto outside = ask_tcp(machine.lan, "10.9.0.1", 8080, server);
    ASSERT_TRUE(outside) << "neighbour";
    EXPECT_EQ(outside->to_text(), "10.9.0.2") << "source address kept";
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, "10.9.0.1", 8080, server)) << "hairpin";
    EXPECT_TRUE(ask_tcp(b.sandbox.netns, "10.9.0.1", 8080, server)) << "same network";
    EXPECT_TRUE(ask_tcp(c.sandbox.netns, "10.9.0.1", 8080, server)) << "another network";
    EXPECT_FALSE(ask_tcp(c.sandbox.netns, a.address(), 80, server, 200ms)) << "isolation";
}

NetworkSpec dual(std::string name) {
    NetworkSpec spec = named(std::move(name));
    spec.ipv6 = true;
    return spec;
}

// The relay that the supervisor runs, for all ports of a box.
PortRelay relay_of(Box& box) {
    PortRelay relay;
    for (PortSocket& socket : box.attached.sockets) relay.add(box.id, std::move(socket));
    return relay;
}

TEST(Networks, IPv6NetworksReachAndPublishToo) {
    Machine machine;
    Networks networks = machine.networks();
    const Network network = networks.create(dual("web"));
    EXPECT_TRUE(network.subnet_of(AF_INET6)->subnet->address.to_text().starts_with("fd")) << "a unique local subnet";
    Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"web"});
    PortRelay relay = relay_of(a);
    TcpServer server(a.sandbox.netns, "::", 80);
    EXPECT_TRUE(ask_tcp(b.sandbox.netns, a.address6(), 80, server)) << "neighbour on the network";
    EXPECT_TRUE(ask_tcp(machine.host, "fd09::1", 8080, server)) << "host";
    const auto outside = ask_tcp(machine.lan, "fd09::1", 8080, server);
    ASSERT_TRUE(outside);
    EXPECT_EQ(outside->to_text(), "fd09::2") << "source address kept";
    EXPECT_TRUE(ask_tcp(machine.host, "::1", 8080, server, 2s, &relay)) << "::1";
}

}  // namespace
}  // namespace tutti::embedded::network
