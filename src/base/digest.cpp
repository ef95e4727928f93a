#define OPENSSL_SUPPRESS_DEPRECATED  // the direct functions need neither a provider nor an allocation
#include "base/digest.h"

#include <openssl/sha.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/text.h"

namespace tutti::base {

static_assert(sizeof(SHA256_CTX) <= 224 && sizeof(SHA512_CTX) <= 224);

static bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<Digest> Digest::parse(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, colon), hex = text.substr(colon + 1);
    if (!is_lower_hex(hex)) return std::nullopt;
    if (name == "sha256" && hex.size() == 64) return Digest(Algorithm::sha256, std::string(hex));
    if (name == "sha512" && hex.size() == 128) return Digest(Algorithm::sha512, std::string(hex));
    return std::nullopt;
}

Digest Digest::require(std::string_view text) {
    if (auto digest = parse(text)) return *digest;
    throw Error(ErrorKind::invalid, cat("invalid digest \"", text.substr(0, 160), '"'),
                "a digest is sha256: with 64, or sha512: with 128 lower-case hex digits");
}

Digest Digest::of(std::string_view bytes) {
    Hasher hasher;
    hasher.add(bytes);
    return hasher.finish();
}

std::string Digest::to_text() const { return cat(algorithm_name(), ':', hex_); }

static SHA256_CTX* as_256(unsigned char* state) { return reinterpret_cast<SHA256_CTX*>(state); }
static SHA512_CTX* as_512(unsigned char* state) { return reinterpret_cast<SHA512_CTX*>(state); }

Hasher::Hasher(Digest::Algorithm algorithm) : algorithm_(algorithm) {
    if (algorithm_ == Digest::Algorithm::sha256)
        SHA256_Init(as_256(state_));
    else
        SHA512_Init(as_512(state_));
}

void Hasher::add(std::string_view bytes) {
    if (algorithm_ == Digest::Algorithm::sha256)
        SHA256_Update(as_256(state_), bytes.data(), bytes.size());
    else
        SHA512_Update(as_512(state_), bytes.data(), bytes.size());
}

Digest Hasher::finish() {
    unsigned char out[SHA512_DIGEST_LENGTH];
    std::size_t length = SHA256_DIGEST_LENGTH;
    if (algorithm_ == Digest::Algorithm::sha256) {
        SHA256_Final(out, as_256(state_));
    } else {
        SHA512_Final(out, as_512(state_));
        length = SHA512_DIGEST_LENGTH;
    }
    return Digest(algorithm_, to_hex(std::span(out, length)));
}

}  // namespace tutti::base
