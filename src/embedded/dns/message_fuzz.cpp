// DNS messages from anybody: no input crashes, an answer never exceeds its limit and repeats the question.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "embedded/dns/message.h"

using namespace tutti::embedded::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    (void)read_reply(packet);
    const auto query = read_query(packet);
    if (!query) return 0;
    (void)reverse_address(query->name);
    std::vector<Answer> answers(40, address_answer(tutti::os::IpAddress::v4(0x7f000001)));
    answers.push_back(name_answer(query->name));
    const std::size_t limit = udp_limit(*query);
    const std::string reply = write_reply(*query, Code::no_error, answers, limit);
    if (reply.size() > limit) std::abort();
    const auto head = read_reply(reply);
    if (!head || head->id != query->id) std::abort();
    if (query->well_formed && !same_question(head->question, query->question)) std::abort();
    return 0;
}
