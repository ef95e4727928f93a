#include "embedded/dns/message.h"

#include <algorithm>

#include "base/text.h"

namespace tutti::embedded::dns {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestName = 255;
constexpr std::uint16_t kOurUdpSize = 1232;  // what we take ourselves; fits every path (DNS flag day 2020)

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
std::uint16_t word_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

void put_word(std::string& out, std::uint16_t word) {
    out.push_back(static_cast<char>(word >> 8));
    out.push_back(static_cast<char>(word & 0xff));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The offset behind the name at `at`, which has no compression (questions have none). Appends its text.
std::optional<std::size_t> read_plain_name(std::string_view packet, std::size_t at, std::string& name) {
    const std::size_t start = at;
    while (at < packet.size() && at - start < kLongestName) {
        const std::size_t length = byte_at(packet, at++);
        if (length == 0) return at;
        if (length > 63 || at + length > packet.size()) return std::nullopt;
        if (!name.empty()) name.push_back('.');
        for (const char c : packet.substr(at, length)) {
            if (c == '.' || c == '\\') name.push_back('\\');
            name.push_back(lower(c));
        }
        at += length;
    }
    return std::nullopt;
}

// The offset behind a name that may be compressed, without following it.
std::optional<std::size_t> skip_name(std::string_view packet, std::size_t at) {
    while (at < packet.size()) {
        const std::size_t length = byte_at(packet, at++);
        if (length == 0) return at;
        if ((length & 0xc0) == 0xc0) return at < packet.size() ? std::optional(at + 1) : std::nullopt;
        if (length > 63) return std::nullopt;
        at += length;
    }
    return std::nullopt;
}

// EDNS: an OPT record among the additional ones. False if the records do not hold together.
bool read_additional(std::string_view packet, std::size_t at, int records, Query& query) {
    for (int i = 0; i < records; ++i) {
        const auto behind = skip_name(packet, at);
        if (!behind || *behind + 10 > packet.size()) return false;
        if (word_at(packet, *behind) == static_cast<std::uint16_t>(Type::opt))
            query.udp_size = word_at(packet, *behind + 2);
        at = *behind + 10 + word_at(packet, *behind + 8);
        if (at > packet.size()) return false;
    }
    return true;
}

}  // namespace

std::optional<Query> read_query(std::string_view packet) {
    if (packet.size() < kHeader || (byte_at(packet, 2) & 0x80) != 0) return std::nullopt;
    Query query;
    query.id = word_at(packet, 0);
    query.opcode = byte_at(packet, 2) >> 3 & 0x0f;
    query.recursion_desired = (byte_at(packet, 2) & 1) != 0;
    if (word_at(packet, 4) != 1) return query;
    const auto behind = read_plain_name(packet, kHeader, query.name);
    if (!behind || *behind + 4 > packet.size()) return query;
    query.type = word_at(packet, *behind);
    query.klass = word_at(packet, *behind + 2);
    query.question = packet.substr(kHeader, *behind + 4 - kHeader);
    const int records = word_at(packet, 6) + word_at(packet, 8) + word_at(packet, 10);
    query.well_formed = read_additional(packet, *behind + 4, records, query);
    return query;
}

Answer address_answer(const os::IpAddress& address) {
    return {address.is_v4() ? Type::a : Type::aaaa, std::string(address.raw())};
}

Answer name_answer(std::string_view name) {
    Answer answer{Type::ptr, {}};
    for (const std::string_view label : base::split(name, '.')) {
        const std::size_t length = std::min<std::size_t>(label.size(), 63);
        if (length == 0 || answer.data.size() + length + 2 > kLongestName) continue;
        answer.data.push_back(static_cast<char>(length));
        answer.data.append(label.substr(0, length));
    }
    answer.data.push_back('\0');
    return answer;
}

std::string write_reply(const Query& query, Code code, const std::vector<Answer>& answers, std::size_t limit) {
    std::string out;
    put_word(out, query.id);
    // An answer, recursion available.
    const unsigned flags = 0x8000U | (query.opcode & 0x0fU) << 11 | (query.recursion_desired ? 0x0100U : 0U) | 0x0080U |
                           static_cast<unsigned>(code);
    put_word(out, static_cast<std::uint16_t>(flags));
    put_word(out, query.question.empty() ? 0 : 1);
    put_word(out, 0);
    put_word(out, 0);
    put_word(out, query.udp_size ? 1 : 0);
    out.append(query.question);
    const std::size_t room = limit - std::min(limit, query.udp_size ? std::size_t{11} : 0);
    std::uint16_t written = 0;
    for (const Answer& answer : answers) {
        if (out.size() + 12 + answer.data.size() > room) {
            out[2] = static_cast<char>(out[2] | 0x02);
            break;
        }
        put_word(out, 0xc000 | kHeader);  // the name in the question
        put_word(out, static_cast<std::uint16_t>(answer.type));
        put_word(out, 1);
        // Nobody shall keep an address: a container may have another one in a moment.
        put_word(out, 0);
        put_word(out, 0);
        put_word(out, static_cast<std::uint16_t>(answer.data.size()));
        out.append(answer.data);
        ++written;
    }
    out[6] = static_cast<char>(written >> 8);
    out[7] = static_cast<char>(written & 0xff);
    if (query.udp_size) {
        out.push_back('\0');
        put_word(out, static_cast<std::uint16_t>(Type::opt));
        put_word(out, kOurUdpSize);
        put_word(out, 0);
        put_word(out, 0);
        put_word(out, 0);
    }
    return out;
}

std::size_t udp_limit(const Query& query) { return std::max<std::size_t>(512, query.udp_size.value_or(512)); }

std::optional<os::IpAddress> reverse_address(std::string_view name) {
    const auto labels_before = [&](std::string_view suffix) -> std::optional<std::vector<std::string_view>> {
        if (!name.ends_with(suffix)) return std::nullopt;
        auto labels = base::split(name.substr(0, name.size() - suffix.size()), '.');
        std::reverse(labels.begin(), labels.end());
        return labels;
    };
    std::string raw;
    if (const auto labels = labels_before(".in-addr.arpa"); labels && labels->size() == 4) {
        for (const std::string_view label : *labels) {
            const auto byte = base::to_uint(label);
            if (!byte || *byte > 255) return std::nullopt;
            raw.push_back(static_cast<char>(*byte));
        }
        return os::IpAddress::from_bytes(raw);
    }
    if (const auto labels = labels_before(".ip6.arpa"); labels && labels->size() == 32) {
        for (std::size_t i = 0; i < 32; i += 2) {
            const auto high = base::to_uint((*labels)[i], 16), low = base::to_uint((*labels)[i + 1], 16);
            if (!high || !low || *high > 15 || *low > 15) return std::nullopt;
            raw.push_back(static_cast<char>(*high << 4 | *low));
        }
        return os::IpAddress::from_bytes(raw);
    }
    return std::nullopt;
}

std::optional<ReplyHead> read_reply(std::string_view packet) {
    if (packet.size() < kHeader || (byte_at(packet, 2) & 0x80) == 0) return std::nullopt;
    ReplyHead head;
    head.id = word_at(packet, 0);
    head.code = static_cast<Code>(byte_at(packet, 3) & 0x0f);
    head.truncated = (byte_at(packet, 2) & 0x02) != 0;
    if (word_at(packet, 4) == 0) return head;
    const auto behind = skip_name(packet, kHeader);
    if (!behind || *behind + 4 > packet.size()) return std::nullopt;
    head.question = packet.substr(kHeader, *behind + 4 - kHeader);
    return head;
}

bool same_question(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

void set_id(std::string& packet, std::uint16_t id) {
    packet[0] = static_cast<char>(id >> 8);
    packet[1] = static_cast<char>(id & 0xff);
}

}  // namespace tutti::embedded::dns
