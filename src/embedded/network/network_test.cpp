// Records, subnets, addresses, names and routes; what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/network/lab_test.h"
#include "embedded/network/options.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class OnDisk : public testing::Test {
  protected:
    Machine machine;
    Networks networks = machine.networks();

    SubnetSpec subnet(const std::string& text) {
        return {.subnet = os::IpPrefix::parse(text), .ip_range = {}, .gateway = {}, .auxiliary = {}};
    }
    std::string refused(NetworkSpec spec) {
        try {
            networks.create(std::move(spec));
        } catch (const base::Error& error) { return error.message(); }
        return "not refused";
    }
    std::string subnet_of(const std::string& name) {
        return networks.find(name)->subnet_of(AF_INET)->subnet->to_text();
    }
};

TEST_F(OnDisk, ANetworkIsFoundByNameIdAndPrefixAndBySomebodyElse) {
    NetworkSpec spec = dual("web");
    spec.labels = {{"com.docker.compose.network", "default"}};
    spec.created = "2026-01-02T03:04:05Z";
    const Network made = networks.create(spec);
    const Networks others = machine.networks();
    for (const std::string& key : {std::string("web"), made.id, made.id.substr(0, 12)}) {
        const auto found = others.find(key);
        ASSERT_TRUE(found) << key;
        EXPECT_EQ(found->id, made.id);
        EXPECT_EQ(found->spec.labels, spec.labels);
        EXPECT_EQ(found->spec.created, spec.created);
        EXPECT_EQ(found->spec.subnets, made.spec.subnets);
        EXPECT_TRUE(found->spec.ipv6);
    }
    EXPECT_FALSE(others.find("we"));
    EXPECT_FALSE(others.find("../web"));
    EXPECT_THAT(refused(spec), HasSubstr("already exists"));
}

TEST_F(OnDisk, SubnetsNeverOverlapEachOtherOrTheHostsRoutes) {
    os::Links links;
    const int eth0 = links.find("eth0")->index;
    links.add_route(eth0, *os::IpPrefix::parse("172.18.4.0/24"), os::IpAddress::parse("10.9.0.2"));
    for (const char* name : {"a", "b", "c"}) networks.create(named(name));
    EXPECT_EQ(subnet_of("a"), "172.17.0.0/16");
    EXPECT_EQ(subnet_of("b"), "172.19.0.0/16");
    EXPECT_EQ(subnet_of("c"), "172.20.0.0/16");
    NetworkSpec taken = named("d");
    taken.subnets = {subnet("172.19.7.0/24")};
    EXPECT_THAT(refused(taken), HasSubstr("overlaps"));
    networks.remove("b");
    networks.create(named("e"));
    EXPECT_EQ(subnet_of("e"), "172.19.0.0/16") << "given back";
}

TEST_F(OnDisk, PoolsAreUsedUpWithAClearError) {
    Networks small({.folder = machine.folder.path() + "/small", .pools = {{*os::IpPrefix::parse("10.77.0.0/23"), 24}}});
    small.create(named("a"));
    small.create(named("b"));
    try {
        small.create(named("c"));
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "all predefined address pools have been fully subnetted");
    }
}

TEST_F(OnDisk, AddressesFollowRangeGatewayAndReservations) {
    NetworkSpec spec = named("web");
    spec.subnets = {{.subnet = os::IpPrefix::parse("10.50.0.0/24"),
                     .ip_range = os::IpPrefix::parse("10.50.0.128/29"),
                     .gateway = os::IpAddress::parse("10.50.0.254"),
                     .auxiliary = {{"printer", *os::IpAddress::parse("10.50.0.129")}}}};
    networks.create(spec);
    const Box a = start(networks, 'a', {"web"}), b = start(networks, 'b', {"web"});
    EXPECT_EQ(a.address(), "10.50.0.128");
    EXPECT_EQ(b.address(), "10.50.0.130") << ".129 is the printer's";
    EXPECT_EQ(a.attached.endpoints[0].gateway_v4->to_text(), "10.50.0.254");
    EXPECT_EQ(a.attached.endpoints[0].mac.to_text(), "02:42:0a:32:00:80");
}

TEST_F(OnDisk, AStaticAddressIsGivenOrRefused) {
    NetworkSpec spec = named("web");
    spec.subnets = {subnet("10.50.0.0/29")};
    networks.create(spec);
    const auto with = [&](char digit, const char* address) {
        return start_on(networks, digit,
                        std::vector<EndpointSpec>{{.network = "web", .ipv4 = os::IpAddress::parse(address)}});
    };
    const auto error_of = [&](const char* address) -> std::string {
        try {
            with('z', address);
        } catch (const base::Error& error) { return error.message(); }
        return "taken";
    };
    const Box a = with('a', "10.50.0.5");
    EXPECT_EQ(a.address(), "10.50.0.5");
    EXPECT_EQ(error_of("10.50.0.5"), "the address 10.50.0.5 on network web is in use by container aaaaaaaaaaaa");
    EXPECT_THAT(error_of("10.50.1.5"), HasSubstr("not inside the subnet 10.50.0.0/29"));
    EXPECT_THAT(error_of("10.50.0.1"), HasSubstr("is the gateway"));
    EXPECT_THAT(error_of("10.50.0.7"), HasSubstr("not inside")) << "broadcast";
    std::vector<Box> more;
    for (const char digit : {'b', 'c', 'd', 'e'}) more.push_back(start(networks, digit, {"web"}));
    EXPECT_THROW(start(networks, 'f', {"web"}), base::Error) << "the network is full";
    networks.detach(more.back().id);
    EXPECT_EQ(start(networks, 'f', {"web"}).address(), more.back().address());
}

TEST_F(OnDisk, TheDefaultRouteGoesByPriorityThenName) {
    networks.create(named("b"));
    networks.create(named("a"));
    NetworkSpec internal = named("0");
    internal.internal = true;
    networks.create(internal);
    const Box plain = start(networks, 'a', {"b", "a", "0"});
    EXPECT_EQ(plain.attached.endpoints[0].network_name, "a");
    EXPECT_EQ(plain.attached.endpoints[0].interface, "eth0");
    EXPECT_EQ(plain.attached.endpoints[2].network_name, "0") << "internal ones last";
    EXPECT_EQ(default_route(plain.sandbox.netns), "eth0");
    const Box ranked = start_on(
        networks, 'b',
        std::vector<EndpointSpec>{{.network = "b", .interface_name = "wan", .gw_priority = 10}, {.network = "a"}});
    EXPECT_EQ(ranked.attached.endpoints[0].network_name, "b");
    EXPECT_EQ(default_route(ranked.sandbox.netns), "wan");
    EXPECT_EQ(ranked.attached.endpoints[1].interface, "eth0");
}

TEST_F(OnDisk, ConnectAndDisconnectMoveTheDefaultRoute) {
    networks.create(named("a"));
    networks.create(named("b"));
    const Box box = start(networks, 'a', {"b"});
    const Endpoint more =
        networks.connect(box.sandbox.netns, box.id, {"c1", "", ""}, {.network = "a", .aliases = {"db"}});
    EXPECT_EQ(more.interface, "eth1");
    EXPECT_THAT(more.names, ElementsAre("c1", "db", "aaaaaaaaaaaa"));
    EXPECT_EQ(default_route(box.sandbox.netns), "eth1") << "a is before b";
    EXPECT_THROW(networks.connect(box.sandbox.netns, box.id, {"c1", "", ""}, {.network = "a"}), base::Error);
    networks.disconnect(box.sandbox.netns, box.id, "a");
    EXPECT_EQ(default_route(box.sandbox.netns), "eth0");
    EXPECT_TRUE(networks.endpoints("a").empty());
    EXPECT_THROW(networks.disconnect(box.sandbox.netns, box.id, "a"), base::Error);
}

TEST_F(OnDisk, NamesMacMtuLinkLocalAndSysctlsAreAsAsked) {
    NetworkSpec spec = named("web");
    spec.options = {{"com.docker.network.driver.mtu", "1400"},
                    {"com.docker.network.bridge.name", "mybridge"},
                    {"com.docker.network.container_iface_prefix", "net"}};
    networks.create(spec);
    EXPECT_EQ(os::Links().find("mybridge")->mtu, 1400);
    const Sandbox box = make_sandbox();
    AttachSpec attach{
        .container = container_id('a'), .names = {"demo-web-1", "myhost", "example.org"}, .endpoints = {}, .ports = {}};
    attach.endpoints.push_back(
        {.network = "web",
         .aliases = {"web", "www"},
         .link_local = {*os::IpAddress::parse("169.254.8.8")},
         .mac = os::MacAddress::parse("02:42:ac:11:65:43"),
         .driver_opts = {{"com.docker.network.endpoint.sysctls", "net.ipv4.conf.IFNAME.log_martians=1"}}});
    const Attached attached = networks.attach(box.netns, attach);
    const auto link = os::Links(box.netns).find("net0");
    ASSERT_TRUE(link);
    EXPECT_EQ(link->mtu, 1400);
    EXPECT_EQ(link->mac.to_text(), "02:42:ac:11:65:43");
    std::vector<std::string> addresses;
    for (const os::LinkAddress& address : os::Links(box.netns).addresses())
        addresses.push_back(address.address.to_text());
    EXPECT_THAT(addresses, Contains("169.254.8.8/16"));
    const os::InNetns in(box.netns);
    EXPECT_EQ(os::net_sysctl("ipv4/conf/net0/log_martians"), "1");
    EXPECT_THAT(attached.endpoints[0].names,
                ElementsAre("demo-web-1", "web", "www", "aaaaaaaaaaaa", "myhost", "myhost.example.org"));
}

TEST_F(OnDisk, WhatCannotBeIsRefusedByName) {
    NetworkSpec spec = named("x");
    spec.driver = "overlay";
    EXPECT_EQ(refused(spec), "network x: the driver 'overlay' is not there");
    spec = named("x");
    spec.options = {{"com.docker.network.bridge.nam", "br7"}};
    EXPECT_EQ(refused(spec), "network x: the driver option 'com.docker.network.bridge.nam' is not supported");
    spec.options = {{"com.docker.network.driver.mtu", "big"}};
    EXPECT_THAT(refused(spec), HasSubstr("not 'big'"));
    spec.options = {{"com.docker.network.bridge.name", "much-too-long-name"}};
    EXPECT_THAT(refused(spec), HasSubstr("cannot be the name of a network interface"));
    spec.options = {{"com.docker.network.bridge.name", "eth0"}};
    EXPECT_THAT(refused(spec), HasSubstr("is no bridge"));
    spec = named("x");
    spec.subnets = {subnet("10.0.0.1/24")};
    EXPECT_EQ(refused(spec), "network x: invalid subnet 10.0.0.1/24: it should be 10.0.0.0/24");
    spec.subnets = {subnet("fd00::/64")};
    EXPECT_THAT(refused(spec), HasSubstr("enable_ipv6"));
    spec.subnets = {subnet("10.0.0.0/31")};
    EXPECT_THAT(refused(spec), HasSubstr("no room"));
    spec.subnets = {subnet("10.0.0.0/24")};
    spec.subnets[0].gateway = os::IpAddress::parse("10.0.1.1");
    EXPECT_THAT(refused(spec), HasSubstr("gateway 10.0.1.1 is not inside"));
    spec.subnets = {subnet("10.0.0.0/24"), subnet("10.0.1.0/24")};
    EXPECT_THAT(refused(spec), HasSubstr("2 IPv4 subnets"));
    EXPECT_THAT(refused(named("../x")), HasSubstr("cannot be the name"));
    spec = named("x");
    spec.driver = "macvlan";
    EXPECT_THAT(refused(spec), HasSubstr("parent"));
    spec = named("x");
    spec.ipam_driver = "dhcp";
    EXPECT_THAT(refused(spec), HasSubstr("'dhcp'"));
    EXPECT_TRUE(networks.list().empty()) << "nothing of all that is left";
    EXPECT_EQ(os::Links().list().size(), 2U);
}

TEST_F(OnDisk, ManyStartAtOnce) {
    networks.create(named("web"));
    Networks second = machine.networks();  // as another program would
    constexpr int kThreads = 4, kEach = 6;
    std::vector<std::string> addresses(kThreads * kEach);
    std::vector<Box> boxes(kThreads * kEach);
    os::Scope scope;
    for (int thread = 0; thread < kThreads; ++thread)
        scope.spawn([&, thread] {
            for (int i = thread * kEach; i < (thread + 1) * kEach; ++i) {
                Networks& mine = i % 2 == 0 ? networks : second;
                const auto at = static_cast<std::size_t>(i);
                boxes[at] = start(mine, static_cast<char>('A' + i), {"web"}, {{.container_port = 80}});
                addresses[at] = boxes[at].address();
            }
        });
    scope.join();
    std::sort(addresses.begin(), addresses.end());
    EXPECT_EQ(std::unique(addresses.begin(), addresses.end()), addresses.end()) << "no address twice";
    TcpServer server(boxes[5].sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(boxes[20].sandbox.netns, boxes[5].address(), 80, server));
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", boxes[5].attached.sockets[0].port.host_port, server));
}

TEST_F(OnDisk, ANetworkInUseIsNotRemovedAndAfterwardsNothingIsLeft) {
    const auto before = machine.inventory();
    networks.create(dual("web"));
    {
        const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
        try {
            networks.remove("web");
            FAIL();
        } catch (const base::Error& error) { EXPECT_EQ(error.message(), "network web has active endpoints: ca"); }
        networks.detach(a.id);
    }
    machine.wait_for_links_to_go();
    networks.remove("web");
    EXPECT_THROW(networks.remove("web"), base::Error);
    EXPECT_EQ(machine.inventory(), before);
}

TEST_F(OnDisk, TwoStateFoldersDoNotTouchEachOther) {
    Networks other({.folder = machine.folder.path() + "/other"});
    networks.create(named("web"));
    other.create(named("web"));
    EXPECT_NE(networks.find("web")->subnet_of(AF_INET), other.find("web")->subnet_of(AF_INET));
    const Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    other.recover([](const std::string&) { return false; });
    other.remove("web");
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server));
}

}  // namespace
}  // namespace tutti::embedded::network
