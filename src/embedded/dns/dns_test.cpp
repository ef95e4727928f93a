#include "embedded/dns/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "embedded/dns/message.h"
#include "os/file.h"
#include "os/links.h"
#include "os/netns.h"

namespace tutti::embedded::dns {
namespace {

using base::cat;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

os::SocketAddress at(const std::string& address, std::uint16_t port) {
    return {os::IpAddress::parse(address).value(), port};
}

os::Fd bound(const std::string& address, std::uint16_t port, int type) {
    os::Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const os::SocketAddress where = at(address, port);
    if (::bind(fd.get(), where.get(), where.size) != 0) base::throw_errno("binding");
    if (type == SOCK_STREAM && ::listen(fd.get(), 64) != 0) base::throw_errno("listening");
    return fd;
}

std::string question(const std::string& name, std::uint16_t type, std::uint16_t id = 7, int udp_size = 0) {
    std::string packet{static_cast<char>(id >> 8),      static_cast<char>(id), 1, 0, 0, 1, 0, 0, 0, 0, 0,
                       static_cast<char>(udp_size != 0)};
    for (const std::string_view label : base::split(name, '.')) {
        packet.push_back(static_cast<char>(label.size()));
        packet.append(label);
    }
    packet.append({'\0', static_cast<char>(type >> 8), static_cast<char>(type), 0, 1});
    if (udp_size != 0)
        packet.append({'\0', 0, 41, static_cast<char>(udp_size >> 8), static_cast<char>(udp_size), 0, 0, 0, 0, 0, 0});
    return packet;
}

struct Reply {
    int code = -1, count = 0;
    bool truncated = false;
    std::uint16_t id = 0;
    std::vector<std::string> data;  // addresses as text, or the raw record
    std::size_t size = 0;
};

Reply read(const std::string& packet) {
    const auto word = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(packet.at(i)) << 8 |
                                     static_cast<unsigned char>(packet.at(i + 1)));
    };
    Reply reply;
    reply.size = packet.size();
    reply.id = static_cast<std::uint16_t>(word(0));
    reply.code = packet.at(3) & 15;
    reply.truncated = (packet.at(2) & 2) != 0;
    reply.count = static_cast<int>(word(6));
    std::size_t i = 12;
    while (packet.at(i) != 0) i += 1 + static_cast<unsigned char>(packet[i]);
    i += 5;
    for (int n = 0; n < reply.count; ++n) {
        const std::size_t length = word(i + 10);
        const std::string data = packet.substr(i + 12, length);
        const auto address = os::IpAddress::from_bytes(data);
        reply.data.push_back(address ? address->to_text() : data);
        i += 12 + length;
    }
    return reply;
}

// A container's namespace, its name server, and records of networks.
class Names : public testing::Test {
  protected:
    Names()
        : host_(os::make_netns([] { os::Links().set_up(1); })),
          inside_(std::in_place, host_),
          server({.upstream_timeout_ms = 100, .upstream_port = 5353}) {}

    std::string network(const std::string& name) {
        const std::string path = cat(folder_.path(), "/", name);
        os::make_folders(path);
        return path;
    }
    void record(const std::string& network_name, const std::string& container, const std::vector<std::string>& names,
                const std::string& ipv4, const std::string& ipv6 = {}) {
        std::string list;
        for (const std::string& name : names) list += cat(list.empty() ? "" : ",", "\"", name, "\"");
        std::string text = cat("{\"network_name\":\"", network_name, "\",\"names\":[", list, "]");
        if (!ipv4.empty()) text += cat(",\"ipv4\":\"", ipv4, "/16\"");
        if (!ipv6.empty()) text += cat(",\"ipv6\":\"", ipv6, "/64\"");
        os::write_file(cat(network(network_name), "/", container, ".json"), text + "}");
    }
    void forget(const std::string& network_name, const std::string& container) {
        os::remove_file(cat(network(network_name), "/", container, ".json"));
    }
    Client client(const std::vector<std::string>& networks, const std::string& address = "127.0.0.11") {
        Client client;
        client.container = address;
        client.udp = bound(address, 53, SOCK_DGRAM);
        client.tcp = bound(address, 53, SOCK_STREAM);
        for (const std::string& name : networks) client.networks.push_back(network(name));
        return client;
    }
    // Serves until `fd` can be read; false after two seconds.
    bool serve_until(const os::Fd& fd) {
        const auto end = os::Clock::now() + 2s;
        while (os::Clock::now() < end) {
            const auto next = server.next();
            const auto wait =
                next ? std::chrono::duration_cast<std::chrono::milliseconds>(*next - os::Clock::now()).count() + 1
                     : 100;
            pollfd wanted[2] = {{fd.get(), POLLIN, 0}, {server.fd(), POLLIN, 0}};
            ::poll(wanted, 2, static_cast<int>(std::clamp<long>(wait, 0, 100)));
            if ((wanted[0].revents & POLLIN) != 0) return true;
            server.serve();
        }
        return false;
    }
    os::Fd send(const std::string& packet, const std::string& address = "127.0.0.11") {
        os::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const os::SocketAddress where = at(address, 53);
        EXPECT_EQ(::connect(fd.get(), where.get(), where.size), 0);
        EXPECT_EQ(::send(fd.get(), packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
        return fd;
    }
    std::string receive(const os::Fd& fd) {
        std::string packet(65535, '\0');
        const ssize_t size = ::recv(fd.get(), packet.data(), packet.size(), 0);
        packet.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return packet;
    }
    Reply ask(const std::string& name, std::uint16_t type = 1, int udp_size = 0,
              const std::string& address = "127.0.0.11") {
        const os::Fd fd = send(question(name, type, 7, udp_size), address);
        if (!serve_until(fd)) return {};
        return read(receive(fd));
    }
    os::Fd connect() {
        os::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const os::SocketAddress where = at("127.0.0.11", 53);
        EXPECT_EQ(::connect(fd.get(), where.get(), where.size), 0);
        return fd;
    }
    static std::string framed(const std::string& packet) {
        return std::string{static_cast<char>(packet.size() >> 8), static_cast<char>(packet.size())} + packet;
    }
    Reply ask_tcp(const os::Fd& fd, const std::string& name, std::uint16_t type = 1) {
        os::write_all(fd, framed(question(name, type)));
        if (!serve_until(fd)) return {};
        std::string answer = receive(fd);
        return read(answer.substr(2));
    }

  private:
    os::TempFolder folder_;
    os::Fd host_;
    std::optional<os::InNetns> inside_;

  protected:
    Server server;
};

TEST_F(Names, AServiceIsFoundByAllItsNames) {
    record("net", "a", {"demo-web-1", "web", "0123456789ab", "myhost"}, "172.17.0.2");
    server.add(client({"net"}));
    for (const char* name : {"web", "demo-web-1", "0123456789ab", "myhost", "WEB", "web.net", "Demo-Web-1.net"})
        EXPECT_THAT(ask(name).data, UnorderedElementsAre("172.17.0.2")) << name;
}

TEST_F(Names, AllReplicasAreReturnedInChangingOrder) {
    record("net", "a", {"w1", "web"}, "172.17.0.2");
    record("net", "b", {"w2", "web"}, "172.17.0.3");
    record("net", "c", {"w3", "web"}, "172.17.0.4");
    server.add(client({"net"}));
    std::set<std::string> first;
    for (int i = 0; i < 60; ++i) {
        const Reply reply = ask("web");
        ASSERT_THAT(reply.data, UnorderedElementsAre("172.17.0.2", "172.17.0.3", "172.17.0.4"));
        first.insert(reply.data.front());
    }
    EXPECT_EQ(first.size(), 3U);
}

TEST_F(Names, OtherTypesOfAKnownNameAreEmptyNotErrors) {
    record("net", "a", {"web"}, "172.17.0.2");
    server.add(client({"net"}));
    for (const std::uint16_t type : {28, 15, 16, 33, 65, 255}) {  // AAAA MX TXT SRV HTTPS ANY
        const Reply reply = ask("web", type);
        EXPECT_EQ(reply.code, 0) << type;
        EXPECT_EQ(reply.count, 0) << type;
    }
}

TEST_F(Names, AddressesHaveNamesToo) {
    record("net", "a", {"web-1", "web"}, "172.17.0.2", "fd00::2");
    server.add(client({"net"}));
    EXPECT_THAT(ask("2.0.17.172.in-addr.arpa", 12).data, UnorderedElementsAre(std::string("\5web-1\3net\0", 11)));
    EXPECT_THAT(ask("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", 12).data,
                UnorderedElementsAre(std::string("\5web-1\3net\0", 11)));
    EXPECT_THAT(ask("web", 28).data, UnorderedElementsAre("fd00::2"));
}

TEST_F(Names, AContainerThatEndedIsGoneAtOnceAndANewAddressIsSeen) {
    record("net", "a", {"web"}, "172.17.0.2");
    server.add(client({"net"}));
    EXPECT_EQ(ask("web").count, 1);
    forget("net", "a");
    EXPECT_EQ(ask("web").code, 2);
    record("net", "a", {"web"}, "172.17.0.9");
    EXPECT_THAT(ask("web").data, UnorderedElementsAre("172.17.0.9"));
    record("net", "a", {"web"}, "172.17.0.10");
    EXPECT_THAT(ask("web").data, UnorderedElementsAre("172.17.0.10"));
}

TEST_F(Names, NamesAreSeenOnSharedNetworksOnly) {
    record("front", "a", {"web"}, "172.17.0.2");
    record("back", "b", {"db"}, "172.18.0.2");
    server.add(client({"front"}));
    server.add(client({"back", "front"}, "127.0.0.12"));
    EXPECT_EQ(ask("db").code, 2);
    EXPECT_THAT(ask("db", 1, 0, "127.0.0.12").data, UnorderedElementsAre("172.18.0.2"));
    EXPECT_THAT(ask("web", 1, 0, "127.0.0.12").data, UnorderedElementsAre("172.17.0.2"));
}

TEST_F(Names, TheFirstNetworkThatKnowsTheNameAnswers) {
    record("a", "x", {"web"}, "172.17.0.2");
    record("b", "y", {"web"}, "172.18.0.2");
    server.add(client({"b", "a"}));
    EXPECT_THAT(ask("web").data, UnorderedElementsAre("172.18.0.2"));
    EXPECT_THAT(ask("web.a").data, UnorderedElementsAre("172.17.0.2"));
}

TEST_F(Names, LinksAreSeenByOneContainerAlone) {
    record("net", "a", {"db"}, "172.17.0.2");
    Client linked = client({"net"});
    linked.links["Database"] = "db";
    server.add(std::move(linked));
    server.add(client({"net"}, "127.0.0.12"));
    EXPECT_THAT(ask("database").data, UnorderedElementsAre("172.17.0.2"));
    EXPECT_EQ(ask("database", 1, 0, "127.0.0.12").code, 2);
}

TEST_F(Names, AnswersAreCutToWhatTheClientTakesAndTcpHasAll) {
    for (int i = 0; i < 100; ++i) record("net", cat("c", i), {cat("web-", i), "web"}, cat("172.17.1.", i));
    server.add(client({"net"}));
    const Reply small = ask("web");
    EXPECT_TRUE(small.truncated);
    EXPECT_LE(small.size, 512U);
    const Reply large = ask("web", 1, 1232);
    EXPECT_TRUE(large.truncated);
    EXPECT_GT(large.count, small.count);
    EXPECT_LE(large.size, 1232U);
    const Reply whole = ask_tcp(connect(), "web");
    EXPECT_FALSE(whole.truncated);
    EXPECT_EQ(whole.count, 100);
}

TEST_F(Names, GarbageAndSlowConnectionsDelayNobody) {
    record("net", "a", {"web"}, "172.17.0.2");
    server.add(client({"net"}));
    std::vector<os::Fd> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(connect());
        os::write_all(slow.back(), std::string_view("\0", 1));  // the first byte of a length, and no more
    }
    const os::Fd garbage = connect();
    os::write_all(garbage, framed("\xff\xff\xff"));
    ::send(send("garbage").get(), "", 0, 0);
    EXPECT_EQ(ask("web").count, 1);
    EXPECT_EQ(ask_tcp(connect(), "web").count, 1);
    ASSERT_TRUE(serve_until(garbage));
    EXPECT_EQ(receive(garbage), "") << "closed";
    const Reply broken =
        [&] {
            const os::Fd fd = send(question("web", 1).substr(0, 20));
            return serve_until(fd) ? receive(fd) : std::string();
        }()
                    .substr(0, 4) == std::string("\0\7\x81\x81", 4)
            ? Reply{.code = 1}
            : Reply{};
    EXPECT_EQ(broken.code, 1) << "format error";
}

TEST_F(Names, OtherNamesAreAskedUpstreamAndTheNextServerWhenOneFails) {
    Client forwarding = client({});
    forwarding.upstreams = {*os::IpAddress::parse("127.0.0.21"), *os::IpAddress::parse("127.0.0.22"),
                            *os::IpAddress::parse("127.0.0.23")};
    server.add(std::move(forwarding));
    const os::Fd failing = bound("127.0.0.22", 5353, SOCK_DGRAM), good = bound("127.0.0.23", 5353, SOCK_DGRAM);
    const auto upstream = [&](const os::Fd& fd, Code code, const std::vector<Answer>& answers) {
        char packet[1500];
        os::SocketAddress from;
        from.size = sizeof from.storage;
        if (!serve_until(fd)) return false;
        const ssize_t size = ::recvfrom(fd.get(), packet, sizeof packet, 0, from.get(), &from.size);
        const auto query = read_query({packet, static_cast<std::size_t>(size)});
        const std::string reply = write_reply(query.value(), code, answers, 1500);
        return ::sendto(fd.get(), reply.data(), reply.size(), 0, from.get(), from.size) > 0;
    };
    const os::Fd asked = send(question("example.org", 1, 99));
    ASSERT_TRUE(upstream(failing, Code::server_failure, {}));  // .21 refuses: nobody listens there
    ASSERT_TRUE(upstream(good, Code::no_error, {address_answer(*os::IpAddress::parse("192.0.2.1"))}));
    ASSERT_TRUE(serve_until(asked));
    const Reply reply = read(receive(asked));
    EXPECT_EQ(reply.id, 99);
    EXPECT_THAT(reply.data, UnorderedElementsAre("192.0.2.1"));
}

TEST_F(Names, ASilentUpstreamEndsInServerFailure) {
    Client forwarding = client({});
    forwarding.upstreams = {*os::IpAddress::parse("127.0.0.21")};
    server.add(std::move(forwarding));
    const os::Fd silent = bound("127.0.0.21", 5353, SOCK_DGRAM);
    EXPECT_EQ(ask("example.org").code, 2);
}

TEST_F(Names, AForgedAnswerIsNotBelieved) {
    Client forwarding = client({});
    forwarding.upstreams = {*os::IpAddress::parse("127.0.0.21")};
    server.add(std::move(forwarding));
    const os::Fd fd = bound("127.0.0.21", 5353, SOCK_DGRAM);
    const os::Fd asked = send(question("example.org", 1));
    ASSERT_TRUE(serve_until(fd));
    char packet[1500];
    os::SocketAddress from;
    from.size = sizeof from.storage;
    const ssize_t size = ::recvfrom(fd.get(), packet, sizeof packet, 0, from.get(), &from.size);
    Query query = read_query({packet, static_cast<std::size_t>(size)}).value();
    ++query.id;
    const auto answer = [&](const char* address) {
        const std::string reply =
            write_reply(query, Code::no_error, {address_answer(*os::IpAddress::parse(address))}, 1500);
        ::sendto(fd.get(), reply.data(), reply.size(), 0, from.get(), from.size);
    };
    answer("192.0.2.66");
    --query.id;
    answer("192.0.2.1");
    ASSERT_TRUE(serve_until(asked));
    EXPECT_THAT(read(receive(asked)).data, UnorderedElementsAre("192.0.2.1"));
}

TEST_F(Names, AnInternalContainersQuestionsNeverLeave) {
    record("net", "a", {"web"}, "172.17.0.2");
    Client internal = client({"net"});
    internal.upstreams = {*os::IpAddress::parse("127.0.0.21")};
    internal.forwards = false;
    server.add(std::move(internal));
    const os::Fd upstream = bound("127.0.0.21", 5353, SOCK_DGRAM);
    EXPECT_EQ(ask("web").count, 1);
    EXPECT_EQ(ask("example.org").code, 2);
    EXPECT_EQ(receive(upstream), "");
}

TEST_F(Names, TcpQuestionsAreAskedOverTcp) {
    Client forwarding = client({});
    forwarding.upstreams = {*os::IpAddress::parse("127.0.0.21")};
    server.add(std::move(forwarding));
    const os::Fd upstream = bound("127.0.0.21", 5353, SOCK_STREAM);
    const os::Fd asked = connect();
    os::write_all(asked, framed(question("example.org", 1, 42)));
    ASSERT_TRUE(serve_until(upstream));
    const os::Fd connection(::accept4(upstream.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(serve_until(connection));
    const std::string packet = receive(connection);
    const Query query = read_query(std::string_view(packet).substr(2)).value();
    std::vector<Answer> many(80, address_answer(*os::IpAddress::parse("192.0.2.1")));
    os::write_all(connection, framed(write_reply(query, Code::no_error, many, 65535)));
    ASSERT_TRUE(serve_until(asked));
    const Reply reply = read(receive(asked).substr(2));
    EXPECT_EQ(reply.id, 42);
    EXPECT_EQ(reply.count, 80);
}

TEST_F(Names, TenThousandQuestionsAtOnceAreAllAnswered) {
    record("net", "a", {"web"}, "172.17.0.2");
    server.add(client({"net"}));
    const os::Fd fd = send(question("web", 1));
    int answered = 0;
    for (int sent = 1; sent < 10000; ++sent) {
        const std::string packet = question("web", 1, static_cast<std::uint16_t>(sent));
        // A full queue is what the kernel does to a sender; he waits for answers then.
        while (::send(fd.get(), packet.data(), packet.size(), MSG_DONTWAIT) < 0) server.serve();
        if (sent % 100 != 0) continue;
        for (int i = 0; i < 3; ++i) server.serve();
        while (!receive(fd).empty()) ++answered;
    }
    while (answered < 10000 && serve_until(fd))
        while (!receive(fd).empty()) ++answered;
    EXPECT_EQ(answered, 10000);
}

TEST_F(Names, WhatWaitsInTheSocketIsAnsweredByTheNextServer) {
    record("net", "a", {"web"}, "172.17.0.2");
    Client first = client({"net"});
    Client second;
    second.container = first.container;
    second.networks = first.networks;
    second.udp = first.udp.duplicate();
    second.tcp = first.tcp.duplicate();
    server.add(std::move(first));
    EXPECT_EQ(ask("web").count, 1);
    server.remove("127.0.0.11");
    const os::Fd asked = send(question("web", 1));
    server.add(std::move(second));
    ASSERT_TRUE(serve_until(asked));
    EXPECT_EQ(read(receive(asked)).count, 1);
}

}  // namespace
}  // namespace tutti::embedded::dns
