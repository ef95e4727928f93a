// The parser of HTTP/1.1 messages: heads and chunked bodies, from bytes that may be hostile.
// Used by connection.cpp and by servers. Pure: buffers in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace tutti::http {

inline constexpr std::size_t max_head = std::size_t{256} << 10;  // bytes
inline constexpr std::size_t max_headers = 500;

struct ResponseHead {
    int version_minor = 1;
    int status = 0;
    std::string reason;
    Headers headers;
};

struct RequestHead {
    int version_minor = 1;
    std::string method, target;
    Headers headers;
};

// The length of the head that `bytes` begins with, including its empty line; nothing yet: 0. Throws Error (invalid)
// beyond max_head.
std::size_t head_length(std::string_view bytes);
// `head` is one whole head. Throws Error (invalid).
ResponseHead parse_response_head(std::string_view head);
RequestHead parse_request_head(std::string_view head);

// How the body that follows a head ends.
struct Framing {
    enum class Kind { none, length, chunked, until_close };
    Kind kind = Kind::none;
    std::uint64_t length = 0;
};
// Throws Error (invalid) on contradicting or malformed lengths.
Framing framing_of_response(const ResponseHead& head, std::string_view request_method);
Framing framing_of_request(const RequestHead& head);

// Takes chunked bytes apart. feed() consumes what it can and appends content; done() after the last chunk and its
// trailers.
class ChunkDecoder {
  public:
    // Returns how many bytes of `in` it consumed; appends at most `room` bytes of content to `out`. Throws Error
    // (invalid).
    std::size_t feed(std::string_view in, std::string& out, std::size_t room);
    bool done() const { return state_ == State::done; }

  private:
    enum class State { size, data, data_end, trailer, done };
    void take_line();
    State state_ = State::size;
    std::uint64_t left_ = 0;
    std::string line_;
    std::size_t trailer_bytes_ = 0;
};

}  // namespace tutti::http
