// How networks and endpoints look in their files.
#include "base/error.h"
#include "base/text.h"
#include "embedded/network/records.h"

namespace tutti::embedded::network {

namespace {

using doc::Node;

[[noreturn]] void damaged(std::string_view what, std::string_view key) {
    throw base::Error(base::ErrorKind::internal,
                      base::cat(what, " is damaged: its value of '", key, "' is not understood"));
}

// An absent key gives nothing, a malformed value is an error.
template <class Value>
std::optional<Value> read(const Node& node, std::string_view key, std::string_view what) {
    const Node* found = node.find(key);
    if (found == nullptr) return std::nullopt;
    const auto value = found->is_text() ? Value::parse(found->as_text()) : std::nullopt;
    if (!value) damaged(what, key);
    return value;
}

template <class Value>
void put(Node& node, std::string_view key, const std::optional<Value>& value) {
    if (value) node.set(key, Node(value->to_text()));
}

Node texts_of(const std::map<std::string, std::string>& values) {
    Node node = Node::map();
    for (const auto& [key, value] : values) node.set(key, Node(value));
    return node;
}

std::map<std::string, std::string> texts_from(const Node& node, std::string_view key) {
    std::map<std::string, std::string> values;
    const Node* found = node.find(key);
    if (found == nullptr || !found->is_map()) return values;
    for (const doc::Entry& entry : found->entries())
        if (entry.value.is_text()) values[entry.key] = entry.value.as_text();
    return values;
}

const Node::List& items_of(const Node& node, std::string_view key) {
    static const Node::List none;
    const Node* found = node.find(key);
    return found != nullptr && found->is_list() ? found->items() : none;
}

Node to_node(const SubnetSpec& subnet) {
    Node node = Node::map();
    put(node, "subnet", subnet.subnet);
    put(node, "ip_range", subnet.ip_range);
    put(node, "gateway", subnet.gateway);
    Node auxiliary = Node::map();
    for (const auto& [name, address] : subnet.auxiliary) auxiliary.set(name, Node(address.to_text()));
    if (auxiliary.size() != 0) node.set("auxiliary", std::move(auxiliary));
    return node;
}

SubnetSpec subnet_from(const Node& node, std::string_view what) {
    SubnetSpec subnet;
    subnet.subnet = read<os::IpPrefix>(node, "subnet", what);
    subnet.ip_range = read<os::IpPrefix>(node, "ip_range", what);
    subnet.gateway = read<os::IpAddress>(node, "gateway", what);
    for (const auto& [name, text] : texts_from(node, "auxiliary")) {
        const auto address = os::IpAddress::parse(text);
        if (!address) damaged(what, "auxiliary");
        subnet.auxiliary[name] = *address;
    }
    return subnet;
}

Node to_node(const PublishedPort& port) {
    Node node = Node::map();
    node.set("protocol", Node(to_text(port.protocol)));
    node.set("container_port", Node(std::int64_t{port.container_port}));
    node.set("container_ip", Node(port.container_ip.to_text()));
    node.set("host_ip", Node(port.host_ip.to_text()));
    node.set("host_port", Node(std::int64_t{port.host_port}));
    return node;
}

PublishedPort port_from(const Node& node, std::string_view what) {
    PublishedPort port;
    port.protocol = node.text_or("protocol") == "udp" ? Protocol::udp : Protocol::tcp;
    port.container_port = static_cast<std::uint16_t>(node.int_or("container_port"));
    port.host_port = static_cast<std::uint16_t>(node.int_or("host_port"));
    const auto host = read<os::IpAddress>(node, "host_ip", what);
    const auto container = read<os::IpAddress>(node, "container_ip", what);
    if (!host || !container) damaged(what, "ports");
    port.host_ip = *host;
    port.container_ip = *container;
    return port;
}

}  // namespace

std::string_view to_text(Protocol protocol) { return protocol == Protocol::udp ? "udp" : "tcp"; }

Node to_node(const Network& network) {
    const NetworkSpec& spec = network.spec;
    Node node = Node::map();
    node.set("id", Node(network.id));
    node.set("name", Node(spec.name));
    node.set("driver", Node(spec.driver));
    node.set("bridge", Node(network.bridge));
    node.set("created", Node(spec.created));
    node.set("internal", Node(spec.internal));
    node.set("attachable", Node(spec.attachable));
    node.set("ipv4", Node(spec.ipv4));
    node.set("ipv6", Node(spec.ipv6));
    node.set("ipam_driver", Node(spec.ipam_driver));
    Node subnets = Node::list();
    for (const SubnetSpec& subnet : spec.subnets) subnets.push(to_node(subnet));
    node.set("subnets", std::move(subnets));
    node.set("options", texts_of(spec.options));
    node.set("labels", texts_of(spec.labels));
    return node;
}

Network network_from(const Node& node, std::string_view what) {
    Network network;
    network.id = node.text_or("id");
    network.bridge = node.text_or("bridge");
    network.spec.name = node.text_or("name");
    network.spec.driver = node.text_or("driver");
    network.spec.created = node.text_or("created");
    network.spec.internal = node.bool_or("internal");
    network.spec.attachable = node.bool_or("attachable");
    network.spec.ipv4 = node.bool_or("ipv4", true);
    network.spec.ipv6 = node.bool_or("ipv6");
    network.spec.ipam_driver = node.text_or("ipam_driver");
    for (const Node& subnet : items_of(node, "subnets")) network.spec.subnets.push_back(subnet_from(subnet, what));
    network.spec.options = texts_from(node, "options");
    network.spec.labels = texts_from(node, "labels");
    if (network.id.size() != 64 || network.spec.name.empty()) damaged(what, "id");
    return network;
}

Node to_node(const Endpoint& endpoint) {
    Node node = Node::map();
    node.set("id", Node(endpoint.id));
    node.set("container", Node(endpoint.container));
    node.set("network", Node(endpoint.network));
    node.set("network_name", Node(endpoint.network_name));
    node.set("interface", Node(endpoint.interface));
    node.set("host_interface", Node(endpoint.host_interface));
    node.set("mac", Node(endpoint.mac.to_text()));
    put(node, "ipv4", endpoint.ipv4);
    put(node, "ipv6", endpoint.ipv6);
    put(node, "gateway_v4", endpoint.gateway_v4);
    put(node, "gateway_v6", endpoint.gateway_v6);
    Node link_local = Node::list();
    for (const os::IpAddress& address : endpoint.link_local) link_local.push(Node(address.to_text()));
    node.set("link_local", std::move(link_local));
    node.set("names", Node::texts(endpoint.names));
    node.set("gw_priority", Node(std::int64_t{endpoint.gw_priority}));
    node.set("internal", Node(endpoint.internal));
    Node ports = Node::list();
    for (const PublishedPort& port : endpoint.ports) ports.push(to_node(port));
    node.set("ports", std::move(ports));
    node.set("attacher", Node(endpoint.attacher));
    return node;
}

Endpoint endpoint_from(const Node& node, std::string_view what) {
    Endpoint endpoint;
    endpoint.id = node.text_or("id");
    endpoint.container = node.text_or("container");
    endpoint.network = node.text_or("network");
    endpoint.network_name = node.text_or("network_name");
    endpoint.interface = node.text_or("interface");
    endpoint.host_interface = node.text_or("host_interface");
    endpoint.mac = read<os::MacAddress>(node, "mac", what).value_or(os::MacAddress{});
    endpoint.ipv4 = read<os::IpPrefix>(node, "ipv4", what);
    endpoint.ipv6 = read<os::IpPrefix>(node, "ipv6", what);
    endpoint.gateway_v4 = read<os::IpAddress>(node, "gateway_v4", what);
    endpoint.gateway_v6 = read<os::IpAddress>(node, "gateway_v6", what);
    for (const std::string& text : node.texts_or_empty("link_local"))
        if (const auto address = os::IpAddress::parse(text)) endpoint.link_local.push_back(*address);
    endpoint.names = node.texts_or_empty("names");
    endpoint.gw_priority = static_cast<int>(node.int_or("gw_priority"));
    endpoint.internal = node.bool_or("internal");
    for (const Node& port : items_of(node, "ports")) endpoint.ports.push_back(port_from(port, what));
    endpoint.attacher = node.text_or("attacher");
    if (endpoint.container.empty() || endpoint.network.empty()) damaged(what, "container");
    return endpoint;
}

}  // namespace tutti::embedded::network
