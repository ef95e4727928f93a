// Records and reality are made to agree: after kill -9, after a reboot, after somebody flushed our rules.
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "embedded/network/state.h"

namespace tutti::embedded::network {

using os::FileLock;

// The bridge of a network that is in use, with all its ports: one that was deleted lost them.
void Networks::State::restore_bridge(const Network& network) {
    const std::vector<Endpoint> endpoints = records.endpoints(network);
    if (network.bridge.empty() || endpoints.empty()) return;
    const int bridge = ensure_bridge(network);
    for (const Endpoint& endpoint : endpoints) {
        const auto link = links.find(endpoint.host_interface);
        if (!link || link->master == bridge) continue;
        links.set_master(link->index, bridge);
        links.settle(link->name);
    }
    links.settle(network.bridge);
}

void Networks::recover(const std::function<bool(const std::string& container)>& is_alive) {
    State& s = *state_;
    const std::lock_guard alone(s.mutex);
    const FileLock guard = s.records.lock(FileLock::Mode::exclusive);
    std::set<std::string> wanted;  // names of links
    std::vector<Network> in_use;
    for (const Network& network : s.records.networks()) {
        if (!network.bridge.empty()) wanted.insert(network.bridge);
        for (const Endpoint& endpoint : s.records.endpoints(network)) {
            const int attacher = static_cast<int>(base::to_int(base::split(endpoint.attacher, ' ')[0]).value_or(0));
            const bool in_the_making = attacher != 0 && process_mark(attacher) == endpoint.attacher;
            if (!in_the_making && !is_alive(endpoint.container)) {
                s.records.remove(endpoint);
                continue;
            }
            wanted.insert(endpoint.host_interface);
            if (in_use.empty() || in_use.back().id != network.id) in_use.push_back(network);
        }
    }
    s.records.drop_leftovers();
    for (const os::Link& link : s.links.list())
        if (link.group == s.tag && !wanted.contains(link.name)) s.links.remove(link.index);
    for (const Network& network : in_use) s.restore_bridge(network);
    s.rebuild_firewall();
}

void Networks::State::repair() {
    const FileLock guard = records.lock(FileLock::Mode::exclusive);
    for (const Network& network : records.networks()) restore_bridge(network);
    rebuild_firewall();
}

void Networks::repair() {
    const std::lock_guard alone(state_->mutex);
    state_->repair();
}

os::Fd Networks::watch_firewall() const {
    os::Netlink netlink(NETLINK_NETFILTER);
    netlink.join_group(NFNLGRP_NFTABLES);
    const int flags = ::fcntl(netlink.fd().get(), F_GETFL);
    if (::fcntl(netlink.fd().get(), F_SETFL, flags | O_NONBLOCK) != 0) base::throw_errno("watching nftables");
    return netlink.release();
}

bool Networks::repair_if_damaged(const os::Fd& watch) {
    bool something_went = false, another_chain = false;
    std::string buffer(64 << 10, '\0');
    for (;;) {
        const ssize_t size = ::recv(watch.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == ENOBUFS) something_went = true;  // there was more than the kernel could keep
        if (size < 0 && errno != ENOBUFS) break;
        if (size < 0) continue;
        os::for_each_netlink_message(
            {buffer.data(), static_cast<std::size_t>(size)}, [&](const nlmsghdr& header, std::string_view) {
                const int type = header.nlmsg_type & 0xff;
                something_went |= type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELRULE;
                another_chain |= type == NFT_MSG_NEWCHAIN;
            });
    }
    State& s = *state_;
    const std::lock_guard alone(s.mutex);
    if (another_chain) s.open_foreign_chains();  // dockerd started, or made its policy drop
    if (!something_went || !s.options.firewall || s.records.networks().empty() || s.firewall.is_whole()) return false;
    s.repair();
    return true;
}

}  // namespace tutti::embedded::network
