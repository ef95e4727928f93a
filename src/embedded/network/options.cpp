#include "embedded/network/options.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::network {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr std::string_view kBridgeName = "com.docker.network.bridge.name";
constexpr std::string_view kIcc = "com.docker.network.bridge.enable_icc";
constexpr std::string_view kMasquerade = "com.docker.network.bridge.enable_ip_masquerade";
constexpr std::string_view kHostBinding = "com.docker.network.bridge.host_binding_ipv4";
constexpr std::string_view kGatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4";
constexpr std::string_view kGatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6";
constexpr std::string_view kMtu = "com.docker.network.driver.mtu";
constexpr std::string_view kPrefix = "com.docker.network.container_iface_prefix";
constexpr std::string_view kIfname = "com.docker.network.endpoint.ifname";
constexpr std::string_view kSysctls = "com.docker.network.endpoint.sysctls";

constexpr std::array kBridgeKeys = {kBridgeName,   kIcc,          kMasquerade, kHostBinding,
                                    kGatewayMode4, kGatewayMode6, kMtu,        kPrefix};
constexpr std::array<std::string_view, 4> kMacvlanKeys = {"parent", "macvlan_mode", kMtu, kPrefix};
constexpr std::array<std::string_view, 4> kIpvlanKeys = {"parent", "ipvlan_mode", kMtu, kPrefix};
constexpr std::array kEndpointKeys = {kIfname, kSysctls};

const std::string* find(const std::map<std::string, std::string>& options, std::string_view key) {
    const auto found = options.find(std::string(key));
    return found == options.end() ? nullptr : &found->second;
}

std::optional<bool> to_bool(std::string_view text) {
    for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
        if (text == yes) return true;
    for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
        if (text == no) return false;
    return std::nullopt;
}

void check_known(const std::string& whose, const std::map<std::string, std::string>& options,
                 std::span<const std::string_view> known) {
    for (const auto& [key, value] : options) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const auto meant = base::did_you_mean(key, known);
        throw Error(ErrorKind::unsupported, cat(whose, ": the driver option '", key, "' is not supported"),
                    meant ? cat("did you mean '", *meant, "'?")
                          : cat("there are: ", base::join(std::vector<std::string>(known.begin(), known.end()), ", ")));
    }
}

std::span<const std::string_view> keys_of(const NetworkSpec& spec) {
    if (spec.driver == "macvlan") return kMacvlanKeys;
    if (spec.driver == "ipvlan") return kIpvlanKeys;
    return kBridgeKeys;
}

}  // namespace

void check_interface_name(std::string_view name) {
    const bool bad = name.empty() || name.size() > 15 || name == "." || name == ".." || name == "lo" || name == "all" ||
                     name == "default" || std::any_of(name.begin(), name.end(), [](unsigned char c) {
                         return c <= ' ' || c == '/' || c == ':' || c == '%' || c >= 0x7f;
                     });
    if (bad)
        throw Error(ErrorKind::invalid, cat("'", name, "' cannot be the name of a network interface"),
                    "use 1 to 15 printable characters without blank, '/', ':' and '%'");
}

void check_options(const NetworkSpec& spec) {
    const std::string whose = cat("network ", spec.name);
    if (spec.driver != "bridge" && spec.driver != "macvlan" && spec.driver != "ipvlan")
        throw Error(ErrorKind::unsupported, cat(whose, ": the driver '", spec.driver, "' is not there"),
                    spec.driver == "overlay" ? "overlay networks need a Swarm; on one machine 'bridge' does the same"
                                             : "drivers are bridge, macvlan and ipvlan");
    check_known(whose, spec.options, keys_of(spec));
    for (const std::string_view key : {kIcc, kMasquerade})
        if (const std::string* text = find(spec.options, key); text != nullptr && !to_bool(*text))
            throw Error(ErrorKind::invalid, cat(whose, ": ", key, " must be true or false, not '", *text, "'"));
    if (const std::string* text = find(spec.options, kMtu)) {
        const auto mtu = base::to_uint(*text);
        if (!mtu || (*mtu != 0 && (*mtu < 68 || *mtu > 65535)))
            throw Error(ErrorKind::invalid, cat(whose, ": an MTU is a number from 68 to 65535, not '", *text, "'"));
        if (*mtu != 0 && *mtu < 1280 && spec.ipv6)
            throw Error(ErrorKind::invalid, cat(whose, ": IPv6 needs an MTU of at least 1280"));
    }
    if (const std::string* text = find(spec.options, kHostBinding)) {
        const auto address = os::IpAddress::parse(*text);
        if (!address || !address->is_v4())
            throw Error(ErrorKind::invalid,
                        cat(whose, ": ", kHostBinding, " must be an IPv4 address, not '", *text, "'"));
    }
    for (const std::string_view key : {kGatewayMode4, kGatewayMode6})
        if (const std::string* text = find(spec.options, key); text != nullptr && *text != "nat" && !text->empty())
            throw Error(ErrorKind::unsupported, cat(whose, ": ", key, " '", *text, "' is not supported; 'nat' is"));
    if (const std::string* text = find(spec.options, kBridgeName); text != nullptr && !text->empty())
        check_interface_name(*text);
    if (const std::string* text = find(spec.options, kPrefix); text != nullptr && !text->empty())
        check_interface_name(cat(*text, "1000"));
    if (spec.driver != "bridge" && (find(spec.options, "parent") == nullptr || find(spec.options, "parent")->empty()))
        throw Error(ErrorKind::unsupported, cat(whose, ": a ", spec.driver, " network needs the option 'parent'"),
                    "name the host's interface that it shares, for instance parent: eth0");
}

void check_options(const EndpointSpec& spec) {
    check_known(cat("endpoint on network ", spec.network), spec.driver_opts, kEndpointKeys);
    if (const std::string name = interface_name_of(spec); !name.empty()) check_interface_name(name);
    (void)sysctls_of(spec, "eth0");
}

bool option_is_on(const NetworkSpec& spec, std::string_view key, bool otherwise) {
    const std::string* text = find(spec.options, key);
    return text == nullptr ? otherwise : to_bool(*text).value_or(otherwise);
}

int mtu_of(const NetworkSpec& spec) {
    const std::string* text = find(spec.options, kMtu);
    return text == nullptr ? 0 : static_cast<int>(base::to_uint(*text).value_or(0));
}

std::string bridge_name(const NetworkSpec& spec, const std::string& id) {
    const std::string* text = find(spec.options, kBridgeName);
    return text == nullptr || text->empty() ? cat("tt-", id.substr(0, 12)) : *text;
}

std::string interface_prefix(const NetworkSpec& spec) {
    const std::string* text = find(spec.options, kPrefix);
    return text == nullptr || text->empty() ? "eth" : *text;
}

std::optional<os::IpAddress> default_host_ip(const NetworkSpec& spec) {
    const std::string* text = find(spec.options, kHostBinding);
    return text == nullptr ? std::nullopt : os::IpAddress::parse(*text);
}

bool may_talk_among_themselves(const NetworkSpec& spec) { return option_is_on(spec, kIcc, true); }

bool masquerades(const NetworkSpec& spec, int) { return !spec.internal && option_is_on(spec, kMasquerade, true); }

std::string interface_name_of(const EndpointSpec& spec) {
    if (!spec.interface_name.empty()) return spec.interface_name;
    const std::string* text = find(spec.driver_opts, kIfname);
    return text == nullptr ? std::string() : *text;
}

// "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2" → names below /proc/sys/net and values.
std::vector<std::pair<std::string, std::string>> sysctls_of(const EndpointSpec& spec, const std::string& interface) {
    std::vector<std::pair<std::string, std::string>> all;
    const std::string* text = find(spec.driver_opts, kSysctls);
    if (text == nullptr) return all;
    for (const std::string_view part : base::split(*text, ',')) {
        const std::size_t equals = part.find('=');
        const auto words = base::split(part.substr(0, equals), '.');
        const bool good = equals != part.npos && words.size() == 5 && words[0] == "net" &&
                          (words[1] == "ipv4" || words[1] == "ipv6" || words[1] == "mpls") &&
                          (words[2] == "conf" || words[2] == "neigh") && words[3] == "IFNAME" && !words[4].empty() &&
                          words[4].find('/') == std::string_view::npos;
        if (!good)
            throw Error(ErrorKind::invalid,
                        cat("endpoint on network ", spec.network, ": '", part, "' is no sysctl of an interface"),
                        "write net.ipv4.conf.IFNAME.NAME=VALUE, with IFNAME as it stands");
        all.emplace_back(cat(words[1], "/", words[2], "/", interface, "/", words[4]), part.substr(equals + 1));
    }
    return all;
}

}  // namespace tutti::embedded::network
