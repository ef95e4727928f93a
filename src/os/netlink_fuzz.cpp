// Netlink attributes and messages: no input crashes, and no attribute reaches beyond its message.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "os/netlink.h"

using namespace tutti::os;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for_each_netlink_message(bytes, [&](const nlmsghdr&, std::string_view payload) {
        if (payload.data() < bytes.data() || payload.data() + payload.size() > bytes.data() + bytes.size())
            std::abort();
        for (const NetlinkAttr& attr : netlink_attrs(payload)) {
            if (attr.data.data() + attr.data.size() > payload.data() + payload.size()) std::abort();
            (void)attr.text();
            (void)attr.be32();
            (void)netlink_attrs(attr.data);
        }
    });
    return 0;
}
