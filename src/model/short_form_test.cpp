#include "model/short_form.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/read.h"

namespace tutti::model {

namespace {

std::string ports(std::string_view text) {
    const auto parsed = parse_ports(text);
    if (!parsed) return parsed.fault;
    std::string out;
    for (const Port& port : parsed.value)
        out +=
            base::cat(out.empty() ? "" : " ", port.host_ip, '|', port.published, '|', port.target, '/', port.protocol);
    return out;
}

std::string mount(std::string_view text) {
    const auto parsed = parse_mount(text);
    if (!parsed) return parsed.fault;
    const Mount& value = parsed.value;
    return base::cat(value.type, ' ', value.source, " -> ", value.target, value.read_only ? " ro" : "");
}

}  // namespace

TEST(ShortPorts, HostPartsAreOptional) {
    EXPECT_EQ(ports("80"), "||80/tcp");
    EXPECT_EQ(ports("8080:80/udp"), "|8080|80/udp");
    EXPECT_EQ(ports("127.0.0.1:8080:80"), "127.0.0.1|8080|80/tcp");
    EXPECT_EQ(ports("127.0.0.1::80"), "127.0.0.1||80/tcp");
    EXPECT_EQ(ports("[::1]:8080:80"), "::1|8080|80/tcp");
    EXPECT_EQ(ports("::1:8080:80"), "::1|8080|80/tcp");
}

TEST(ShortPorts, RangesPairUpInTextOrderOrStayDynamic) {
    EXPECT_EQ(ports("8-11"), "||10/tcp ||11/tcp ||8/tcp ||9/tcp");
    EXPECT_EQ(ports("8000-8001:80-81"), "|8000|80/tcp |8001|81/tcp");
    EXPECT_EQ(ports("80-82:8080"), "|80-82|8080/tcp");
    EXPECT_EQ(ports("80-80:8080"), "|80|8080/tcp");
}

TEST(ShortPorts, FaultsAreNamed) {
    EXPECT_EQ(ports(""), "no port specified: <empty>");
    EXPECT_EQ(ports("80/xyz"), "invalid proto: xyz");
    EXPECT_EQ(ports("127.0.1:80:80"), "invalid IP address: 127.0.1");
    EXPECT_EQ(ports("90-80:80"), "invalid hostPort: 90-80");
    EXPECT_EQ(ports("1-2:80-89"), "invalid ranges specified for container and host Ports: 80-89 and 1-2");
    EXPECT_EQ(ports("70000"), "invalid containerPort: 70000");
}

TEST(ShortMounts, SourceDecidesTheType) {
    EXPECT_EQ(mount("./data:/data"), "bind ./data -> /data");
    EXPECT_EQ(mount("store:/data/../x/:ro"), "volume store -> /x ro");
    EXPECT_EQ(mount("/data"), "volume  -> /data");
    EXPECT_EQ(mount("c:\\x:/x"), "bind c:\\x -> /x");
    EXPECT_EQ(mount("0:/foo"), "volume 0 -> /foo");
    EXPECT_EQ(mount("${A:-/x:y}:/one"), "volume ${A:-/x:y} -> /one");
}

TEST(ShortMounts, OptionsLastWinsAndUnknownIsIgnored) {
    const Mount value = parse_mount("./a:/b:ro,rw,z,Z,cached,rslave").value;
    EXPECT_FALSE(value.read_only);
    EXPECT_EQ(value.bind->selinux, "Z");
    EXPECT_EQ(value.bind->propagation, "rslave");
    EXPECT_TRUE(value.bind->create_host_path);
    EXPECT_TRUE(parse_mount("vol:/b:nocopy").value.volume->nocopy);
}

TEST(ShortMounts, IgnoredOptionsAreNamed) {
    EXPECT_EQ(parse_mount("vol:/b:ro,RO").remark, "unknown option 'RO' is ignored");
    EXPECT_EQ(parse_mount("vol:/b:ro,cached").remark, "");
}

TEST(ShortMounts, FaultsAreNamed) {
    EXPECT_EQ(mount(""), "invalid empty volume spec");
    EXPECT_EQ(mount("ab::c"), "invalid spec: ab::c: empty section between colons");
    EXPECT_EQ(mount("aa:/b:ro:x"), "invalid spec: aa:/b:ro:x: too many colons");
}

namespace {

Texts words(std::string_view line) {
    const auto split = split_command(line);
    return split ? split->words : Texts{"fault"};
}

}  // namespace

TEST(Command, SplitsAsComposeDoes) {
    EXPECT_EQ(words("echo 'a b' \"c\"d"), (Texts{"echo", "a b", "cd"}));
    EXPECT_EQ(words("bake && serve"), (Texts{"bake"}));
    EXPECT_EQ(words("a 2>x"), (Texts{"a"}));
    EXPECT_EQ(words("a ''"), (Texts{"a", ""}));
    EXPECT_EQ(words("echo $(a b)"), (Texts{"echo", "$(a b)"}));
    EXPECT_EQ(words(""), Texts{});
    EXPECT_EQ(words("echo (a)"), Texts{"fault"});
    EXPECT_EQ(words("echo 'a"), Texts{"fault"});
    EXPECT_EQ(split_command("bake && serve")->dropped, "&& serve");
}

}  // namespace tutti::model
