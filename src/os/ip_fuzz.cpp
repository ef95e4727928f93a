// Addresses as text: no input crashes, and what is accepted prints and reads as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "os/ip.h"

using namespace tutti::os;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = IpAddress::parse(text); address && IpAddress::parse(address->to_text()) != address)
        std::abort();
    if (const auto mac = MacAddress::parse(text); mac && MacAddress::parse(mac->to_text()) != mac) std::abort();
    if (const auto prefix = IpPrefix::parse(text)) {
        if (IpPrefix::parse(prefix->to_text()) != prefix) std::abort();
        if (!prefix->contains(prefix->first()) || !prefix->contains(prefix->last())) std::abort();
        if (!prefix->overlaps(prefix->network())) std::abort();
    }
    return 0;
}
