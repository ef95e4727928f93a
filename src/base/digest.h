// A content digest ("sha256:<64 hex digits>") and the hashers that make one.
// Used by the stores, the registry protocol and whoever names content. A Digest is always well formed, so its hex is a
// safe file name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tutti::base {

class Digest {
  public:
    enum class Algorithm : std::uint8_t { sha256, sha512 };

    static std::optional<Digest> parse(std::string_view text);  // only lower-case hex of the right length
    static Digest require(std::string_view text);               // throws Error (invalid)
    static Digest of(std::string_view bytes);                   // sha256

    Algorithm algorithm() const { return algorithm_; }
    std::string_view algorithm_name() const { return algorithm_ == Algorithm::sha256 ? "sha256" : "sha512"; }
    const std::string& hex() const { return hex_; }
    std::string to_text() const;                                   // "sha256:…"
    std::string short_text() const { return hex_.substr(0, 12); }  // as Docker shows ids
    auto operator<=>(const Digest&) const = default;

  private:
    friend class Hasher;
    Digest(Algorithm algorithm, std::string hex) : algorithm_(algorithm), hex_(std::move(hex)) {}
    Algorithm algorithm_;
    std::string hex_;
};

// Hashes a stream of bytes.
class Hasher {
  public:
    explicit Hasher(Digest::Algorithm algorithm = Digest::Algorithm::sha256);
    void add(std::string_view bytes);
    Digest finish();  // once

  private:
    Digest::Algorithm algorithm_;
    alignas(16) unsigned char state_[224];  // SHA256_CTX (112 bytes) or SHA512_CTX (216 bytes)
};

}  // namespace tutti::base
