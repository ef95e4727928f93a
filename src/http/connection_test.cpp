#include "http/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

namespace tutti::http {

using base::Error;

// A peer at the other end of a socket pair that answers with prepared text.
struct Peer {
    os::Fd mine;
    Connection connection;

    static Peer make() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        return {os::Fd(ends[1]), Connection(os::Fd(ends[0]), "test")};
    }
    void say(std::string_view text) const { os::write_all(mine, text); }
    void stop_talking() const { ::shutdown(mine.get(), SHUT_WR); }
    std::string heard() const {
        char text[65536];
        const ssize_t n = ::recv(mine.get(), text, sizeof text, MSG_DONTWAIT);
        return n < 0 ? "" : std::string(text, static_cast<std::size_t>(n));
    }
};

TEST(Connection, SendsAndReadsBodiesOneAfterAnother) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    peer.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    Response response = peer.connection.send({.method = "POST", .target = "/x", .body = "abc"}, cancel);
    EXPECT_FALSE(peer.connection.reusable());
    EXPECT_EQ(response.text(), "hello");
    EXPECT_EQ(peer.heard(), "POST /x HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
    ASSERT_TRUE(peer.connection.reusable());

    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(peer.connection.send({}, cancel).text(), "abc");
    EXPECT_TRUE(peer.connection.reusable());
}

TEST(Connection, StreamsABodyInChunks) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    peer.say("HTTP/1.1 204 No Content\r\n\r\n");
    base::TextSource body("streamed");
    EXPECT_EQ(peer.connection.send({.method = "PUT", .stream = &body}, cancel).status, 204);
    EXPECT_TRUE(peer.heard().ends_with("Transfer-Encoding: chunked\r\n\r\n8\r\nstreamed\r\n0\r\n\r\n"));
}

TEST(Connection, ATruncatedBodyIsAnError) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
    peer.stop_talking();
    Response response = peer.connection.send({}, cancel);
    EXPECT_THROW(response.text(), Error);
}

TEST(Connection, TheEarlyAnswerToALongBodyCounts) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    peer.say("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    ::shutdown(peer.mine.get(), SHUT_RD);
    base::TextSource body(std::string(std::size_t{4} << 20, 'x'));
    Response response = peer.connection.send({.method = "PUT", .stream = &body}, cancel);
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(response.text(), "no");
}

TEST(Connection, UpgradesKeepTheEarlyBytes) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    peer.say("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly");
    const Response response =
        peer.connection.send({.method = "POST", .headers = {{"Connection", "Upgrade"}, {"Upgrade", "tcp"}}}, cancel);
    EXPECT_EQ(response.status, 101);
    const RawStream raw = peer.connection.take_stream();
    EXPECT_EQ(raw.early, "early");
    EXPECT_TRUE(raw.socket);
}

TEST(Connection, ASilentPeerTimesOutAndCancelEndsAtOnce) {
    const os::Cancel cancel;
    Peer quiet = Peer::make();
    quiet.connection.set_idle_timeout(std::chrono::milliseconds(1));
    EXPECT_THROW(quiet.connection.send({}, cancel), Error);

    Peer other = Peer::make();
    cancel.cancel();
    EXPECT_THROW(other.connection.send({}, cancel), base::Cancelled);
}

TEST(Connection, RefusesLineBreaksInHeaders) {
    const os::Cancel cancel;
    Peer peer = Peer::make();
    EXPECT_THROW(peer.connection.send({.headers = {{"X", "a\r\nEvil: 1"}}}, cancel), Error);
    EXPECT_EQ(peer.heard(), "");
}

}  // namespace tutti::http
