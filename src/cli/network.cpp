// network ls, create, inspect, rm, connect, disconnect, prune: networks by name.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/single.h"
#include "cli/table.h"
#include "cli/up.h"
#include "cli/when.h"
#include "docker/wire/inspect.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;
using engine::Network;

bool is_builtin(const std::string& name) { return name == "bridge" || name == "host" || name == "none"; }

// Names and ids of networks that containers, running or not, are on.
std::set<std::string> used_networks(engine::Engine& engine) {
    engine::ListOptions all;
    all.all = true;
    std::set<std::string> out;
    for (const engine::ContainerSummary& container : engine.containers().list(all)) {
        out.insert(container.network_mode);
        for (const engine::Endpoint& endpoint : container.endpoints) {
            out.insert(endpoint.network);
            out.insert(endpoint.network_id);
        }
    }
    return out;
}

Network required(engine::Engine& engine, const std::string& name) {
    auto network = engine.networks().find(name);
    if (!network) throw Error(ErrorKind::not_found, cat("network ", name, " not found"));
    return std::move(*network);
}

std::vector<Network> wanted_networks(const Arguments& arguments, engine::Engine& engine) {
    constexpr std::string_view known[] = {"dangling", "driver", "id", "label", "name", "scope", "type"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    const bool by_use = std::ranges::any_of(filters, [](const Filter& one) { return one.key == "dangling"; });
    const std::set<std::string> used = by_use ? used_networks(engine) : std::set<std::string>();
    const auto accepted = [&](const Network& one) {
        const auto any = [&](std::string_view key, const std::function<bool(const std::string&)>& accepts) {
            return any_accepts(filters, key, accepts);
        };
        return labels_accept(filters, one.labels) &&
               any("name", [&](const std::string& value) { return matches_expression(value, one.name); }) &&
               any("id", [&](const std::string& value) { return one.id.starts_with(value); }) &&
               any("driver", [&](const std::string& value) { return one.driver == value; }) &&
               any("scope", [&](const std::string& value) { return one.scope == value; }) &&
               any("type",
                   [&](const std::string& value) {
                       if (value != "builtin" && value != "custom") refuse(cat("invalid filter 'type=", value, "'"));
                       return (value == "builtin") == is_builtin(one.name);
                   }) &&
               any("dangling", [&](const std::string& value) {
                   const bool unused = !is_builtin(one.name) && !used.contains(one.name) && !used.contains(one.id);
                   return is_true(value) == unused;
               });
    };
    std::vector<Network> out = engine.networks().list();
    std::erase_if(out, [&](const Network& one) { return !accepted(one); });
    std::ranges::sort(out, {}, &Network::name);
    return out;
}

Node row_of(const Network& network, bool truncate) {
    const auto yes_or_no = [](bool value) { return Node(value ? "true" : "false"); };
    Node row = Node::map();
    row.set("ID", Node(truncate ? network.id.substr(0, 12) : network.id));
    row.set("Name", Node(network.name));
    row.set("Driver", Node(network.driver));
    row.set("Scope", Node(network.scope));
    row.set("IPv4", yes_or_no(network.enable_ipv4.value_or(true)));
    row.set("IPv6", yes_or_no(network.enable_ipv6.value_or(false)));
    row.set("Internal", yes_or_no(network.internal));
    row.set("Labels", Node(labels_text(network.labels)));
    row.set("CreatedAt", Node(go_time(network.created)));
    return row;
}

int list(const Arguments& arguments, Session& session) {
    const std::vector<Network> networks = wanted_networks(arguments, session.engine());
    const bool truncate = !arguments.on("no-trunc");
    if (arguments.on("quiet")) {
        for (const Network& one : networks) session.out((truncate ? one.id.substr(0, 12) : one.id) + "\n");
        return 0;
    }
    std::vector<Node> rows;
    for (const Network& one : networks) rows.push_back(row_of(one, truncate));
    print_rows(session, arguments.text("format"), "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
               {{"ID", "NETWORK ID"},
                {"Name", "NAME"},
                {"Driver", "DRIVER"},
                {"Scope", "SCOPE"},
                {"IPv4", "IPV4"},
                {"IPv6", "IPV6"},
                {"Internal", "INTERNAL"},
                {"Labels", "LABELS"},
                {"CreatedAt", "CREATED AT"}},
               rows);
    return 0;
}

int inspect(const Arguments& arguments, Session& session) {
    return print_inspected(arguments, session, arguments.rest(), [&](const std::string& name) {
        return docker::wire::inspect_body(required(session.engine(), name));
    });
}

// "10.0.0.0/24" → the address as a number and the length of the prefix; nothing for IPv6 or no such thing.
struct Subnet {
    std::uint32_t address = 0, mask = 0;
    bool holds(std::uint32_t other) const { return (other & mask) == (address & mask); }
};
std::optional<std::uint32_t> ipv4(std::string_view text) {
    std::uint32_t out = 0;
    const auto parts = base::split(text, '.');
    if (parts.size() != 4) return std::nullopt;
    for (const std::string_view part : parts) {
        const auto byte = base::to_uint(part);
        if (!byte || *byte > 255) return std::nullopt;
        out = out << 8 | static_cast<std::uint32_t>(*byte);
    }
    return out;
}
std::optional<Subnet> ipv4_subnet(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = ipv4(text.substr(0, slash));
    const auto length = base::to_uint(text.substr(slash + 1));
    if (!address || !length || *length > 32) return std::nullopt;
    return Subnet{*address, *length == 0 ? 0 : ~std::uint32_t{0} << (32 - *length)};
}

// The pool that an address, a range or a gateway belongs to: the subnet that holds it; IPv6 goes to the IPv6 one.
engine::IpamPool& pool_of(std::vector<engine::IpamPool>& pools, std::string_view flag, const std::string& value) {
    const bool six = value.find(':') != std::string::npos;
    const auto address = ipv4(std::string_view(value).substr(0, value.find('/')));
    for (engine::IpamPool& pool : pools) {
        if (six != (pool.subnet.find(':') != std::string::npos)) continue;
        const auto subnet = ipv4_subnet(pool.subnet);
        if (six || (subnet && address && subnet->holds(*address))) return pool;
    }
    throw Error(ErrorKind::invalid, cat("no matching subnet for ", flag, " ", value), "name one with --subnet");
}

engine::NetworkSpec network_spec(const Arguments& arguments) {
    for (const char* flag : {"config-from", "config-only", "ingress"})
        if (arguments.given(flag) && (std::string_view(flag) == "config-from" || arguments.on(flag)))
            throw Error(ErrorKind::unsupported, cat("network create --", flag, " is not supported"), "it is for Swarm");
    engine::NetworkSpec spec;
    spec.name = arguments.rest()[0];
    spec.driver = arguments.text("driver");
    spec.driver_opts = keys_and_values(arguments.texts("opt"));
    spec.labels = keys_and_values(arguments.texts("label"));
    spec.ipam_driver = arguments.text("ipam-driver") == "default" ? std::string() : arguments.text("ipam-driver");
    spec.ipam_options = keys_and_values(arguments.texts("ipam-opt"));
    spec.internal = arguments.on("internal");
    spec.attachable = arguments.on("attachable");
    if (arguments.given("ipv4")) spec.enable_ipv4 = arguments.on("ipv4");
    if (arguments.given("ipv6")) spec.enable_ipv6 = arguments.on("ipv6");
    for (std::string& subnet : arguments.texts("subnet")) spec.ipam.push_back({std::move(subnet), {}, {}, {}});
    for (const std::string& range : arguments.texts("ip-range")) pool_of(spec.ipam, "ip-range", range).ip_range = range;
    for (const std::string& gateway : arguments.texts("gateway"))
        pool_of(spec.ipam, "gateway", gateway).gateway = gateway;
    for (const std::string& text : arguments.texts("aux-address")) {
        const auto [host, address] = key_and_value(text);
        pool_of(spec.ipam, "aux-address", address).aux_addresses[host] = address;
    }
    return spec;
}

int create(const Arguments& arguments, Session& session) {
    const engine::NetworkSpec spec = network_spec(arguments);
    if (arguments.on("dry-run"))
        session.out(cat("Would create network ", spec.name, "\n"));
    else
        session.out(session.engine().networks().create(spec) + "\n");
    return 0;
}

int remove(const Arguments& arguments, Session& session) {
    return for_each_name(arguments.rest(), session, true, [&](const std::string& name) {
        try {
            if (is_builtin(name))
                throw Error(ErrorKind::denied, cat(name, " is a pre-defined network and cannot be removed"));
            if (!arguments.on("dry-run")) session.engine().networks().remove(name);
        } catch (const Error& error) {  // gone is what -f wants
            if (error.kind() != ErrorKind::not_found || !arguments.on("force")) throw;
        }
    });
}

int connect(const Arguments& arguments, Session& session) {
    engine::EndpointSpec endpoint;
    endpoint.network = arguments.rest()[0];
    endpoint.aliases = arguments.texts("alias");
    endpoint.ipv4_address = arguments.text("ip");
    endpoint.ipv6_address = arguments.text("ip6");
    endpoint.links = arguments.texts("link");
    endpoint.link_local_ips = arguments.texts("link-local-ip");
    endpoint.driver_opts = keys_and_values(arguments.texts("driver-opt"));
    endpoint.gw_priority = static_cast<int>(arguments.number("gw-priority"));
    if (!arguments.on("dry-run")) session.engine().networks().connect(endpoint.network, arguments.rest()[1], endpoint);
    return 0;
}

int disconnect(const Arguments& arguments, Session& session) {
    if (!arguments.on("dry-run"))
        session.engine().networks().disconnect(arguments.rest()[0], arguments.rest()[1], arguments.on("force"));
    return 0;
}

int prune(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"label", "label!", "until"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    const bool dry_run = arguments.on("dry-run");
    if (!dry_run &&
        !confirmed(arguments, session, "This will remove all custom networks not used by at least one container."))
        return 0;
    const std::vector<std::string> names = prune_networks(session.engine(), filters, dry_run);
    if (!names.empty()) session.out("Deleted Networks:\n");
    for (const std::string& name : names) session.out(name + "\n");
    return 0;
}

constexpr Flag list_flags[] = {
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: dangling, driver, id, label, name, scope, type",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "no-trunc", .help = "Do not truncate the output"},
    {.name = "quiet", .letter = 'q', .help = "Only display network IDs"},
};
constexpr Flag inspect_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
};
constexpr Flag create_flags[] = {
    {.name = "attachable", .help = "Enable manual container attachment"},
    {.name = "aux-address",
     .kind = FlagKind::texts,
     .help = "Auxiliary IPv4 or IPv6 addresses used by network driver",
     .type = "map"},
    {.name = "config-from", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "config-only", .help = "", .hidden = true},
    {.name = "driver",
     .letter = 'd',
     .kind = FlagKind::text,
     .help = "Driver to manage the Network",
     .fallback = "bridge"},
    {.name = "gateway", .kind = FlagKind::words, .help = "IPv4 or IPv6 Gateway for the master subnet"},
    {.name = "ingress", .help = "", .hidden = true},
    {.name = "internal", .help = "Restrict external access to the network"},
    {.name = "ip-range", .kind = FlagKind::words, .help = "Allocate container ip from a sub-range"},
    {.name = "ipam-driver", .kind = FlagKind::text, .help = "IP Address Management Driver", .fallback = "default"},
    {.name = "ipam-opt", .kind = FlagKind::texts, .help = "Set IPAM driver specific options", .type = "map"},
    {.name = "ipv4", .help = "Enable or disable IPv4 address assignment", .fallback = "true"},
    {.name = "ipv6", .help = "Enable or disable IPv6 address assignment"},
    {.name = "label", .kind = FlagKind::texts, .help = "Set metadata on a network", .type = "list"},
    {.name = "opt", .letter = 'o', .kind = FlagKind::texts, .help = "Set driver specific options", .type = "map"},
    {.name = "subnet", .kind = FlagKind::words, .help = "Subnet in CIDR format that represents a network segment"},
};
constexpr Flag remove_flags[] = {
    {.name = "force", .letter = 'f', .help = "Do not error if the network does not exist"},
};
constexpr Flag connect_flags[] = {
    {.name = "alias", .kind = FlagKind::words, .help = "Add network-scoped alias for the container"},
    {.name = "driver-opt", .kind = FlagKind::texts, .help = "driver options for the network"},
    {.name = "gw-priority", .kind = FlagKind::integer, .help = "Highest gw-priority provides the default gateway"},
    {.name = "ip", .kind = FlagKind::text, .help = "IPv4 address (e.g., \"172.30.100.104\")"},
    {.name = "ip6", .kind = FlagKind::text, .help = "IPv6 address (e.g., \"2001:db8::33\")"},
    {.name = "link", .kind = FlagKind::texts, .help = "Add link to another container", .type = "list"},
    {.name = "link-local-ip", .kind = FlagKind::words, .help = "Add a link-local address for the container"},
};
constexpr Flag disconnect_flags[] = {
    {.name = "force", .letter = 'f', .help = "Force the container to disconnect from a network"},
};
constexpr Flag prune_flags[] = {
    {.name = "filter",
     .kind = FlagKind::texts,
     .help = "Provide filter values (e.g. \"until=24h\", \"label=KEY\")",
     .type = "filter"},
    {.name = "force", .letter = 'f', .help = "Do not prompt for confirmation"},
};
constexpr std::string_view list_aliases[] = {"network list"};
constexpr std::string_view remove_aliases[] = {"network remove"};

}  // namespace

std::vector<std::string> prune_networks(engine::Engine& engine, const std::vector<Filter>& filters, bool dry_run) {
    const std::set<std::string> used = used_networks(engine);
    std::vector<std::string> names;
    for (const Network& one : engine.networks().list()) {
        if (is_builtin(one.name) || used.contains(one.name) || used.contains(one.id)) continue;
        const bool wanted = labels_accept(filters, one.labels) && std::ranges::all_of(filters, [&](const Filter& f) {
                                if (f.key == "label!") return !engine::matches(one.labels, {f.value});
                                return f.key != "until" || one.created < parse_when(f.value);
                            });
        if (!wanted) continue;
        try {
            if (!dry_run) engine.networks().remove(one.name);
        } catch (const Error& error) {  // it was removed or came into use meanwhile
            if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) throw;
            continue;
        }
        names.push_back(one.name);
    }
    return names;
}

constinit const Command network_ls_command{
    .name = "network ls",
    .usage = "network ls [OPTIONS]",
    .help = "List networks",
    .flags = list_flags,
    .run = list,
    .most = 0,
    .reads_project = false,
    .aliases = list_aliases,
};
constinit const Command network_inspect_command{
    .name = "network inspect",
    .usage = "network inspect [OPTIONS] NETWORK [NETWORK...]",
    .help = "Display detailed information on one or more networks",
    .flags = inspect_flags,
    .run = inspect,
    .least = 1,
    .reads_project = false,
};
constinit const Command network_create_command{
    .name = "network create",
    .usage = "network create [OPTIONS] NETWORK",
    .help = "Create a network",
    .flags = create_flags,
    .run = create,
    .least = 1,
    .most = 1,
    .reads_project = false,
};
constinit const Command network_rm_command{
    .name = "network rm",
    .usage = "network rm [OPTIONS] NETWORK [NETWORK...]",
    .help = "Remove one or more networks",
    .flags = remove_flags,
    .run = remove,
    .least = 1,
    .reads_project = false,
    .aliases = remove_aliases,
};
constinit const Command network_connect_command{
    .name = "network connect",
    .usage = "network connect [OPTIONS] NETWORK CONTAINER",
    .help = "Connect a container to a network",
    .flags = connect_flags,
    .run = connect,
    .least = 2,
    .most = 2,
    .reads_project = false,
};
constinit const Command network_disconnect_command{
    .name = "network disconnect",
    .usage = "network disconnect [OPTIONS] NETWORK CONTAINER",
    .help = "Disconnect a container from a network",
    .flags = disconnect_flags,
    .run = disconnect,
    .least = 2,
    .most = 2,
    .reads_project = false,
};
constinit const Command network_prune_command{
    .name = "network prune",
    .usage = "network prune [OPTIONS]",
    .help = "Remove all unused networks",
    .flags = prune_flags,
    .run = prune,
    .most = 0,
    .reads_project = false,
};

}  // namespace tutti::cli
