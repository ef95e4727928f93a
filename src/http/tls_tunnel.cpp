#include "http/tls_tunnel.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// The functions of OpenSSL 3 that are used, found by name in the installed library.
struct OpenSsl {
    decltype(&::TLS_client_method) client_method;
    decltype(&::SSL_CTX_new) context_new;
    decltype(&::SSL_CTX_free) context_free;
    decltype(&::SSL_CTX_set_verify) context_set_verify;
    decltype(&::SSL_CTX_set_default_verify_paths) context_system_authorities;
    decltype(&::SSL_CTX_load_verify_file) context_authorities;
    decltype(&::SSL_CTX_use_certificate_chain_file) context_certificate;
    decltype(&::SSL_CTX_use_PrivateKey_file) context_key;
    decltype(&::SSL_CTX_ctrl) context_control;
    decltype(&::SSL_new) make;
    decltype(&::SSL_free) free;
    decltype(&::SSL_set_fd) set_fd;
    decltype(&::SSL_set1_host) set_host;
    decltype(&::SSL_get0_param) parameters;
    decltype(&::X509_VERIFY_PARAM_set1_ip_asc) set_address;
    decltype(&::SSL_ctrl) control;
    decltype(&::SSL_connect) connect;
    decltype(&::SSL_read) read;
    decltype(&::SSL_write) write;
    decltype(&::SSL_shutdown) shutdown;
    decltype(&::SSL_get_error) get_error;
    decltype(&::SSL_get_verify_result) verify_result;
    decltype(&::X509_verify_cert_error_string) verify_text;
    decltype(&::ERR_get_error) next_error;
    decltype(&::ERR_clear_error) clear_errors;
    decltype(&::ERR_reason_error_string) reason;
};

template <class F>
void take(void* library, F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(library, name));
    if (!function)
        throw Error(ErrorKind::unsupported, base::cat("the installed OpenSSL lacks ", name),
                    "OpenSSL 3 is needed (libssl.so.3)");
}

OpenSsl open_library() {
    void* library = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);  // stays: it has exit handlers
    if (!library)
        throw Error(ErrorKind::unsupported, "TLS to an engine needs OpenSSL 3, which is not installed",
                    "install it: apt-get install libssl3");
    OpenSsl out{};
    take(library, out.client_method, "TLS_client_method");
    take(library, out.context_new, "SSL_CTX_new");
    take(library, out.context_free, "SSL_CTX_free");
    take(library, out.context_set_verify, "SSL_CTX_set_verify");
    take(library, out.context_system_authorities, "SSL_CTX_set_default_verify_paths");
    take(library, out.context_authorities, "SSL_CTX_load_verify_file");
    take(library, out.context_certificate, "SSL_CTX_use_certificate_chain_file");
    take(library, out.context_key, "SSL_CTX_use_PrivateKey_file");
    take(library, out.context_control, "SSL_CTX_ctrl");
    take(library, out.make, "SSL_new");
    take(library, out.free, "SSL_free");
    take(library, out.set_fd, "SSL_set_fd");
    take(library, out.set_host, "SSL_set1_host");
    take(library, out.parameters, "SSL_get0_param");
    take(library, out.set_address, "X509_VERIFY_PARAM_set1_ip_asc");
    take(library, out.control, "SSL_ctrl");
    take(library, out.connect, "SSL_connect");
    take(library, out.read, "SSL_read");
    take(library, out.write, "SSL_write");
    take(library, out.shutdown, "SSL_shutdown");
    take(library, out.get_error, "SSL_get_error");
    take(library, out.verify_result, "SSL_get_verify_result");
    take(library, out.verify_text, "X509_verify_cert_error_string");
    take(library, out.next_error, "ERR_get_error");
    take(library, out.clear_errors, "ERR_clear_error");
    take(library, out.reason, "ERR_reason_error_string");
    return out;
}

// The same one for all; throws Error (unsupported) if it is not installed.
const OpenSsl& openssl() {
    static const OpenSsl library = open_library();
    return library;
}

std::string reason(const OpenSsl& ssl) {
    const unsigned long code = ssl.next_error();
    const char* text = code == 0 ? nullptr : ssl.reason(code);
    ssl.clear_errors();
    return text ? text : "the connection was closed";
}

void make_nonblocking(const os::Fd& fd) {
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) base::throw_errno("preparing a socket");
}

// One encrypted connection, its socket non-blocking.
class Session {
  public:
    Session(os::Fd socket, const std::string& host, const Tls& tls)
        : ssl_(openssl()), socket_(std::move(socket)), verify_(tls.verify) {
        ssl_.clear_errors();
        const std::unique_ptr<SSL_CTX, decltype(ssl_.context_free)> context(ssl_.context_new(ssl_.client_method()),
                                                                            ssl_.context_free);
        if (!context) throw Error(ErrorKind::internal, cat("starting TLS: ", reason(ssl_)));
        ssl_.context_control(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
        ssl_.context_control(context.get(), SSL_CTRL_MODE,
                             SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, nullptr);
        ssl_.context_set_verify(context.get(), verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
        const auto use = [&](const std::string& file, int (*take)(const OpenSsl&, SSL_CTX*, const char*)) {
            if (!file.empty() && take(ssl_, context.get(), file.c_str()) != 1)
                throw Error(ErrorKind::invalid, cat("could not read TLS material from ", file, ": ", reason(ssl_)));
        };
        use(tls.ca_file,
            [](const OpenSsl& ssl, SSL_CTX* into, const char* file) { return ssl.context_authorities(into, file); });
        if (tls.ca_file.empty()) ssl_.context_system_authorities(context.get());
        use(tls.client_certificate,
            [](const OpenSsl& ssl, SSL_CTX* into, const char* file) { return ssl.context_certificate(into, file); });
        use(tls.client_key, [](const OpenSsl& ssl, SSL_CTX* into, const char* file) {
            return ssl.context_key(into, file, SSL_FILETYPE_PEM);
        });
        session_ = ssl_.make(context.get());
        if (!session_) throw Error(ErrorKind::internal, cat("starting TLS: ", reason(ssl_)));
        name_peer(host);
        ssl_.set_fd(session_, socket_.get());
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { ssl_.free(session_); }

    const os::Fd& socket() const { return socket_; }
    short wanted() const { return wanted_; }  // what the last call that could not go on waits for: POLLIN or POLLOUT

    void shake_hands(const os::Cancel& cancel, os::Until until) {
        for (;;) {
            ssl_.clear_errors();
            const int result = ssl_.connect(session_);
            if (result == 1) return;
            if (!may_go_on(result)) fail_handshake();
            if (os::wait(socket_, wanted_, cancel, until) == os::Ready::timed_out)
                throw Error(ErrorKind::timeout, "the TLS handshake got no answer");
        }
    }

    // Bytes moved; 0 at the peer's end; nothing: not now, see wanted(). Throws Error unavailable.
    std::optional<std::size_t> read(char* into, std::size_t size) {
        return moved([&] { return ssl_.read(session_, into, static_cast<int>(size)); });
    }
    std::optional<std::size_t> write(std::string_view bytes) {
        return moved([&] { return ssl_.write(session_, bytes.data(), static_cast<int>(bytes.size())); });
    }
    void close_writing() {
        ssl_.clear_errors();
        ssl_.shutdown(session_);
    }

  private:
    void name_peer(const std::string& host) {
        unsigned char address[sizeof(in6_addr)];
        const bool numeric =
            ::inet_pton(AF_INET, host.c_str(), address) == 1 || ::inet_pton(AF_INET6, host.c_str(), address) == 1;
        if (numeric)
            ssl_.set_address(ssl_.parameters(session_), host.c_str());
        else {
            ssl_.set_host(session_, host.c_str());
            ssl_.control(session_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                         const_cast<char*>(host.c_str()));
        }
    }

    bool may_go_on(int result) {
        const int why = ssl_.get_error(session_, result);
        wanted_ = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }

    template <class Move>
    std::optional<std::size_t> moved(const Move& move) {
        ssl_.clear_errors();
        const int result = move();
        if (result > 0) return static_cast<std::size_t>(result);
        if (may_go_on(result)) return std::nullopt;
        const int why = ssl_.get_error(session_, result);
        if (why == SSL_ERROR_ZERO_RETURN) return 0;
        throw Error(ErrorKind::unavailable, cat("TLS: ", reason(ssl_)), {}, ECONNRESET);
    }

    [[noreturn]] void fail_handshake() {
        const long verified = ssl_.verify_result(session_);
        if (verify_ && verified != X509_V_OK)
            throw Error(ErrorKind::unavailable,
                        cat("the peer's TLS certificate is not trusted: ", ssl_.verify_text(verified)));
        throw Error(ErrorKind::unavailable, cat("the TLS handshake failed: ", reason(ssl_)));
    }

    const OpenSsl& ssl_;
    os::Fd socket_;
    SSL* session_ = nullptr;
    bool verify_;
    short wanted_ = POLLIN;
};

// Carries bytes both ways until the peer has ended, or our side is gone.
class Carrier {
  public:
    Carrier(std::unique_ptr<Session> session, os::Fd plain) : session_(std::move(session)), plain_(std::move(plain)) {}

    void run(const os::Cancel& cancel) {
        while (!done()) {
            const bool moved_in = take_from_peer();
            const bool moved_out = take_from_us();
            if (!done() && !moved_in && !moved_out) wait(cancel);
        }
    }

  private:
    static constexpr std::size_t piece = 16384;  // a TLS record

    bool done() const { return (peer_ended_ && to_us_.empty()) || gone_ || (closed_ && we_ended_ && to_peer_.empty()); }

    bool take_from_peer() {
        bool moved = false;
        peer_waits_ = 0;
        if (to_us_.empty() && !peer_ended_) {
            char bytes[piece];
            if (const auto n = session_->read(bytes, sizeof bytes)) {
                to_us_.assign(bytes, *n);
                peer_ended_ = *n == 0;
                moved = true;
            } else {
                peer_waits_ = session_->wanted();
            }
        }
        if (to_us_.empty()) return moved;
        const ssize_t n = ::send(plain_.get(), to_us_.data(), to_us_.size(), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) gone_ = true;
        if (n > 0) to_us_.erase(0, static_cast<std::size_t>(n));
        return moved || n > 0;
    }

    bool take_from_us() {
        bool moved = false;
        us_waits_ = 0;
        if (to_peer_.empty() && !we_ended_) {
            char bytes[piece];
            const ssize_t n = ::recv(plain_.get(), bytes, sizeof bytes, 0);
            if (n < 0 && errno != EAGAIN && errno != EINTR) gone_ = true;
            if (n > 0) to_peer_.assign(bytes, static_cast<std::size_t>(n));
            if (n == 0) {
                we_ended_ = true;
                session_->close_writing();
            }
            moved = n >= 0;
        }
        if (to_peer_.empty()) return moved;
        if (const auto n = session_->write(to_peer_)) {
            to_peer_.erase(0, *n);
            return true;
        }
        us_waits_ = session_->wanted();
        return moved;
    }

    void wait(const os::Cancel& cancel) {
        short ours = 0;
        if (!to_us_.empty()) ours |= POLLOUT;
        if (to_peer_.empty() && !we_ended_) ours |= POLLIN;
        pollfd fds[3] = {{session_->socket().get(), static_cast<short>(peer_waits_ | us_waits_), 0},
                         {closed_ ? -1 : plain_.get(), ours, 0},
                         {cancel.fd(), POLLIN, 0}};
        if (::poll(fds, 3, -1) < 0 && errno != EINTR) base::throw_errno("waiting for a TLS connection");
        cancel.check();
        // A socket pair hangs up only when its other end is closed, not when that has ended writing.
        if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) closed_ = true;
    }

    std::unique_ptr<Session> session_;
    os::Fd plain_;
    std::string to_us_, to_peer_;
    short peer_waits_ = 0, us_waits_ = 0;
    bool peer_ended_ = false, we_ended_ = false, closed_ = false, gone_ = false;
};

}  // namespace

os::Fd TlsTunnels::open(os::Fd socket, const std::string& host, const Tls& tls, const os::Cancel& cancel,
                        os::Until until) {
    make_nonblocking(socket);
    auto session = std::make_unique<Session>(std::move(socket), host, tls);
    session->shake_hands(cancel, until);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        base::throw_errno("making a socket pair");
    os::Fd ours(ends[0]);
    auto carrier = std::make_shared<Carrier>(std::move(session), os::Fd(ends[1]));
    scope_.spawn([this, carrier = std::move(carrier)]() mutable {
        try {
            carrier->run(scope_.cancel());
        } catch (const Error& error) {  // one tunnel's end is no other's; who reads learns it from failure()
            failure_.with([&](std::string& failure) { failure = error.message(); });
        }
        carrier.reset();
    });
    return ours;
}

std::string TlsTunnels::failure() const {
    return failure_.with([](const std::string& failure) { return failure; });
}

}  // namespace tutti::http
