#include "os/ip.h"

#include <gtest/gtest.h>

namespace tutti::os {
namespace {

TEST(Ip, ReadsAndPrintsBothFamilies) {
    for (const char* text : {"0.0.0.0", "172.17.0.2", "255.255.255.255", "::", "::1", "fd00::2", "2001:db8::1:0:0:1"})
        EXPECT_EQ(IpAddress::parse(text).value().to_text(), text);
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "fe80::1%eth0", "g::", "1.2.3.4 ", "256.1.1.1"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(Ip, CountsUpAcrossBytes) {
    EXPECT_EQ(IpAddress::parse("10.0.0.255")->plus(1).to_text(), "10.0.1.0");
    EXPECT_EQ(IpAddress::parse("fd00::ffff:ffff")->plus(2).to_text(), "fd00::1:0:1");
    EXPECT_EQ(IpAddress::parse("255.255.255.255")->plus(1).to_text(), "0.0.0.0");
}

TEST(Ip, KnowsWhatAPrefixHolds) {
    const IpPrefix prefix = IpPrefix::parse("10.1.16.0/20").value();
    EXPECT_EQ(prefix.last().to_text(), "10.1.31.255");
    EXPECT_TRUE(prefix.contains(*IpAddress::parse("10.1.31.1")));
    EXPECT_FALSE(prefix.contains(*IpAddress::parse("10.1.32.0")));
    EXPECT_FALSE(prefix.contains(*IpAddress::parse("::")));
    EXPECT_TRUE(prefix.overlaps(*IpPrefix::parse("10.0.0.0/8")));
    EXPECT_TRUE(prefix.overlaps(*IpPrefix::parse("10.1.20.0/24")));
    EXPECT_FALSE(prefix.overlaps(*IpPrefix::parse("10.1.0.0/20")));
    EXPECT_EQ(IpPrefix::parse("10.1.17.3/20")->network(), prefix);
    EXPECT_EQ(IpPrefix::parse("fd00::/7")->last().to_text(), "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "fd00::/129", "/8", "10.0.0.0/-1"})
        EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(Ip, ReadsHardwareAddresses) {
    EXPECT_EQ(MacAddress::parse("02:42:AC:11:00:02")->to_text(), "02:42:ac:11:00:02");
    EXPECT_EQ(MacAddress::parse("02-42-ac-11-00-02")->to_text(), "02:42:ac:11:00:02");
    for (const char* text : {"", "02:42:ac:11:00", "02:42:ac:11:00:0g", "0242ac110002", "02:42-ac:11:00:02"})
        EXPECT_FALSE(MacAddress::parse(text)) << text;
}

}  // namespace
}  // namespace tutti::os
