#include "http/openssl.h"

#include <dlfcn.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::http {

using base::Error;
using base::ErrorKind;

namespace {

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

}  // namespace

const OpenSsl& OpenSsl::load() {
    static const OpenSsl library = open_library();
    return library;
}

}  // namespace tutti::http
