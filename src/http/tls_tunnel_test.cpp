// Against `openssl s_server -rev`, which sends every line back reversed.
#include "http/tls_tunnel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "http/connection.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::http {
namespace {

using base::cat;

const auto openssl = os::find_program("/usr/bin:/usr/local/bin", "openssl");

os::Until soon() { return os::Clock::now() + std::chrono::seconds(20); }

struct Files {
    os::TempFolder folder;
    std::string path(std::string_view name) const { return cat(folder.path(), '/', name); }

    void run(std::vector<std::string> words) const {
        os::Command command{.argv = std::move(words), .cwd = folder.path()};
        command.argv.insert(command.argv.begin(), *openssl);
        const auto status = os::Process::spawn(command).wait({}, soon());
        if (!status || status->code != 0) throw base::Error(base::ErrorKind::internal, "openssl failed");
    }
    // NAME.pem and NAME.key: a certificate that is its own authority.
    void certify(const std::string& name, const std::string& names) const {
        run({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
             cat("/CN=", name), "-addext", cat("subjectAltName=", names), "-keyout", name + ".key", "-out",
             name + ".pem"});
    }
};

class TlsTunnel : public testing::Test {
  protected:
    void SetUp() override {
        if (!openssl) GTEST_SKIP() << "the openssl program is not installed";
        files_.certify("server", "IP:127.0.0.1");
        files_.certify("client", "DNS:client");
    }

    void serve(const std::vector<std::string>& more = {}) {
        os::Pipe said = os::make_pipe();
        os::Command command{.argv = {*openssl, "s_server", "-rev", "-accept", "127.0.0.1:0", "-cert", "server.pem",
                                     "-key", "server.key"},
                            .cwd = files_.folder.path()};
        command.argv.insert(command.argv.end(), more.begin(), more.end());
        command.fds = {{said.write.get(), 1}};
        server_.emplace(os::Process::spawn(command));
        said.write.reset();
        std::string text;  // ends with "ACCEPT 127.0.0.1:40001\n"
        char byte = 0;
        while (!(text.ends_with('\n') && text.find("ACCEPT") != std::string::npos) &&
               os::wait(said.read, POLLIN, {}, soon()) == os::Ready::yes && ::read(said.read.get(), &byte, 1) == 1)
            text += byte;
        port_ = static_cast<std::uint16_t>(base::to_uint(base::trim(text.substr(text.rfind(':') + 1))).value());
        said_ = std::move(said.read);
    }

    os::Fd open(const Tls& tls, const std::string& name = "127.0.0.1") {
        return tunnels_.open(connect_tcp("127.0.0.1", port_, {}, soon()), name, tls, {}, soon());
    }

    static std::string line_from(const os::Fd& fd) {
        std::string line;
        char byte = 0;
        while (line.empty() || line.back() != '\n') {
            if (os::wait(fd, POLLIN, {}, soon()) == os::Ready::timed_out)
                throw base::Error(base::ErrorKind::timeout, "nothing came");
            if (::recv(fd.get(), &byte, 1, 0) != 1) break;
            line += byte;
        }
        return line;
    }

    Tls trusting() const { return {.verify = true, .ca_file = files_.path("server.pem")}; }

    Files files_;
    std::optional<os::Process> server_;
    os::Fd said_;
    std::uint16_t port_ = 0;
    TlsTunnels tunnels_;
};

TEST_F(TlsTunnel, CarriesBytesBothWays) {
    serve();
    const os::Fd fd = open(trusting());
    os::write_all(fd, "stressed\n");
    EXPECT_EQ(line_from(fd), "desserts\n");
}

TEST_F(TlsTunnel, CarriesMoreThanEitherSideBuffers) {
    serve();
    const os::Fd fd = open(trusting());
    const std::string line(1000, 'x');
    os::Scope scope;
    constexpr int lines = 2000;
    scope.spawn([&] {
        const std::string text = line + "\n";
        for (int i = 0; i < lines; ++i)
            for (std::string_view rest = text; !rest.empty();) {
                os::wait(fd, POLLOUT, scope.cancel(), soon());
                const ssize_t n = ::send(fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
            }
    });
    std::string buffer(65536, '\0');
    for (std::size_t left = lines * (line.size() + 1); left != 0;) {
        ASSERT_EQ(os::wait(fd, POLLIN, {}, soon()), os::Ready::yes);
        const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        ASSERT_GT(n, 0);
        ASSERT_EQ(buffer.substr(0, static_cast<std::size_t>(n)).find_first_not_of("x\n"), std::string::npos);
        left -= static_cast<std::size_t>(n);
    }
    scope.join();
}

TEST_F(TlsTunnel, RefusesAStrangersCertificate) {
    serve();
    try {
        open({.verify = true, .ca_file = files_.path("client.pem")});
        FAIL() << "trusted";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::unavailable);
        EXPECT_NE(error.message().find("not trusted"), std::string::npos) << error.message();
    }
}

TEST_F(TlsTunnel, RefusesAnotherHostsCertificate) {
    serve();
    EXPECT_THROW(open(trusting(), "elsewhere.example"), base::Error);
    EXPECT_THROW(open(trusting(), "127.0.0.2"), base::Error);
}

TEST_F(TlsTunnel, TrustsAnyoneWhenToldSo) {
    serve();
    const os::Fd fd = open({.verify = false});
    os::write_all(fd, "ab\n");
    EXPECT_EQ(line_from(fd), "ba\n");
}

TEST_F(TlsTunnel, ShowsItsOwnCertificate) {
    serve({"-Verify", "1", "-CAfile", "client.pem", "-verify_return_error"});
    Tls tls = trusting();
    tls.client_certificate = files_.path("client.pem");
    tls.client_key = files_.path("client.key");
    const os::Fd fd = open(tls);
    os::write_all(fd, "ab\n");
    EXPECT_EQ(line_from(fd), "ba\n");
}

TEST_F(TlsTunnel, SaysWhyThePeerHungUp) {
    serve({"-Verify", "1", "-CAfile", "client.pem", "-verify_return_error"});
    const os::Fd fd = open(trusting());         // TLS 1.3: refused only after the handshake
    ::send(fd.get(), "ab\n", 3, MSG_NOSIGNAL);  // or before this
    EXPECT_EQ(line_from(fd), "");
    EXPECT_NE(tunnels_.failure().find("certificate required"), std::string::npos) << tunnels_.failure();
}

TEST_F(TlsTunnel, NamesAFileThatCannotBeRead) {
    serve();
    try {
        open({.verify = true, .ca_file = "/nonexistent/ca.pem"});
        FAIL() << "opened";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::invalid);
        EXPECT_NE(error.message().find("/nonexistent/ca.pem"), std::string::npos);
    }
}

}  // namespace
}  // namespace tutti::http
