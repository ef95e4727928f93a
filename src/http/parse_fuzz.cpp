#include "base/error.h"
#include "http/parse.h"

using namespace tutti;

// The first byte says in what pieces the rest arrives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t step = 1 + data[0] % 64;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        if (const std::size_t length = http::head_length(text)) {
            const auto head = http::parse_response_head(text.substr(0, length));
            (void)http::framing_of_response(head, "GET");
        }
    } catch (const base::Error&) {}
    try {
        (void)http::framing_of_request(http::parse_request_head(text));
    } catch (const base::Error&) {}
    try {
        http::ChunkDecoder decoder;
        std::string out;
        for (std::size_t at = 0; at < text.size() && !decoder.done();) {
            const std::size_t used = decoder.feed(text.substr(at, step), out, step);
            if (used == 0) break;
            at += used;
        }
        if (out.size() > text.size()) __builtin_trap();
    } catch (const base::Error&) {}
    return 0;
}
