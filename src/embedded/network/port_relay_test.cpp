#include "embedded/network/port_relay.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "embedded/network/lab_test.h"
#include "embedded/network/ports.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;

class Relay : public testing::Test {
  protected:
    os::Fd connect(int type, int family = AF_INET6) {
        const os::SocketAddress where(*os::IpAddress::parse(family == AF_INET6 ? "::1" : "127.0.0.1"), port_);
        os::Fd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::connect(fd.get(), where.get(), where.size) != 0 && errno != EINPROGRESS) base::throw_errno("connecting");
        return fd;
    }
    os::Fd server(int type, const char* address = "127.0.0.5") {
        os::Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const os::SocketAddress where(*os::IpAddress::parse(address), 80);
        if (::bind(fd.get(), where.get(), where.size) != 0) base::throw_errno("binding");
        if (type == SOCK_STREAM && ::listen(fd.get(), 16) != 0) base::throw_errno("listening");
        return fd;
    }
    void publish(Protocol protocol) {
        const auto container = [](int) { return *os::IpAddress::parse("127.0.0.5"); };
        for (PortSocket& socket : reserve_port({.protocol = protocol, .container_port = 80}, std::nullopt, container)) {
            port_ = socket.port.host_port;
            relay.add("c", std::move(socket));
        }
    }
    bool serve_until(const os::Fd& fd, short events = POLLIN) {
        const auto end = os::Clock::now() + 2s;
        while (os::Clock::now() < end) {
            pollfd wanted[2] = {{fd.get(), events, 0}, {relay.fd(), POLLIN, 0}};
            ::poll(wanted, 2, 100);
            if (wanted[0].revents != 0) return true;
            relay.serve();
        }
        return false;
    }
    static std::string receive(const os::Fd& fd) {
        char bytes[4096];
        const ssize_t size = ::recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        return size < 0 ? (errno == ECONNRESET ? "reset" : "nothing")
                        : std::string(bytes, static_cast<std::size_t>(size));
    }

  private:
    Machine machine_;

  protected:
    PortRelay relay;
    std::uint16_t port_ = 0;
};

TEST_F(Relay, CarriesAConnectionBothWaysAndItsHalfCloses) {
    const os::Fd listener = server(SOCK_STREAM);
    publish(Protocol::tcp);
    const os::Fd client = connect(SOCK_STREAM);
    ASSERT_TRUE(serve_until(listener));
    const os::Fd container(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    os::write_all(client, "question");
    ASSERT_TRUE(serve_until(container));
    EXPECT_EQ(receive(container), "question");
    ::shutdown(client.get(), SHUT_WR);
    ASSERT_TRUE(serve_until(container));
    EXPECT_EQ(receive(container), "") << "the end of the client's bytes";
    os::write_all(container, "answer");
    ASSERT_TRUE(serve_until(client));
    EXPECT_EQ(receive(client), "answer");
    ::shutdown(container.get(), SHUT_WR);
    ASSERT_TRUE(serve_until(client));
    EXPECT_EQ(receive(client), "");
}

TEST_F(Relay, CarriesMoreThanItsBuffersHold) {
    const os::Fd listener = server(SOCK_STREAM);
    publish(Protocol::tcp);
    const os::Fd client = connect(SOCK_STREAM);
    ASSERT_TRUE(serve_until(listener));
    const os::Fd container(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const std::string chunk(65536, 'x');
    constexpr std::size_t kAll = 8 << 20;
    std::size_t sent = 0, got = 0;
    const auto end = os::Clock::now() + 20s;
    while (got < kAll && os::Clock::now() < end) {
        if (sent < kAll) {
            const ssize_t size =
                ::send(container.get(), chunk.data(), std::min(chunk.size(), kAll - sent), MSG_DONTWAIT);
            if (size > 0) sent += static_cast<std::size_t>(size);
        }
        relay.serve();
        char bytes[65536];
        const ssize_t size = ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0) got += static_cast<std::size_t>(size);
    }
    EXPECT_EQ(got, kAll);
}

TEST_F(Relay, AContainerThatDoesNotListenResetsTheClient) {
    publish(Protocol::tcp);
    const os::Fd client = connect(SOCK_STREAM);
    ASSERT_TRUE(serve_until(client, POLLIN));
    EXPECT_EQ(receive(client), "reset");
}

TEST_F(Relay, CarriesDatagramsOfSeveralClients) {
    const os::Fd container = server(SOCK_DGRAM);
    publish(Protocol::udp);
    const os::Fd first = connect(SOCK_DGRAM), second = connect(SOCK_DGRAM, AF_INET);
    for (const os::Fd* client : {&first, &second}) {
        ASSERT_EQ(::send(client->get(), "ping", 4, 0), 4);
        ASSERT_TRUE(serve_until(container));
        char bytes[16];
        os::SocketAddress from;
        from.size = sizeof from.storage;
        ASSERT_EQ(::recvfrom(container.get(), bytes, sizeof bytes, 0, from.get(), &from.size), 4);
        ASSERT_EQ(::sendto(container.get(), "pong", 4, 0, from.get(), from.size), 4);
        ASSERT_TRUE(serve_until(*client));
        EXPECT_EQ(receive(*client), "pong");
    }
}

TEST_F(Relay, RemovingAContainerEndsItsConnectionsAndFreesItsPort) {
    const os::Fd listener = server(SOCK_STREAM);
    publish(Protocol::tcp);
    const os::Fd client = connect(SOCK_STREAM);
    ASSERT_TRUE(serve_until(listener));
    relay.remove("c");
    ASSERT_TRUE(serve_until(client));
    EXPECT_EQ(receive(client), "reset");
    EXPECT_NO_THROW(reserve_port({.container_port = 80, .host_first = port_}, std::nullopt,
                                 [](int) { return *os::IpAddress::parse("127.0.0.5"); }));
}

}  // namespace
}  // namespace tutti::embedded::network
