#include "oci/compress.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::oci {

using base::Error;

static std::string squeeze(Compression how, const std::string& text) {
    base::TextSink sink;
    const auto compressor = compress(how, sink);
    for (std::size_t at = 0; at < text.size(); at += 70000) compressor->write(std::string_view(text).substr(at, 70000));
    compressor->finish();
    return sink.text;
}

// Gives its text in pieces of a few bytes.
class Trickle : public base::Source {
  public:
    Trickle(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = text_.copy(into, std::min(size, piece_), at_);
        at_ += n;
        return n;
    }

  private:
    std::string text_;
    std::size_t piece_, at_ = 0;
};

static std::string inflate(const std::string& bytes, std::size_t piece = 100000) {
    Trickle source(bytes, piece);
    return base::read_to_end(*decompress(source), std::size_t{64} << 20);
}

static std::string sample() {
    std::string text;
    for (long i = 0; i < 300000; ++i) text += static_cast<char>('a' + (i * i / 7) % 23);
    return text + std::string(2'000'000, '\0');
}

TEST(Compress, BothWaysHoweverTheBytesArrive) {
    const std::string text = sample();
    for (const auto how : {Compression::none, Compression::gzip, Compression::zstd}) {
        const std::string packed = squeeze(how, text);
        EXPECT_EQ(inflate(packed), text);
        EXPECT_EQ(inflate(packed, 1009), text);
    }
}

TEST(Compress, TinyReadsGetAllOfIt) {
    const std::string text(100000, 'x');
    for (const auto how : {Compression::gzip, Compression::zstd}) {
        base::TextSource source(squeeze(how, text));
        const auto plain = decompress(source);
        std::string out;
        char piece[7];
        while (const std::size_t n = plain->read(piece, sizeof piece)) out.append(piece, n);
        EXPECT_EQ(out, text);
    }
}

TEST(Compress, MembersFollowOneAnother) {
    for (const auto how : {Compression::gzip, Compression::zstd})
        EXPECT_EQ(inflate(squeeze(how, "one ") + squeeze(how, "") + squeeze(how, "two")), "one two");
}

TEST(Compress, CutAndDamagedStreamsAreErrors) {
    for (const auto how : {Compression::gzip, Compression::zstd}) {
        const std::string packed = squeeze(how, sample());
        EXPECT_THROW(inflate(packed.substr(0, packed.size() - 5)), Error);
        EXPECT_THROW(inflate(packed.substr(0, packed.size() / 2)), Error);
    }
    std::string damaged = squeeze(Compression::gzip, sample());
    damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // the checksum
    EXPECT_THROW(inflate(damaged), Error);
    EXPECT_THROW(inflate(squeeze(Compression::gzip, "a") + "garbage"), Error);
}

TEST(Compress, EmptyInputIsPlainAndEmpty) { EXPECT_EQ(inflate(""), ""); }

}  // namespace tutti::oci
