// Who reaches whom: published ports from everywhere, isolation, internal networks, other protocols and families.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include "base/error.h"
#include "embedded/network/lab_test.h"
#include "embedded/network/nft.h"
#include "embedded/network/options.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;

class Reach : public testing::Test {
  protected:
    Machine machine;
    Networks networks = machine.networks();
};

std::string our_table(os::Netlink& netlink) {
    for (const nft::ChainInfo& chain : nft::chains(netlink))
        if (chain.table.starts_with("tutti-")) return chain.table;
    return {};
}

TEST_F(Reach, TwoContainersOfOneNetworkReachEachOther) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"}), b = start(networks, 'b', {"web"});
    EXPECT_EQ(a.address(), "172.17.0.2");
    EXPECT_EQ(b.address(), "172.17.0.3");
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    const auto seen = ask_tcp(a.sandbox.netns, b.address(), 80, server);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->to_text(), a.address());
}

TEST_F(Reach, APublishedPortFromEverywhere) {
    networks.create(named("web"));
    networks.create(named("other"));
    Box a = start(networks, 'a', {"web"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"web"}), c = start(networks, 'c', {"other"});
    PortRelay relay = relay_of(a);
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.host, "127.0.0.1", 8080, server)) << "host, 127.0.0.1";
    EXPECT_TRUE(ask_tcp(machine.host, "10.9.0.1", 8080, server)) << "host, its own address";
    EXPECT_TRUE(ask_tcp(machine.host, "::1", 8080, server, 2s, &relay)) << "host, ::1, of an IPv4 container";
    EXPECT_TRUE(ask_tcp(machine.lan, "fd09::1", 8080, server, 2s, &relay)) << "neighbour over IPv6";
    const auto outside = ask_tcp(machine.lan, "10.9.0.1", 8080, server);
    ASSERT_TRUE(outside) << "neighbour";
    EXPECT_EQ(outside->to_text(), "10.9.0.2") << "source address kept";
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, "10.9.0.1", 8080, server)) << "hairpin";
    EXPECT_TRUE(ask_tcp(b.sandbox.netns, "10.9.0.1", 8080, server)) << "same network";
    EXPECT_TRUE(ask_tcp(c.sandbox.netns, "10.9.0.1", 8080, server)) << "another network, by the host's address";
    EXPECT_FALSE(ask_tcp(c.sandbox.netns, a.address(), 80, server, 200ms)) << "another network, directly";
}

TEST_F(Reach, UdpAnswersComeFromTheAddressThatWasAsked) {
    networks.create(named("web"));
    Box a = start(networks, 'a', {"web"}, {{.protocol = Protocol::udp, .container_port = 5353, .host_first = 5300}});
    PortRelay relay = relay_of(a);
    const os::Fd server = udp_server(a.sandbox.netns, "0.0.0.0", 5353);
    for (const auto& [from, address] :
         {std::pair{&machine.lan, "10.9.0.1"}, {&machine.host, "127.0.0.1"}, {&machine.host, "10.9.0.1"}}) {
        const auto result = ask_udp(*from, address, 5300, server);
        ASSERT_TRUE(result) << address;
        EXPECT_EQ(result->answer_from.to_text(), address);
    }
    EXPECT_EQ(ask_udp(machine.lan, "10.9.0.1", 5300, server)->client_as_seen.to_text(), "10.9.0.2");
    EXPECT_TRUE(ask_udp(machine.host, "::1", 5300, server, 2s, &relay));
}

TEST_F(Reach, AUdpFlowFollowsTheContainerToItsNextAddress) {
    networks.create(named("web"));
    const PortSpec port{.protocol = Protocol::udp, .container_port = 5353, .host_first = 5300};
    os::Fd client;
    {
        const os::InNetns in(machine.lan);
        client = os::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    }
    const os::SocketAddress where(*os::IpAddress::parse("10.9.0.1"), 5300);
    const auto reaches = [&](const os::Fd& server) {
        EXPECT_EQ(::sendto(client.get(), "ping", 4, 0, where.get(), where.size), 4);
        return readable(server, 2s);
    };
    {
        const Box first = start(networks, 'a', {"web"}, {port});
        ASSERT_TRUE(reaches(udp_server(first.sandbox.netns, "0.0.0.0", 5353)));
        networks.detach(first.id);
    }
    const Box other = start(networks, 'b', {"web"});  // takes the address
    const Box second = start(networks, 'a', {"web"}, {port});
    EXPECT_TRUE(reaches(udp_server(second.sandbox.netns, "0.0.0.0", 5353)));
}

TEST_F(Reach, IPv6NetworksToo) {
    const Network network = networks.create(dual("web"));
    EXPECT_TRUE(network.subnet_of(AF_INET6)->subnet->address.to_text().starts_with("fd")) << "a unique local subnet";
    EXPECT_EQ(network.subnet_of(AF_INET6)->subnet->length, 64);
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
    EXPECT_EQ(default_route(a.sandbox.netns, AF_INET6), "eth0");
}

TEST_F(Reach, ANetworkMayHaveIPv6Alone) {
    NetworkSpec spec = dual("six");
    spec.ipv4 = false;
    networks.create(spec);
    Box a = start(networks, 'a', {"six"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"six"});
    PortRelay relay = relay_of(a);
    TcpServer server(a.sandbox.netns, "::", 80);
    EXPECT_FALSE(a.attached.endpoints[0].ipv4);
    EXPECT_TRUE(ask_tcp(b.sandbox.netns, a.address6(), 80, server));
    EXPECT_TRUE(ask_tcp(machine.lan, "fd09::1", 8080, server));
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server, 2s, &relay)) << "IPv4 clients, by the relay";
}

TEST_F(Reach, ContainersGetOutUnderTheHostsAddress) {
    networks.create(dual("web"));
    const Box a = start(networks, 'a', {"web"});
    TcpServer four(machine.lan, "10.9.0.2", 80), six(machine.lan, "fd09::2", 80);
    EXPECT_EQ(ask_tcp(a.sandbox.netns, "10.9.0.2", 80, four).value().to_text(), "10.9.0.1");
    EXPECT_EQ(ask_tcp(a.sandbox.netns, "fd09::2", 80, six).value().to_text(), "fd09::1");
}

TEST_F(Reach, InternalNetworksLeadNowhere) {
    NetworkSpec spec = dual("inside");
    spec.internal = true;
    networks.create(spec);
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"inside"}, {{.container_port = 80, .host_first = 8080}});
    const Box b = start(networks, 'b', {"inside"}),
              c = start(networks, 'c', {"web"}, {{.container_port = 80, .host_first = 8081}});
    ASSERT_EQ(a.attached.notes.size(), 1U) << "the port is not published, and that is said";
    EXPECT_TRUE(a.attached.sockets.empty());
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80), outside(machine.lan, "10.9.0.2", 80),
        other(c.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(b.sandbox.netns, a.address(), 80, server)) << "peers";
    EXPECT_EQ(default_route(a.sandbox.netns), "");
    // Even with a route of its own making.
    os::Links inside(a.sandbox.netns);
    inside.add_route(inside.find("eth0")->index, {os::IpAddress(), 0},
                     networks.find("inside")->subnet_of(AF_INET)->gateway);
    EXPECT_FALSE(ask_tcp(a.sandbox.netns, "10.9.0.2", 80, outside, 200ms)) << "the LAN";
    EXPECT_FALSE(ask_tcp(a.sandbox.netns, "10.9.0.1", 8081, other, 200ms)) << "a published port of another network";
    EXPECT_FALSE(ask_tcp(c.sandbox.netns, a.address(), 80, server, 200ms)) << "from another network";
}

TEST_F(Reach, ANeighbourDoesNotReachWhatIsNotPublishedToIt) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"},
                        {{.container_port = 80, .host_ip = os::IpAddress::parse("127.0.0.1"), .host_first = 8080}});
    TcpServer server(a.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.host, "127.0.0.1", 8080, server));
    EXPECT_FALSE(ask_tcp(machine.lan, "10.9.0.1", 8080, server, 200ms)) << "published on loopback alone";
    os::Links lan(machine.lan);
    const int eth0 = lan.find("eth0")->index;
    lan.add_route(eth0, *os::IpPrefix::parse("172.17.0.0/16"), os::IpAddress::parse("10.9.0.1"));
    EXPECT_FALSE(ask_tcp(machine.lan, a.address(), 80, server, 200ms)) << "the container's own address";
    // A packet for 127.0.0.1 on the wire.
    {
        const os::InNetns in(machine.lan);
        os::set_net_sysctl("ipv4/conf/eth0/route_localnet", "1");
    }
    lan.add_route(eth0, *os::IpPrefix::parse("127.0.0.0/8"), os::IpAddress::parse("10.9.0.1"));
    EXPECT_FALSE(ask_tcp(machine.lan, "127.0.0.1", 8080, server, 200ms)) << "127.0.0.1 of the host, from the LAN";
    // This attack works where nobody guards against it, so the test above means something.
    os::Netlink netlink(NETLINK_NETFILTER);
    const std::string table = our_table(netlink);
    nft::Transaction t(table);
    for (const nft::RuleInfo& rule : nft::rules(netlink, table, 1))
        if (rule.chain == "guard") t.delete_rule("guard", rule.handle);
    ASSERT_EQ(t.commit(netlink).error, 0);
    EXPECT_TRUE(ask_tcp(machine.lan, "127.0.0.1", 8080, server));
}

TEST_F(Reach, AContainerDoesNotReachTheHostsLoopback) {
    networks.create(named("web"));
    const Box a = start(networks, 'a', {"web"});
    TcpServer server(machine.host, "127.0.0.1", 9999);
    {
        const os::InNetns in(a.sandbox.netns);
        os::set_net_sysctl("ipv4/conf/eth0/route_localnet", "1");
    }
    os::Links inside(a.sandbox.netns);
    inside.add_route(inside.find("eth0")->index, *os::IpPrefix::parse("127.0.0.99/32"),
                     os::IpAddress::parse("172.17.0.1"));
    TcpServer other(machine.host, "127.0.0.99", 9999);
    EXPECT_FALSE(ask_tcp(a.sandbox.netns, "127.0.0.99", 9999, other, 200ms));
}

TEST_F(Reach, TwoPortsOfARangeAndAnEphemeralOneInBothFamilies) {
    networks.create(named("web"));
    const PortSpec range{.container_port = 80, .host_first = 9000, .host_last = 9001};
    const Box a = start(networks, 'a', {"web"}, {range}),
              b = start(networks, 'b', {"web"}, {range, {.container_port = 81}});
    EXPECT_EQ(a.attached.sockets.at(0).port.host_port, 9000);
    EXPECT_EQ(b.attached.sockets.at(0).port.host_port, 9001);
    ASSERT_EQ(b.attached.sockets.size(), 4U);
    EXPECT_EQ(b.attached.sockets[2].port.host_port, b.attached.sockets[3].port.host_port)
        << "the same port for both families";
    EXPECT_NE(b.attached.sockets[2].port.host_port, 0);
    try {
        start(networks, 'c', {"web"}, {range});
        FAIL() << "the range is used up";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.message(), "all ports from 9000 to 9001/tcp are already in use");
    }
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 9001, server));
}

TEST_F(Reach, APortConflictLeavesNothingBehind) {
    networks.create(named("web"));
    TcpServer host(machine.host, "0.0.0.0", 8080);
    const auto before = machine.inventory();
    try {
        start(networks, 'a', {"web"},
              {{.container_port = 79, .host_first = 8079}, {.container_port = 80, .host_first = 8080}});
        FAIL() << "8080 is taken";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::conflict);
        EXPECT_EQ(error.message(), "port 0.0.0.0:8080/tcp is already in use");
    }
    EXPECT_TRUE(networks.endpoints("web").empty());
    machine.wait_for_links_to_go();
    EXPECT_EQ(machine.inventory(), before);
    const Box b = start(networks, 'b', {"web"}, {{.container_port = 79, .host_first = 8079}});
    EXPECT_EQ(b.address(), "172.17.0.2") << "the address is free again";
}

TEST_F(Reach, PortsAreFreeAgainAfterAContainerEnds) {
    networks.create(named("web"));
    const PortSpec port{.container_port = 80, .host_first = 8080};
    {
        const Box a = start(networks, 'a', {"web"}, {port});
        networks.detach(a.id);
    }
    const Box b = start(networks, 'b', {"web"}, {port});
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(machine.lan, "10.9.0.1", 8080, server));
}

TEST_F(Reach, ContainersOfANetworkMayBeKeptApart) {
    NetworkSpec spec = named("apart");
    spec.options["com.docker.network.bridge.enable_icc"] = "false";
    networks.create(spec);
    const Box a = start(networks, 'a', {"apart"}), b = start(networks, 'b', {"apart"});
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80), outside(machine.lan, "10.9.0.2", 80);
    EXPECT_FALSE(ask_tcp(a.sandbox.netns, b.address(), 80, server, 200ms));
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, "10.9.0.2", 80, outside));
}

TEST_F(Reach, WithoutMasqueradeTheContainersOwnAddressGoesOut) {
    NetworkSpec spec = named("plain");
    spec.options["com.docker.network.bridge.enable_ip_masquerade"] = "false";
    networks.create(spec);
    const Box a = start(networks, 'a', {"plain"});
    os::Links lan(machine.lan);
    lan.add_route(lan.find("eth0")->index, *os::IpPrefix::parse("172.17.0.0/16"), os::IpAddress::parse("10.9.0.1"));
    TcpServer outside(machine.lan, "10.9.0.2", 80);
    EXPECT_EQ(ask_tcp(a.sandbox.netns, "10.9.0.2", 80, outside).value().to_text(), a.address());
}

// CVE-2020-13401: a neighbour (here the host, which could be a container) tells everybody that it is a router.
TEST_F(Reach, ARouterAdvertisementChangesNoRouteOfAContainer) {
    networks.create(dual("web"));
    const Box a = start(networks, 'a', {"web"});
    const Network network = *networks.find("web");
    const auto advertise = [&] {
        const os::Fd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
        const int hops = 255, link = os::Links().find(network.bridge)->index;
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &link, sizeof link);
        nd_router_advert advert{};
        advert.nd_ra_type = ND_ROUTER_ADVERT;
        advert.nd_ra_router_lifetime = htons(1800);
        const os::SocketAddress everybody(*os::IpAddress::parse("ff02::1"), 0);
        EXPECT_EQ(::sendto(fd.get(), &advert, sizeof advert, 0, everybody.get(), everybody.size),
                  static_cast<ssize_t>(sizeof advert));
        // What is sent after it arrives after it.
        TcpServer server(a.sandbox.netns, "::", 80);
        EXPECT_TRUE(ask_tcp(machine.host, a.address6(), 80, server));
    };
    const auto routes = [&] {
        std::size_t count = 0;
        for (const os::Route& route : os::Links(a.sandbox.netns).routes())
            if (!route.destination.address.is_v4() && route.destination.length == 0) ++count;
        return count;
    };
    const std::size_t before = routes();
    advertise();
    EXPECT_EQ(routes(), before);
    {
        const os::InNetns in(a.sandbox.netns);
        os::set_net_sysctl("ipv6/conf/eth0/accept_ra", "1");
    }
    advertise();
    EXPECT_GT(routes(), before) << "one that listened would have believed it";
}

TEST_F(Reach, AContainersOwnNameServerMayHavePort53) {
    networks.create(named("web"));
    const Sandbox box = make_sandbox(Names::beside_own_server);
    const os::Fd own = udp_server(box.netns, "0.0.0.0", 53);
    TcpServer own_tcp(box.netns, "0.0.0.0", 53);
    const auto result = ask_udp(box.netns, "127.0.0.11", 53, box.dns_udp);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->answer_from.to_text(), "127.0.0.11");
    EXPECT_TRUE(ask_udp(box.netns, "127.0.0.1", 53, own));
}

TEST_F(Reach, MacvlanContainersAreOnTheLanItself) {
    NetworkSpec spec = named("lan");
    spec.driver = "macvlan";
    spec.options["parent"] = "eth0";
    spec.subnets = {{.subnet = os::IpPrefix::parse("10.10.0.0/24"), .ip_range = {}, .gateway = {}, .auxiliary = {}}};
    networks.create(spec);
    const Box a = start(networks, 'a', {"lan"}), b = start(networks, 'b', {"lan"});
    TcpServer server(b.sandbox.netns, "0.0.0.0", 80);
    EXPECT_TRUE(ask_tcp(a.sandbox.netns, b.address(), 80, server));
    os::Links lan(machine.lan);
    lan.add_address(lan.find("eth0")->index, *os::IpPrefix::parse("10.10.0.200/24"));
    EXPECT_TRUE(ask_tcp(machine.lan, b.address(), 80, server));
}

TEST_F(Reach, WhatTheKernelLacksIsRefusedByName) {
    NetworkSpec spec = named("ip");
    spec.driver = "ipvlan";
    spec.options["parent"] = "eth0";
    spec.subnets = {{.subnet = os::IpPrefix::parse("10.10.0.0/24"), .ip_range = {}, .gateway = {}, .auxiliary = {}}};
    networks.create(spec);
    try {
        const Box a = start(networks, 'a', {"ip"});
        EXPECT_EQ(a.attached.endpoints.size(), 1U);  // a kernel that has it
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::unsupported);
        EXPECT_EQ(error.message(), "this kernel has no ipvlan interfaces");
        EXPECT_TRUE(networks.endpoints("ip").empty());
    }
}

}  // namespace
}  // namespace tutti::embedded::network
