#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "docker/client/engine.h"
#include "docker/client/streams.h"
#include "os/file.h"
#include "os/scope.h"

namespace tutti::docker::client {
namespace {

// A peer that accepts connections and answers every request with the next of the given texts, then hangs up.
class Peer {
  public:
    explicit Peer(std::vector<std::string> answers)
        : answers_(std::move(answers)), path_(folder_.path() + "/docker.sock") {
        listener_ = os::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
        if (::listen(listener_.get(), 8) != 0) std::abort();
        scope_.spawn([this] { serve(); });
    }
    ~Peer() { scope_.cancel_and_join(); }

    std::unique_ptr<engine::Engine> engine() const { return open_engine({.host = "unix://" + path_}); }

  private:
    void serve() {
        for (const auto& answer : answers_) {
            os::wait(listener_, POLLIN, scope_.cancel());
            const os::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            char request[65536];
            [[maybe_unused]] const auto n = ::read(peer.get(), request, sizeof request);
            os::write_all(peer, answer);
        }
    }
    std::vector<std::string> answers_;
    os::TempFolder folder_;
    std::string path_;
    os::Fd listener_;
    os::Scope scope_;
};

std::string answer(std::string_view status, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nApi-Version: 1.55\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

base::ErrorKind kind_of(const std::function<void()>& call, std::string* message = nullptr) {
    try {
        call();
    } catch (const base::Error& error) {
        if (message) *message = error.message();
        return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return base::ErrorKind::internal;
}

TEST(FarEngine, PassesOnTheEnginesOwnWords) {
    const Peer peer({answer("200 OK", "OK"), answer("404 Not Found", R"({"message":"No such container: x"})")});
    std::string message;
    EXPECT_EQ(kind_of([&] { peer.engine()->containers().inspect("x"); }, &message), base::ErrorKind::not_found);
    EXPECT_EQ(message, "Error response from daemon: No such container: x");
}

TEST(FarEngine, AbsenceIsAnAnswer) {
    const Peer peer({answer("200 OK", "OK"), answer("404 Not Found", R"({"message":"no such image"})")});
    EXPECT_FALSE(peer.engine()->images().find("nowhere"));
}

TEST(FarEngine, GarbageIsAnError) {
    const Peer peer({answer("200 OK", "OK"), answer("200 OK", "<html>not json")});
    EXPECT_EQ(kind_of([&] { peer.engine()->containers().list({}); }), base::ErrorKind::invalid);
    const Peer rude({"220 smtp.example ready\r\n"});
    kind_of([&] { rude.engine()->containers().list({}); });
}

TEST(FarEngine, AnAnswerThatIsCutIsAnError) {
    const Peer peer({answer("200 OK", "OK"), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"});
    EXPECT_EQ(kind_of([&] { peer.engine()->containers().list({}); }), base::ErrorKind::unavailable);
}

TEST(FarEngine, ANewerEngineIsSpokenToInTheNewestVersionWeKnow) {
    const Peer peer({"HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                     answer("200 OK", "[]")});
    EXPECT_TRUE(peer.engine()->containers().list({}).empty());
}

TEST(FarEngine, NoSocketIsSaidInTheWordsThatPeopleKnow) {
    std::string message;
    const auto engine = open_engine({.host = "unix:///nonexistent/docker.sock"});
    EXPECT_EQ(kind_of([&] { engine->system().ping(); }, &message), base::ErrorKind::unavailable);
    EXPECT_TRUE(
        message.starts_with("Cannot connect to the Docker daemon at unix:///nonexistent/docker.sock. Is the docker "
                            "daemon running?"))
        << message;
}

TEST(FindEngine, TheEnvironmentBeatsTheContext) {
    const os::TempFolder config;
    os::write_file(config.path() + "/config.json", R"({"currentContext":"gone"})");
    EXPECT_EQ(find_engine({{"DOCKER_HOST", "tcp://h:1"}}, config.path()).host, "tcp://h:1");
    EXPECT_EQ(find_engine({{"DOCKER_CONTEXT", "default"}}, config.path()).host, "unix:///var/run/docker.sock");
    EXPECT_THROW(find_engine({}, config.path()), base::Error);
}

TEST(Demultiplexer, TakesFramesInAnyCut) {
    const std::string stream = std::string("\1\0\0\0\0\0\0\3out", 11) + std::string("\2\0\0\0\0\0\0\2er", 10);
    for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
        Demultiplexer demultiplexer(false);
        std::string out, err;
        const auto sink = [&](engine::StreamKind kind, std::string_view bytes) {
            (kind == engine::StreamKind::stderr_ ? err : out).append(bytes);
        };
        for (std::size_t at = 0; at < stream.size(); at += cut)
            demultiplexer.feed(std::string_view(stream).substr(at, cut), sink);
        EXPECT_EQ(out, "out");
        EXPECT_EQ(err, "er");
    }
}

TEST(Demultiplexer, RefusesWhatIsNoFrame) {
    Demultiplexer demultiplexer(false);
    EXPECT_THROW(demultiplexer.feed("plain text here", [](auto, auto) {}), base::Error);
}

}  // namespace
}  // namespace tutti::docker::client
