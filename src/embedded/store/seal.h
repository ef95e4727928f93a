// Bytes sealed under a key: encrypted and authenticated by OpenSSL's ChaCha20-Poly1305.
// Used by kept_files. The library is opened when it is first needed.
// No cryptography of our own.
#pragma once

#include <string>
#include <string_view>

namespace tutti::embedded::store {

inline constexpr std::size_t key_bytes = 32;

// A fresh nonce, the sealed bytes and the tag, as one. `about` is bound to it: opening needs the same.
std::string seal(std::string_view key, std::string_view plain, std::string_view about);
// Throws Error (denied) where the key, `about` or a bit of the bytes is another.
std::string open_sealed(std::string_view key, std::string_view sealed, std::string_view about);

std::string random_bytes(std::size_t count);

}  // namespace tutti::embedded::store
