#include "http/curl.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>

#include <map>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// The functions of libcurl that are used, by name.
struct Library {
    void* handle = nullptr;
    decltype(&::curl_global_init) global_init;
    decltype(&::curl_easy_init) easy_init;
    decltype(&::curl_easy_setopt) easy_setopt;
    decltype(&::curl_easy_cleanup) easy_cleanup;
    decltype(&::curl_easy_pause) easy_pause;
    decltype(&::curl_easy_strerror) easy_strerror;
    decltype(&::curl_multi_init) multi_init;
    decltype(&::curl_multi_cleanup) multi_cleanup;
    decltype(&::curl_multi_add_handle) multi_add;
    decltype(&::curl_multi_remove_handle) multi_remove;
    decltype(&::curl_multi_perform) multi_perform;
    decltype(&::curl_multi_poll) multi_poll;
    decltype(&::curl_multi_info_read) multi_info_read;
    decltype(&::curl_slist_append) slist_append;
    decltype(&::curl_slist_free_all) slist_free;

    Library() {
        for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"})
            if (!handle) handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            throw Error(ErrorKind::unsupported, "https needs libcurl, which is not installed",
                        "install it: apt-get install libcurl4");
        take(global_init, "curl_global_init");
        take(easy_init, "curl_easy_init");
        take(easy_setopt, "curl_easy_setopt");
        take(easy_cleanup, "curl_easy_cleanup");
        take(easy_pause, "curl_easy_pause");
        take(easy_strerror, "curl_easy_strerror");
        take(multi_init, "curl_multi_init");
        take(multi_cleanup, "curl_multi_cleanup");
        take(multi_add, "curl_multi_add_handle");
        take(multi_remove, "curl_multi_remove_handle");
        take(multi_perform, "curl_multi_perform");
        take(multi_poll, "curl_multi_poll");
        take(multi_info_read, "curl_multi_info_read");
        take(slist_append, "curl_slist_append");
        take(slist_free, "curl_slist_free_all");
        global_init(CURL_GLOBAL_DEFAULT);
    }

    template <class F>
    void take(F& function, const char* name) {
        function = reinterpret_cast<F>(::dlsym(handle, name));
        if (!function)
            throw Error(ErrorKind::unsupported, cat("the installed libcurl lacks ", name),
                        "libcurl 7.66 or newer is needed");
    }
};

constexpr std::size_t high_water = std::size_t{1} << 20;  // bytes kept before the transfer pauses

}  // namespace

struct CurlPool::State {
    Library library;
    std::mutex mutex;
    std::multimap<std::string, CURLM*> idle;  // by origin; a multi handle keeps its connections

    ~State() {
        for (const auto& [origin, multi] : idle)
            library.multi_cleanup(multi);  // the library itself stays: it has exit handlers
    }
    CURLM* take(const std::string& origin) {
        const std::lock_guard lock(mutex);
        const auto found = idle.find(origin);
        if (found == idle.end()) return library.multi_init();
        CURLM* multi = found->second;
        idle.erase(found);
        return multi;
    }
};

// One request and its response; the response's body.
class CurlExchange : public base::Source {
  public:
    CurlExchange(std::shared_ptr<CurlPool::State> pool, const Url& url, const Request& request,
                 const ClientOptions& options, os::Cancel cancel)
        : pool_(std::move(pool)),
          curl_(pool_->library),
          origin_(cat(url.scheme, "://", url.authority())),
          idle_timeout_(options.idle_timeout),
          cancel_(std::move(cancel)),
          stream_(request.stream) {
        multi_ = pool_->take(origin_);
        easy_ = curl_.easy_init();
        try {
            set_up(url, request, options);
        } catch (...) {
            clean_up();
            throw;
        }
        curl_.multi_add(multi_, easy_);
    }

    ~CurlExchange() override { clean_up(); }

    void wait_for_head(Response& response) {
        while (!head_done_ && !finished_) step();
        stream_ = nullptr;
        if (!head_done_) throw Error(ErrorKind::unavailable, cat(origin_, " gave no answer"));
        response.status = response_.status;
        response.reason = std::move(response_.reason);
        response.headers = std::move(response_.headers);
    }

    std::size_t read(char* into, std::size_t size) override {
        while (at_ == buffer_.size() && !finished_) {
            buffer_.clear();
            at_ = 0;
            if (paused_) {
                paused_ = false;
                curl_.easy_pause(easy_, CURLPAUSE_CONT);
            }
            if (buffer_.empty()) step();
        }
        const std::size_t n = buffer_.copy(into, size, at_);
        at_ += n;
        return n;
    }

  private:
    template <class Value>
    void set(CURLoption option, Value value) {
        curl_.easy_setopt(easy_, option, value);
    }

    void set_up(const Url& url, const Request& request, const ClientOptions& options) {
        set(CURLOPT_URL, url.to_text().c_str());
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
        set(CURLOPT_PROXY, (url.scheme == "https" ? options.proxies.https : options.proxies.http).c_str());
        set(CURLOPT_NOPROXY, options.proxies.no_proxy.c_str());
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set(CURLOPT_ERRORBUFFER, error_);
        set(CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
        set(CURLOPT_WRITEDATA, this);
        set_up_tls(options.tls ? options.tls(url) : Tls{});

        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
        if (request.stream) {
            set(CURLOPT_UPLOAD, 1L);
            set(CURLOPT_READFUNCTION, &CurlExchange::on_upload);
            set(CURLOPT_READDATA, this);
            if (request.stream_size >= 0) set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.stream_size));
        } else if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            set(CURLOPT_COPYPOSTFIELDS, request.body.c_str());
        }
        for (const char* off : {"Expect:", "Content-Type:"}) headers_ = curl_.slist_append(headers_, off);
        for (const Header& header : request.headers) add_header(header);
        set(CURLOPT_HTTPHEADER, headers_);
    }

    void add_header(const Header& header) {
        const std::string line = header.value.empty() ? cat(header.name, ';') : cat(header.name, ": ", header.value);
        if (line.find_first_of("\r\n") != std::string::npos)
            throw Error(ErrorKind::invalid, "a line break in a header of an HTTP request");
        headers_ = curl_.slist_append(headers_, line.c_str());
    }

    void set_up_tls(const Tls& tls) {
        if (!tls.verify) {
            set(CURLOPT_SSL_VERIFYPEER, 0L);
            set(CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (!tls.ca_file.empty()) {
            std::string all = os::read_file_if_exists("/etc/ssl/certs/ca-certificates.crt").value_or("");
            all += cat('\n', os::read_file(tls.ca_file));
            curl_blob blob{all.data(), all.size(), CURL_BLOB_COPY};
            set(CURLOPT_CAINFO_BLOB, &blob);
        }
        if (!tls.client_certificate.empty()) set(CURLOPT_SSLCERT, tls.client_certificate.c_str());
        if (!tls.client_key.empty()) set(CURLOPT_SSLKEY, tls.client_key.c_str());
    }

    void clean_up() {
        if (easy_) {
            curl_.multi_remove(multi_, easy_);
            curl_.easy_cleanup(easy_);
        }
        if (multi_) {
            const std::lock_guard lock(pool_->mutex);
            pool_->idle.emplace(origin_, multi_);
        }
        if (headers_) curl_.slist_free(headers_);
    }

    // Lets the transfer go on until something has come of it.
    void step() {
        cancel_.check();
        int running = 0;
        const std::size_t before = buffer_.size();
        curl_.multi_perform(multi_, &running);
        rethrow();
        int left = 0;
        while (const CURLMsg* message = curl_.multi_info_read(multi_, &left))
            if (message->msg == CURLMSG_DONE) finish(message->data.result);
        if (finished_ || buffer_.size() != before || paused_) {
            last_byte_ = os::Clock::now();
            return;
        }
        curl_waitfd extra{cancel_.fd(), CURL_WAIT_POLLIN, 0};
        curl_.multi_poll(multi_, &extra, 1, 1000, nullptr);
        cancel_.check();
        if (idle_timeout_.count() != 0 && os::Clock::now() - last_byte_ > idle_timeout_)
            throw Error(ErrorKind::timeout,
                        cat(origin_, " sent nothing for ", idle_timeout_.count() / 1000, " seconds"));
    }

    void finish(CURLcode code) {
        finished_ = true;
        if (code == CURLE_OK) return;
        const std::string why = error_[0] ? error_ : curl_.easy_strerror(code);
        const bool late = code == CURLE_OPERATION_TIMEDOUT;
        const bool untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
        throw Error(late ? ErrorKind::timeout : ErrorKind::unavailable, cat(origin_, ": ", why),
                    untrusted ? "put the registry's CA certificate into /etc/docker/certs.d/HOST/ca.crt" : "",
                    untrusted ? 0 : ECONNRESET);
    }

    // Exceptions must not cross libcurl: they are kept and thrown after it.
    void rethrow() {
        if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    }

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
        static_cast<CurlExchange*>(self)->take_header({data, size});
        return size;
    }

    void take_header(std::string_view line) {
        line = base::trim(line);
        if (line.starts_with("HTTP/")) {
            response_ = Response();
            const auto blank = line.find(' ');
            const std::string_view rest = blank == std::string_view::npos ? "" : line.substr(blank + 1);
            response_.status = static_cast<int>(base::to_uint(rest.substr(0, 3)).value_or(0));
            if (rest.size() > 4) response_.reason = rest.substr(4);
        } else if (line.empty()) {
            head_done_ = response_.status >= 200;
        } else if (const auto colon = line.find(':'); colon != std::string_view::npos && !head_done_) {
            response_.headers.add(std::string(line.substr(0, colon)), std::string(base::trim(line.substr(colon + 1))));
        }
    }

    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* object) {
        auto* self = static_cast<CurlExchange*>(object);
        if (self->buffer_.size() - self->at_ >= high_water) {
            self->paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        self->buffer_.append(data, size);
        return size;
    }

    static std::size_t on_upload(char* into, std::size_t one, std::size_t count, void* object) {
        auto* self = static_cast<CurlExchange*>(object);
        if (!self->stream_) return CURL_READFUNC_ABORT;
        try {
            self->last_byte_ = os::Clock::now();
            return self->stream_->read(into, one * count);
        } catch (...) {
            self->thrown_ = std::current_exception();
            return CURL_READFUNC_ABORT;
        }
    }

    std::shared_ptr<CurlPool::State> pool_;
    const Library& curl_;
    std::string origin_;
    std::chrono::milliseconds idle_timeout_;
    os::Cancel cancel_;
    base::Source* stream_;
    CURLM* multi_ = nullptr;
    CURL* easy_ = nullptr;
    curl_slist* headers_ = nullptr;
    char error_[CURL_ERROR_SIZE] = "";
    Response response_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool head_done_ = false, finished_ = false, paused_ = false;
    std::exception_ptr thrown_;
    os::Clock::time_point last_byte_ = os::Clock::now();
};

CurlPool::CurlPool() : state_(std::make_shared<State>()) {}
CurlPool::~CurlPool() = default;

Response CurlPool::send(const Url& url, const Request& request, const ClientOptions& options,
                        const os::Cancel& cancel) {
    auto exchange = std::make_unique<CurlExchange>(state_, url, request, options, cancel);
    Response response;
    exchange->wait_for_head(response);
    response.body = std::move(exchange);
    return response;
}

}  // namespace tutti::http
