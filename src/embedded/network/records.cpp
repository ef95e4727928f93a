#include "embedded/network/records.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"

namespace tutti::embedded::network {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using os::FileLock;

std::string boot_id() { return os::read_file_if_exists("/proc/sys/kernel/random/boot_id").value_or(""); }

std::optional<std::string> read_link(const std::string& path) {
    char target[512];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EINVAL)) return std::nullopt;
    if (size < 0) base::throw_errno(cat("reading ", path));
    return std::string(target, static_cast<std::size_t>(size));
}

bool is_id(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

Records::Records(std::string folder, const std::string& run_folder)
    : folder_(std::move(folder)), run_folder_(run_folder.empty() ? folder_ : run_folder) {
    os::make_folders(cat(folder_, "/names"));
    const std::string boot = boot_id();
    const std::string path = cat(run_folder_, "/boot");
    if (os::read_file_if_exists(path) == boot) return;
    os::make_folders(run_folder_);
    const FileLock guard = lock(FileLock::Mode::exclusive);
    for (const std::string& id : os::list_folder(run_folder_)) {
        if (!is_id(id)) continue;
        for (const char* kind : {"endpoints", "addresses"}) os::remove_tree(live_path_of(id, kind));
    }
    os::write_file(path, boot);
}

FileLock Records::lock(FileLock::Mode mode) const { return FileLock::wait(cat(folder_, "/lock"), mode); }

std::string Records::path_of(std::string_view id, std::string_view below) const {
    return below.empty() ? cat(folder_, "/", id) : cat(folder_, "/", id, "/", below);
}

std::string Records::live_path_of(std::string_view id, std::string_view below) const {
    return cat(run_folder_, "/", id, "/", below);
}

void Records::make_live_folders(const std::string& id) const {
    os::make_folders(live_path_of(id, "endpoints"));
    os::make_folders(live_path_of(id, "addresses"));
}

std::vector<Network> Records::networks() const {
    std::vector<Network> all;
    for (const std::string& name : os::list_folder(cat(folder_, "/names")))
        if (auto network = find(name); network && network->spec.name == name) all.push_back(std::move(*network));
    return all;
}

std::optional<Network> Records::find(std::string_view name_or_id) const {
    if (name_or_id.empty() || name_or_id.find('/') != name_or_id.npos || name_or_id.front() == '.') return std::nullopt;
    std::string id;
    if (const auto link = read_link(cat(folder_, "/names/", name_or_id)))
        id = link->substr(link->rfind('/') + 1);
    else if (is_id(name_or_id))
        id = name_or_id;
    else {
        for (const std::string& candidate : os::list_folder(folder_)) {
            if (!is_id(candidate) || !candidate.starts_with(name_or_id)) continue;
            if (!id.empty())
                throw Error(ErrorKind::invalid, cat("several networks have an id that begins with ", name_or_id));
            id = candidate;
        }
    }
    if (id.empty()) return std::nullopt;
    const std::string path = path_of(id, "network.json");
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    Network network = network_from(doc::parse_json(*text, path), path);
    network.names_folder = live_path_of(id, "endpoints");
    return network;
}

void Records::write(const Network& network) {
    os::make_folders(path_of(network.id));
    make_live_folders(network.id);
    os::write_file(path_of(network.id, "network.json"), doc::write_json(to_node(network), {.pretty = true}), 0600,
                   os::Durable::yes);
    // The network exists from here on.
    const std::string link = cat(folder_, "/names/", network.spec.name);
    if (::symlink(cat("../", network.id).c_str(), link.c_str()) != 0) base::throw_errno(cat("making ", link));
}

void Records::remove(const Network& network) {
    os::remove_file(cat(folder_, "/names/", network.spec.name));
    os::remove_tree(path_of(network.id));
    if (run_folder_ != folder_) os::remove_tree(cat(run_folder_, "/", network.id));
}

std::vector<Endpoint> Records::endpoints(const Network& network) const {
    std::vector<Endpoint> all;
    for (const std::string& name : os::list_folder(live_path_of(network.id, "endpoints"))) {
        if (!name.ends_with(".json")) continue;
        if (auto found = endpoint(network, name.substr(0, name.size() - 5))) all.push_back(std::move(*found));
    }
    return all;
}

std::optional<Endpoint> Records::endpoint(const Network& network, const std::string& container) const {
    const std::string path = live_path_of(network.id, cat("endpoints/", container, ".json"));
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    return endpoint_from(doc::parse_json(*text, path), path);
}

bool Records::has_endpoints(const Network& network) const {
    const auto names = os::list_folder(live_path_of(network.id, "endpoints"));
    return std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".json"); });
}

void Records::write(const Endpoint& endpoint) {
    make_live_folders(endpoint.network);
    os::write_file(live_path_of(endpoint.network, cat("endpoints/", endpoint.container, ".json")),
                   doc::write_json(to_node(endpoint)));
}

void Records::forget(const Endpoint& endpoint) {
    os::remove_file(live_path_of(endpoint.network, cat("endpoints/", endpoint.container, ".json")));
}

void Records::remove(const Endpoint& endpoint) {
    forget(endpoint);
    if (endpoint.ipv4) free_address(endpoint.network, endpoint.ipv4->address, endpoint.container);
    if (endpoint.ipv6) free_address(endpoint.network, endpoint.ipv6->address, endpoint.container);
}

bool Records::take_address(const std::string& network, const os::IpAddress& address, const std::string& container) {
    const std::string path = live_path_of(network, cat("addresses/", address.to_text()));
    if (::symlink(container.c_str(), path.c_str()) == 0) return true;
    if (errno == ENOENT) {  // the first of this boot
        make_live_folders(network);
        if (::symlink(container.c_str(), path.c_str()) == 0) return true;
    }
    if (errno != EEXIST) base::throw_errno(cat("making ", path));
    return false;
}

void Records::free_address(const std::string& network, const os::IpAddress& address, const std::string& container) {
    if (holder(network, address) == container)
        os::remove_file(live_path_of(network, cat("addresses/", address.to_text())));
}

std::string Records::holder(const std::string& network, const os::IpAddress& address) const {
    return read_link(live_path_of(network, cat("addresses/", address.to_text()))).value_or("");
}

std::vector<os::IpAddress> Records::taken(const std::string& network) const {
    std::vector<os::IpAddress> all;
    for (const std::string& name : os::list_folder(live_path_of(network, "addresses")))
        if (const auto address = os::IpAddress::parse(name)) all.push_back(*address);
    std::sort(all.begin(), all.end());
    return all;
}

// What a killed writer was about to rename.
void Records::drop_half_written(const std::string& folder) {
    for (const std::string& name : os::list_folder(folder))
        if (name.find(".tmp-") != name.npos) os::remove_file(cat(folder, "/", name));
}

void Records::drop_leftovers() {
    std::vector<std::string> named;
    drop_half_written(folder_);
    for (const std::string& name : os::list_folder(cat(folder_, "/names"))) {
        const auto network = find(name);
        if (!network || network->spec.name != name) {
            os::remove_file(cat(folder_, "/names/", name));
            continue;
        }
        named.push_back(network->id);
        drop_half_written(path_of(network->id));
        drop_half_written(live_path_of(network->id, "endpoints"));
        for (const os::IpAddress& address : taken(network->id)) {
            const std::string container = holder(network->id, address);
            const auto owner = endpoint(*network, container);
            const bool held = owner && ((owner->ipv4 && owner->ipv4->address == address) ||
                                        (owner->ipv6 && owner->ipv6->address == address));
            if (!held) free_address(network->id, address, container);
        }
    }
    for (const std::string& id : os::list_folder(folder_))
        if (is_id(id) && std::find(named.begin(), named.end(), id) == named.end()) os::remove_tree(path_of(id));
    if (run_folder_ == folder_) return;
    for (const std::string& id : os::list_folder(run_folder_))
        if (is_id(id) && std::find(named.begin(), named.end(), id) == named.end())
            os::remove_tree(cat(run_folder_, "/", id));
}

}  // namespace tutti::embedded::network
