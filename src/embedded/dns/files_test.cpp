#include "embedded/dns/files.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::embedded::dns {
namespace {

os::IpAddress ip(const char* text) { return os::IpAddress::parse(text).value(); }

TEST(HostsFile, NamesTheContainerByEveryAddressAndTheExtraHosts) {
    const HostsFile hosts{.hostname = "web",
                          .domainname = "example.org",
                          .addresses = {ip("172.17.0.2"), ip("172.18.0.3")},
                          .extra = {{"api", "10.0.0.1"}, {"host.docker.internal", "host-gateway"}},
                          .host_gateway = {ip("172.17.0.1")}};
    EXPECT_EQ(to_text(hosts),
              "127.0.0.1\tlocalhost\n"
              "10.0.0.1\tapi\n"
              "172.17.0.1\thost.docker.internal\n"
              "172.17.0.2\tweb.example.org web\n"
              "172.18.0.3\tweb.example.org web\n");
}

TEST(HostsFile, HasIPv6LinesOnlyWithIPv6) {
    const std::string with = to_text(HostsFile{.hostname = "web", .addresses = {ip("fd00::2")}, .ipv6 = true});
    EXPECT_NE(with.find("::1\tlocalhost ip6-localhost ip6-loopback\n"), with.npos);
    EXPECT_NE(with.find("fd00::2\tweb\n"), with.npos);
    EXPECT_EQ(to_text(HostsFile{.hostname = "web"}).find("::1"), std::string::npos);
}

TEST(HostsFile, HostGatewayWithoutGatewayIsAnError) {
    EXPECT_THROW(to_text(HostsFile{.extra = {{"h", "host-gateway"}}}), base::Error);
}

TEST(ResolvConf, IsReadAsResolversReadIt) {
    const ResolvConf conf = parse_resolv_conf(
        "# a comment\n"
        "domain old.example\n"
        "search corp.example  lab.example \n"
        "nameserver 10.0.0.53\r\n"
        "nameserver fe80::1%eth0\n"
        "nameserver\n"
        "nameserver fd00::53\n"
        "options ndots:2 timeout:1\n"
        "options rotate\n");
    EXPECT_EQ(conf.servers, (std::vector{ip("10.0.0.53"), ip("fd00::53")}));
    EXPECT_EQ(conf.search, (std::vector<std::string>{"corp.example", "lab.example"}));
    EXPECT_EQ(conf.options, (std::vector<std::string>{"ndots:2", "timeout:1", "rotate"}));
}

TEST(ResolvConf, OfAContainerAsksOurServerAndKeepsSearchDomains) {
    const ResolvConf host = parse_resolv_conf("nameserver 10.0.0.53\nsearch corp.example\n");
    EXPECT_EQ(to_text(conf_for_names(host, {})), "nameserver 127.0.0.11\nsearch corp.example\noptions ndots:0\n");
    EXPECT_EQ(to_text(conf_for_names(host, {.search = {"."}})), "nameserver 127.0.0.11\noptions ndots:0\n");
    EXPECT_EQ(to_text(conf_for_names(host, {.search = {"a.b"}, .options = {"ndots:3"}})),
              "nameserver 127.0.0.11\nsearch a.b\noptions ndots:3\n");
}

TEST(ResolvConf, WithoutOurServerLeavesOutTheHostsLoopback) {
    const ResolvConf host = parse_resolv_conf("nameserver 127.0.0.53\nnameserver 10.0.0.53\n");
    EXPECT_EQ(to_text(conf_without_names(host, {}, false)), "nameserver 10.0.0.53\n");
    EXPECT_EQ(to_text(conf_without_names(host, {}, true)), "nameserver 127.0.0.53\nnameserver 10.0.0.53\n");
    EXPECT_EQ(to_text(conf_without_names(host, {.servers = {ip("1.1.1.1")}}, false)), "nameserver 1.1.1.1\n");
}

TEST(ResolvConf, TheUsersServersAreAskedFromInsideTheHostsFromOutside) {
    const ResolvConf host = parse_resolv_conf("nameserver 127.0.0.53\n");
    EXPECT_FALSE(upstreams(host, {}).from_inside);
    EXPECT_EQ(upstreams(host, {}).servers, std::vector{ip("127.0.0.53")});
    const Upstreams own = upstreams(host, {.servers = {ip("1.1.1.1")}, .options = {"ndots:2"}});
    EXPECT_TRUE(own.from_inside);
    EXPECT_EQ(own.servers, std::vector{ip("1.1.1.1")});
    EXPECT_FALSE(own.single_label);
    EXPECT_TRUE(upstreams(host, {}).single_label);
}

}  // namespace
}  // namespace tutti::embedded::dns
