// The short form of ports: no input crashes, and what is accepted has sane ports.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/short_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = tutti::model::parse_ports(text);
    if (!parsed) return 0;
    if (parsed.value.empty() || parsed.value.size() > 65536) std::abort();
    for (const auto& port : parsed.value) {
        if (port.target > 65535) std::abort();
        if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp") std::abort();
        if (!port.host_ip.empty() && !tutti::model::is_ip_address(port.host_ip)) std::abort();
    }
    return 0;
}
