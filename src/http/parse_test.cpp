#include "http/parse.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::http {

using base::Error;

TEST(HeadLength, EndsAtTheEmptyLine) {
    EXPECT_EQ(head_length("HTTP/1.1 200 OK\r\nA: b\r\n"), 0u);
    EXPECT_EQ(head_length("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"), 25u);
    EXPECT_EQ(head_length("HTTP/1.1 200 OK\nA: b\n\nbody"), 22u);
    EXPECT_THROW(head_length(std::string(max_head + 1, 'x')), Error);
}

TEST(ResponseHead, IsParsed) {
    const ResponseHead head =
        parse_response_head("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-Empty:\r\n\r\n");
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.reason, "Not Found");
    EXPECT_EQ(head.headers.value_or("content-type"), "text/plain");
    EXPECT_EQ(*head.headers.find("X-Empty"), "");
    EXPECT_EQ(parse_response_head("HTTP/1.0 200\r\n\r\n").status, 200);
}

TEST(ResponseHead, RefusesWhatIsNoHttp) {
    for (const char* text :
         {"SSH-2.0-x\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
          "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "HTTP/1.1 99 X\r\n\r\n"})
        EXPECT_THROW(parse_response_head(text), Error) << text;
}

TEST(RequestHead, IsParsedOrRefused) {
    const RequestHead head = parse_request_head("POST /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/a?b");
    EXPECT_THROW(parse_request_head("GET  / HTTP/1.1\r\n\r\n"), Error);
    EXPECT_THROW(parse_request_head("GET / HTTP/1.1 x\r\n\r\n"), Error);
}

static Framing framing(std::string_view headers, std::string_view method = "GET", int status = 200) {
    return framing_of_response(
        parse_response_head("HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(headers) + "\r\n"), method);
}

TEST(Framing, FollowsTheHead) {
    EXPECT_EQ(framing("Content-Length: 5\r\n").length, 5u);
    EXPECT_EQ(framing("Transfer-Encoding: chunked\r\n").kind, Framing::Kind::chunked);
    EXPECT_EQ(framing("").kind, Framing::Kind::until_close);
    EXPECT_EQ(framing("Content-Length: 5\r\n", "HEAD").kind, Framing::Kind::none);
    EXPECT_EQ(framing("Content-Length: 5\r\n", "GET", 304).kind, Framing::Kind::none);
}

TEST(Framing, RefusesContradictions) {
    EXPECT_THROW(framing("Content-Length: 5\r\nContent-Length: 6\r\n"), Error);
    EXPECT_THROW(framing("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Error);
    EXPECT_THROW(framing("Content-Length: -5\r\n"), Error);
    EXPECT_THROW(framing("Transfer-Encoding: gzip\r\n"), Error);
}

// Feeds the text in pieces of `step` bytes and returns the content.
static std::string decode(std::string_view text, std::size_t step, bool& done) {
    ChunkDecoder decoder;
    std::string out, pending;
    for (std::size_t at = 0; at < text.size() && !decoder.done(); at += step) {
        pending.append(text.substr(at, step));
        for (std::size_t used = 1; used != 0 && !pending.empty() && !decoder.done();) {
            used = decoder.feed(pending, out, 3);
            pending.erase(0, used);
        }
    }
    done = decoder.done();
    return out;
}

TEST(ChunkDecoder, JoinsChunksHoweverTheyArrive) {
    for (std::size_t step = 1; step < 40; ++step) {
        bool done = false;
        EXPECT_EQ(decode("5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n", step, done), "hello world");
        EXPECT_TRUE(done);
    }
}

TEST(ChunkDecoder, RefusesBrokenChunks) {
    for (const char* text : {"x\r\n", "-1\r\n", "5\r\nhelloX\r\n", "ffffffffffffffffff\r\n", "\r\n"}) {
        bool done = false;
        EXPECT_THROW(decode(text, 100, done), Error) << text;
    }
}

}  // namespace tutti::http
