#include "http/parse.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;

[[noreturn]] static void bad(std::string_view what) { throw Error(ErrorKind::invalid, cat("malformed HTTP: ", what)); }

std::size_t head_length(std::string_view bytes) {
    for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string_view::npos; ++at) {
        if (bytes.substr(at + 1).starts_with("\r\n")) return at + 3;
        if (bytes.substr(at + 1).starts_with("\n")) return at + 2;
        if (at > max_head) break;
    }
    if (bytes.size() > max_head) bad(cat("a head of more than ", max_head, " bytes"));
    return 0;
}

static bool is_token(std::string_view text) {
    constexpr std::string_view extra = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               extra.find(c) != std::string_view::npos;
    });
}

static bool is_text(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7f : c == '\t'; });
}

// Takes the next line off, without its end.
static std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

static int parse_version(std::string_view text) {
    if (text == "HTTP/1.1") return 1;
    if (text == "HTTP/1.0") return 0;
    bad("this is no HTTP/1 message");
}

static Headers parse_headers(std::string_view rest) {
    Headers headers;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) bad("a header without a colon");
        const std::string_view name = line.substr(0, colon), value = base::trim(line.substr(colon + 1));
        if (!is_token(name)) bad("a header's name");
        if (!is_text(value)) bad(cat("the value of header ", name));
        if (headers.size() == max_headers) bad("too many headers");
        headers.add(std::string(name), std::string(value));
    }
    return headers;
}

ResponseHead parse_response_head(std::string_view head) {
    ResponseHead out;
    const std::string_view line = take_line(head);
    out.version_minor = parse_version(line.substr(0, 8));
    if (line.size() < 12 || line[8] != ' ') bad("the status line");
    const auto status = base::to_uint(line.substr(9, 3));
    if (!status || *status < 100 || (line.size() > 12 && line[12] != ' ')) bad("the status line");
    out.status = static_cast<int>(*status);
    if (line.size() > 13) out.reason = line.substr(13);
    if (!is_text(out.reason)) bad("the status line");
    out.headers = parse_headers(head);
    return out;
}

RequestHead parse_request_head(std::string_view head) {
    RequestHead out;
    const std::string_view line = take_line(head);
    const auto parts = base::split(line, ' ');
    if (parts.size() != 3 || !is_token(parts[0]) || parts[1].empty() || !is_text(parts[1])) bad("the request line");
    out.version_minor = parse_version(parts[2]);
    out.method = parts[0];
    out.target = parts[1];
    out.headers = parse_headers(head);
    return out;
}

// Content-Length and Transfer-Encoding together, or lengths that differ, are how requests are smuggled: refused.
static std::optional<Framing> explicit_framing(const Headers& headers) {
    const auto lengths = headers.all("Content-Length");
    const auto codings = headers.all("Transfer-Encoding");
    if (!codings.empty()) {
        if (codings.size() != 1 || base::to_lower(base::trim(codings[0])) != "chunked")
            bad("an unknown Transfer-Encoding");
        if (!lengths.empty()) bad("both Content-Length and Transfer-Encoding");
        return Framing{Framing::Kind::chunked, 0};
    }
    if (lengths.empty()) return std::nullopt;
    for (const auto& other : lengths)
        if (other != lengths[0]) bad("two different Content-Length headers");
    const auto length = base::to_uint(lengths[0]);
    if (!length || *length > (std::uint64_t{1} << 62)) bad("the Content-Length");
    return Framing{Framing::Kind::length, *length};
}

Framing framing_of_response(const ResponseHead& head, std::string_view request_method) {
    if (request_method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) return {};
    if (const auto framing = explicit_framing(head.headers)) return *framing;
    return {Framing::Kind::until_close, 0};
}

Framing framing_of_request(const RequestHead& head) { return explicit_framing(head.headers).value_or(Framing{}); }

void ChunkDecoder::take_line() {
    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (state_ == State::data_end) {
        if (!line.empty()) bad("a chunk longer than it says");
        state_ = State::size;
    } else if (state_ == State::trailer) {
        trailer_bytes_ += line.size();
        if (trailer_bytes_ > max_head) bad("trailers without end");
        if (line.empty()) state_ = State::done;
    } else {
        const auto size = base::to_uint(base::trim(line.substr(0, line.find(';'))), 16);
        if (!size || *size > (std::uint64_t{1} << 62)) bad("the size of a chunk");
        left_ = *size;
        state_ = left_ == 0 ? State::trailer : State::data;
    }
    line_.clear();
}

std::size_t ChunkDecoder::feed(std::string_view in, std::string& out, std::size_t room) {
    std::size_t used = 0;
    while (used < in.size() && state_ != State::done) {
        if (state_ == State::data) {
            const std::size_t n = std::min({left_, std::uint64_t{in.size() - used}, std::uint64_t{room}});
            if (n == 0) break;
            out.append(in.substr(used, n));
            used += n;
            room -= n;
            left_ -= n;
            if (left_ == 0) state_ = State::data_end;
            continue;
        }
        const auto end = in.find('\n', used);
        const std::size_t stop = end == std::string_view::npos ? in.size() : end;
        line_.append(in.substr(used, stop - used));
        if (line_.size() > 16384) bad("a line without end in a chunked body");
        used = stop;
        if (end == std::string_view::npos) break;
        ++used;
        take_line();
    }
    return used;
}

}  // namespace tutti::http
