#include "embedded/store/seal.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::store {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t nonce_bytes = 12, tag_bytes = 16;

// The functions of OpenSSL 3 that are used, found by name in the installed library.
struct Crypto {
    decltype(&::EVP_CIPHER_CTX_new) make;
    decltype(&::EVP_CIPHER_CTX_free) free;
    decltype(&::EVP_chacha20_poly1305) cipher;
    decltype(&::EVP_CipherInit_ex) begin;
    decltype(&::EVP_CipherUpdate) update;
    decltype(&::EVP_CipherFinal_ex) end;
    decltype(&::EVP_CIPHER_CTX_ctrl) control;
};

template <class F>
void take(void* library, F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(library, name));
    if (!function)
        throw Error(ErrorKind::unsupported, base::cat("the installed OpenSSL lacks ", name),
                    "OpenSSL 3 is needed (libcrypto.so.3)");
}

const Crypto& crypto() {
    static const Crypto functions = [] {
        void* library = ::dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);  // stays: it has exit handlers
        if (!library)
            throw Error(ErrorKind::unsupported, "keeping secrets needs OpenSSL 3, which is not installed",
                        "install it: apt-get install libssl3");
        Crypto out{};
        take(library, out.make, "EVP_CIPHER_CTX_new");
        take(library, out.free, "EVP_CIPHER_CTX_free");
        take(library, out.cipher, "EVP_chacha20_poly1305");
        take(library, out.begin, "EVP_CipherInit_ex");
        take(library, out.update, "EVP_CipherUpdate");
        take(library, out.end, "EVP_CipherFinal_ex");
        take(library, out.control, "EVP_CIPHER_CTX_ctrl");
        return out;
    }();
    return functions;
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

[[noreturn]] void failed(std::string_view what) {
    throw Error(ErrorKind::internal, base::cat("OpenSSL could not ", what));
}

// One pass over the bytes, either way. Sealing fills `tag`, opening holds against it.
std::string pass(bool sealing, std::string_view key, std::string_view nonce, std::string_view in,
                 std::string_view about, std::string& tag) {
    const Crypto& c = crypto();
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(c.free)> context(c.make(), c.free);
    if (!context || key.size() != key_bytes || nonce.size() != nonce_bytes ||
        c.begin(context.get(), c.cipher(), nullptr, bytes(key), bytes(nonce), sealing ? 1 : 0) != 1)
        failed("begin");
    if (!sealing && c.control(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) != 1)
        failed("take the tag");
    int written = 0;
    if (c.update(context.get(), nullptr, &written, bytes(about), static_cast<int>(about.size())) != 1)
        failed("bind the name");
    std::string out(in.size(), '\0');
    if (!in.empty() && c.update(context.get(), bytes(out), &written, bytes(in), static_cast<int>(in.size())) != 1)
        failed("work on the bytes");
    unsigned char rest[tag_bytes];
    if (c.end(context.get(), rest, &written) != 1)
        throw Error(ErrorKind::denied, "it was not sealed with this key, or was changed since");
    if (sealing && c.control(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) != 1)
        failed("give the tag");
    return out;
}

}  // namespace

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (::getrandom(out.data(), count, 0) != static_cast<ssize_t>(count)) base::throw_errno("drawing random bytes");
    return out;
}

std::string seal(std::string_view key, std::string_view plain, std::string_view about) {
    const std::string nonce = random_bytes(nonce_bytes);
    std::string tag(tag_bytes, '\0');
    const std::string sealed = pass(true, key, nonce, plain, about, tag);
    return nonce + sealed + tag;
}

std::string open_sealed(std::string_view key, std::string_view sealed, std::string_view about) {
    if (sealed.size() < nonce_bytes + tag_bytes) throw Error(ErrorKind::denied, "it is too short to be sealed");
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    const std::string_view inside = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
    return pass(false, key, sealed.substr(0, nonce_bytes), inside, about, tag);
}

}  // namespace tutti::embedded::store
