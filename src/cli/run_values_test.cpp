#include "cli/run_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "cli/run_spec.h"
#include "cli/single.h"

namespace tutti::cli {
namespace {

using engine::MountSpec;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string place(const std::string& path) { return path.starts_with('/') ? path : "/home/me/" + path; }

template <class Parse>
std::string refusal(Parse&& parse) {
    try {
        parse();
    } catch (const base::Error& error) { return error.message(); }
    return "accepted";
}

TEST(volume_flag, tells_paths_from_names) {
    const MountSpec bind = parse_volume_flag("./data:/var/lib:ro", place);
    EXPECT_EQ(bind.type, MountSpec::Type::bind);
    EXPECT_THAT(bind.source, HasSubstr("/home/me/"));
    EXPECT_TRUE(bind.read_only);
    EXPECT_TRUE(bind.create_host_path);
    const MountSpec named = parse_volume_flag("store:/data:nocopy", place);
    EXPECT_EQ(named.type, MountSpec::Type::volume);
    EXPECT_EQ(named.source, "store");
    EXPECT_TRUE(named.no_copy);
    EXPECT_EQ(parse_volume_flag("/data", place).source, "");
    EXPECT_THAT(refusal([] { parse_volume_flag("a:relative", place); }), HasSubstr("mount path must be absolute"));
}

TEST(mount_flag, reads_fields_of_csv) {
    const MountSpec mount =
        parse_mount_flag("type=volume,\"volume-opt=o=addr=10.0.0.1,rw\",src=v,dst=/d,readonly", place);
    EXPECT_EQ(mount.source, "v");
    EXPECT_EQ(mount.target, "/d");
    EXPECT_TRUE(mount.read_only);
    EXPECT_THAT(mount.driver_opts, ElementsAre(Pair("o", "addr=10.0.0.1,rw")));
    EXPECT_FALSE(parse_mount_flag("type=bind,src=/a,dst=/b", place).create_host_path);
    EXPECT_EQ(parse_mount_flag("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770", place).tmpfs_mode, 01770U);
    EXPECT_THAT(refusal([] { parse_mount_flag("type=bind,dst=/b", place); }), HasSubstr("source is required"));
    EXPECT_THAT(refusal([] { parse_mount_flag("type=bnd,dst=/b", place); }), HasSubstr("invalid mount type 'bnd'"));
    EXPECT_THAT(refusal([] { parse_mount_flag("target=/b,x=1", place); }), HasSubstr("unexpected key 'x'"));
}

TEST(publish_flag, gives_a_port_each_of_a_range) {
    const auto ports = parse_publish_flag("127.0.0.1:8000-8001:80-81/udp");
    ASSERT_EQ(ports.size(), 2U);
    EXPECT_EQ(ports[1].host_port, "8001");
    EXPECT_EQ(ports[1].container_port, 81);
    EXPECT_EQ(ports[1].protocol, "udp");
    EXPECT_THAT(refusal([] { parse_publish_flag("80:x"); }), HasSubstr("--publish"));
    EXPECT_THAT(parse_expose_flag("7000-7001"), ElementsAre("7000/tcp", "7001/tcp"));
    EXPECT_THAT(refusal([] { parse_expose_flag("9-3"); }), HasSubstr("invalid range"));
}

TEST(network_flag, takes_a_name_or_fields) {
    EXPECT_EQ(parse_network_flag("back").network, "back");
    const auto endpoint = parse_network_flag("name=back,alias=db,alias=store,ip=10.0.0.9");
    EXPECT_EQ(endpoint.ipv4_address, "10.0.0.9");
    EXPECT_THAT(endpoint.aliases, ElementsAre("db", "store"));
    EXPECT_THAT(refusal([] { parse_network_flag("alias=db"); }), HasSubstr("network name is missing"));
}

TEST(gpus_flag, counts_or_names_devices) {
    EXPECT_EQ(parse_gpus_flag("all").count, -1);
    EXPECT_EQ(parse_gpus_flag("2").count, 2);
    EXPECT_THAT(parse_gpus_flag("\"device=0,3\"").device_ids, ElementsAre("0", "3"));
    EXPECT_THAT(parse_gpus_flag("all").capabilities, ElementsAre(ElementsAre("gpu")));
}

TEST(small_values, follow_docker) {
    EXPECT_EQ(parse_device_flag("/dev/a:/dev/b:r").permissions, "r");
    EXPECT_EQ(parse_device_flag("/dev/a:rw").container_path, "/dev/a");
    EXPECT_EQ(parse_ulimit_flag("nofile=10:20").hard, 20);
    EXPECT_THAT(refusal([] { parse_ulimit_flag("nofile=30:20"); }), HasSubstr("soft limit"));
    EXPECT_EQ(parse_restart_flag("on-failure:3").max_retries, 3);
    EXPECT_THAT(refusal([] { parse_restart_flag("always:3"); }), HasSubstr("maximum retry count"));
    EXPECT_THAT(refusal([] { parse_restart_flag("sometimes"); }), HasSubstr("unknown policy"));
    EXPECT_EQ(parse_bytes_flag("memory", "1g"), std::int64_t{1} << 30);
    EXPECT_THAT(env_file_lines("# c\n\n A=1 \nHOME\nGONE\n", {{"HOME", "/me"}}), ElementsAre("A=1 ", "HOME=/me"));
    EXPECT_THAT(refusal([] { env_file_lines("A B=1", {}); }), HasSubstr("contains whitespaces"));
}

engine::ContainerSpec spec_of(std::vector<std::string> words) {
    words.insert(words.begin(), {"docker", "run"});
    base::FilesInMemory files;
    Session session{.environment = {{"TOKEN", "s3"}}, .folder = "/home/me", .files = files};
    return container_spec(parse(words), session);
}

TEST(run, says_the_container_of_its_flags) {
    const auto spec =
        spec_of({"-dit", "--rm", "-eTOKEN", "-e", "A=b", "--name=n", "--memory", "512m", "--cpus=1.5", "--add-host",
                 "db:10.0.0.5", "--health-cmd", "true", "--health-interval", "5s", "img", "-x", "--name"});
    EXPECT_EQ(spec.image, "img");
    EXPECT_THAT(*spec.command, ElementsAre("-x", "--name"));
    EXPECT_THAT(spec.env, ElementsAre("TOKEN=s3", "A=b"));
    EXPECT_EQ(spec.resources.nano_cpus, 1'500'000'000);
    EXPECT_EQ(spec.resources.memory, std::int64_t{512} << 20);
    EXPECT_TRUE(spec.tty && spec.open_stdin && spec.auto_remove);
    EXPECT_THAT(spec.health_check->test, ElementsAre("CMD-SHELL", "true"));
    EXPECT_FALSE(spec.entrypoint);
    EXPECT_THAT(*spec_of({"--entrypoint", "", "img"}).entrypoint, IsEmpty());
}

TEST(run, puts_addresses_on_networks_only) {
    const auto spec = spec_of({"--network", "back", "--network-alias", "db", "--ip", "10.0.0.4", "img"});
    EXPECT_EQ(spec.network_mode, "back");
    ASSERT_EQ(spec.endpoints.size(), 1U);
    EXPECT_EQ(spec.endpoints[0].ipv4_address, "10.0.0.4");
    EXPECT_EQ(spec_of({"img"}).network_mode, "");
    EXPECT_EQ(spec_of({"--network", "host", "img"}).network_mode, "host");
    EXPECT_THAT(refusal([] { spec_of({"--network-alias", "db", "img"}); }), HasSubstr("user defined networks"));
    EXPECT_THAT(refusal([] {
                    spec_of({"--network", "host", "--network", "back", "img"});
                }),
                HasSubstr("cannot attach both host"));
    EXPECT_THAT(refusal([] { spec_of({"-v", "/a:/b", "--tmpfs", "/b", "img"}); }), HasSubstr("Duplicate mount point"));
}

TEST(docker_dialect, has_its_own_words) {
    const auto name = [](std::vector<std::string> words, Dialect dialect) {
        const Arguments arguments = parse(words, dialect);
        return arguments.command() ? std::string(arguments.command()->name) : std::string("none");
    };
    EXPECT_EQ(name({"ps"}, Dialect::docker), "container ls");
    EXPECT_EQ(name({"ps"}, Dialect::compose), "ps");
    EXPECT_EQ(name({"docker", "ps"}, Dialect::compose), "container ls");
    EXPECT_EQ(name({"docker", "compose", "ps"}, Dialect::compose), "ps");
    EXPECT_EQ(name({"compose", "ps"}, Dialect::docker), "ps");
    EXPECT_EQ(name({"up"}, Dialect::docker), "none");
    EXPECT_EQ(name({"-H", "unix:///x", "image", "ls"}, Dialect::docker), "image ls");
    EXPECT_EQ(name({"-v"}, Dialect::docker), "docker --version");
}

TEST(filters, join_values_of_a_key_by_or) {
    const std::vector<Filter> filters = {{"name", "a"}, {"name", "b"}, {"label", "x=1"}, {"label", "y"}};
    const auto is = [](std::string wanted) { return [wanted](const std::string& value) { return value == wanted; }; };
    EXPECT_TRUE(any_accepts(filters, "name", is("b")));
    EXPECT_FALSE(any_accepts(filters, "name", is("c")));
    EXPECT_TRUE(any_accepts(filters, "id", is("c")));
    EXPECT_TRUE(labels_accept(filters, {{"x", "1"}, {"y", ""}}));
    EXPECT_FALSE(labels_accept(filters, {{"x", "1"}}));
    EXPECT_TRUE(matches_expression("^we.$", "web"));
    EXPECT_THAT(refusal([] { matches_expression("(", "web"); }), HasSubstr("invalid regular expression"));
}

}  // namespace
}  // namespace tutti::cli
