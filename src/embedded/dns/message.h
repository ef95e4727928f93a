// DNS messages (RFC 1035, RFC 6891): a question is read, an answer is written.
// Used by the server and its fuzzer. Knows no names of ours and no socket; whatever bytes come, it reads nothing beyond
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/ip.h"

namespace tutti::embedded::dns {

enum class Type : std::uint16_t { a = 1, ptr = 12, aaaa = 28, opt = 41 };
enum class Code : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    no_such_name = 3,
    not_implemented = 4,
    refused = 5
};

struct Query {
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    bool recursion_desired = false;
    std::string name;      // lower case, without the final dot; "." inside a label is written "\."
    std::string question;  // as it was sent, spelling kept: an answer repeats it
    std::uint16_t type = 0, klass = 0;
    std::optional<std::uint16_t> udp_size;  // of EDNS
    bool well_formed = false;  // false: nothing but id, opcode and recursion_desired counts; answer format_error
};
// Nothing: not even a query's header (too short, or itself an answer); such a packet gets no answer.
std::optional<Query> read_query(std::string_view packet);

struct Answer {
    Type type = Type::a;
    std::string data;  // of the record
};
Answer address_answer(const os::IpAddress& address);
Answer name_answer(std::string_view name);  // of a PTR record; labels are cut to what fits

// At most `limit` bytes: answers that do not fit are left out and the truncation bit says so.
std::string write_reply(const Query& query, Code code, const std::vector<Answer>& answers, std::size_t limit);
// How much a UDP client takes: 512, or what it said by EDNS.
std::size_t udp_limit(const Query& query);

// The address that "4.3.2.1.in-addr.arpa" or "….ip6.arpa" asks for; nothing for any other name.
std::optional<os::IpAddress> reverse_address(std::string_view name);

// Of an upstream's answer.
struct ReplyHead {
    std::uint16_t id = 0;
    Code code = Code::no_error;
    bool truncated = false;
    std::string_view question;
};
std::optional<ReplyHead> read_reply(std::string_view packet);
bool same_question(std::string_view a, std::string_view b);  // but for upper and lower case
void set_id(std::string& packet, std::uint16_t id);

}  // namespace tutti::embedded::dns
