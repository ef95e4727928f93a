#include "os/netlink.h"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "os/links.h"
#include "os/netns.h"

namespace tutti::os {
namespace {

TEST(Netlink, WhatIsBuiltIsReadAgain) {
    NetlinkMessage message(7, 0);
    message.attr_u32(1, 5).attr_text(2, "eth0").nest(3, [](NetlinkMessage& inner) { inner.attr_be16(4, 80); });
    const std::string bytes(message.finish(1));
    int seen = 0;
    for_each_netlink_message(bytes, [&](const nlmsghdr& header, std::string_view payload) {
        ++seen;
        EXPECT_EQ(header.nlmsg_type, 7);
        EXPECT_EQ(netlink_attr(payload, 1)->u32(), 5U);
        EXPECT_EQ(netlink_attr(payload, 2)->text(), "eth0");
        EXPECT_EQ(netlink_attr(netlink_attr(payload, 3)->data, 4)->data, std::string_view("\0P", 2));
    });
    EXPECT_EQ(seen, 1);
}

TEST(Netlink, MalformedAttributesEndTheListAndReachNowhere) {
    EXPECT_TRUE(netlink_attrs(std::string_view("\3\0\1\0", 4)).empty()) << "shorter than its header";
    EXPECT_TRUE(netlink_attrs(std::string_view("\x20\0\1\0", 4)).empty()) << "longer than what is there";
    EXPECT_TRUE(netlink_attrs("\1").empty());
}

class InNamespace : public testing::Test {
    Fd netns_ = make_netns();
    InNetns inside_{netns_};
};

TEST_F(InNamespace, LinksAddressesAndRoutesAreMadeFoundAndRemoved) {
    Links links;
    const Link bridge =
        links.add_bridge({.name = "br0", .group = 77, .mtu = 1400, .mac = MacAddress{{2, 1, 1, 1, 1, 1}}});
    EXPECT_EQ(bridge.kind, "bridge");
    EXPECT_EQ(bridge.group, 77U);
    EXPECT_EQ(bridge.mtu, 1400);
    EXPECT_EQ(bridge.mac.to_text(), "02:01:01:01:01:01");
    links.add_address(bridge.index, *IpPrefix::parse("10.1.0.1/24"));
    links.add_address(bridge.index, *IpPrefix::parse("10.1.0.1/24"));  // there already
    links.add_route(bridge.index, *IpPrefix::parse("10.2.0.0/16"), IpAddress::parse("10.1.0.9"));
    bool found = false;
    for (const Route& route : links.routes())
        found = found || (route.destination.to_text() == "10.2.0.0/16" && route.gateway->to_text() == "10.1.0.9");
    EXPECT_TRUE(found);
    EXPECT_THROW(links.add_bridge({.name = "br0"}), base::Error);
    links.remove(bridge.index);
    links.remove(bridge.index);  // gone already
    EXPECT_FALSE(links.find("br0"));
}

TEST_F(InNamespace, AVethsPeerIsMadeInTheOtherNamespaceAndGoesWithIt) {
    Links links;
    {
        const Fd other = make_netns();
        links.add_veth({.name = "v0", .peer_name = "eth0", .peer_mac = {{2, 0, 0, 0, 0, 5}}}, other);
        EXPECT_EQ(Links(other).find("eth0")->mac.to_text(), "02:00:00:00:00:05");
        EXPECT_FALSE(links.find("eth0"));
        ASSERT_TRUE(links.find("v0"));
    }
    // The kernel takes the namespace down behind our back.
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (links.find("v0") && Clock::now() < end) std::this_thread::yield();
    EXPECT_FALSE(links.find("v0"));
}

TEST_F(InNamespace, ErrorsNameTheThingAndCarryTheKernelsWords) {
    Links links;
    try {
        links.rename(4711, "x");
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_NE(error.message().find("naming a network interface x"), std::string::npos) << error.message();
    }
}

TEST_F(InNamespace, SysctlsAreThoseOfTheNamespace) {
    EXPECT_TRUE(set_net_sysctl("ipv4/ip_forward", "1"));
    {
        const Fd other = make_netns();
        const InNetns inside(other);
        EXPECT_TRUE(set_net_sysctl("ipv4/ip_forward", "0"));
        EXPECT_EQ(net_sysctl("ipv4/ip_forward"), "0");
    }
    EXPECT_EQ(net_sysctl("ipv4/ip_forward"), "1");
    EXPECT_FALSE(set_net_sysctl("ipv4/no_such_thing", "1"));
}

}  // namespace
}  // namespace tutti::os
