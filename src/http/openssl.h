// The functions of OpenSSL 3 that TlsTunnels uses, found by name in the installed library.
// Used by tls_tunnel.cpp alone.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tutti::http {

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

    // The same one for all; throws Error (unsupported) if it is not installed.
    static const OpenSsl& load();
};

}  // namespace tutti::http
