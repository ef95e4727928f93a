// resolv.conf as hosts have it: no input crashes, and what we write of it we read as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "embedded/dns/files.h"

using namespace tutti::embedded::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ResolvConf conf = parse_resolv_conf({reinterpret_cast<const char*>(data), size});
    const ResolvConf again = parse_resolv_conf(to_text(conf));
    if (again.servers != conf.servers || again.search != conf.search || again.options != conf.options) std::abort();
    return 0;
}
