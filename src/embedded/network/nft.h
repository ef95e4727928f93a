// nftables by netlink: tables, chains, sets, rules and elements, collected into one transaction.
// Used by firewall.cpp alone. Encodes what we need and no more; reads nothing but how many rules a table has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/ip.h"
#include "os/netlink.h"

namespace tutti::embedded::network::nft {

// Registers of four bytes; a concatenation fills several in a row.
using Register = std::uint32_t;
inline constexpr Register kRegister0 = 8;  // NFT_REG32_00

enum class Verdict { accept, drop, jump, return_ };

// One rule, an expression after the other, as `nft --debug=netlink` prints them.
class Rule {
  public:
    Rule& meta(std::uint32_t key, Register to);
    Rule& network_header(std::uint32_t offset, std::uint32_t length, Register to);
    Rule& transport_header(std::uint32_t offset, std::uint32_t length, Register to);
    Rule& ct(std::uint32_t key, Register to);
    Rule& fib_type_of_destination(Register to);
    Rule& load(Register to, std::string_view bytes);
    Rule& mask(Register at, std::string_view mask);
    Rule& equals(Register at, std::string_view bytes);
    Rule& differs(Register at, std::string_view bytes);
    Rule& in(Register at, std::string_view set);
    Rule& not_in(Register at, std::string_view set);
    Rule& map(Register at, std::string_view map, Register to);
    Rule& dnat(int family, Register address, Register port);
    Rule& masquerade();
    Rule& counter();
    Rule& verdict(Verdict verdict, std::string_view chain = {});

    const std::vector<std::string>& expressions() const { return expressions_; }

  private:
    template <class Fill>
    Rule& add(std::string_view name, Fill&& fill);
    std::vector<std::string> expressions_;  // each a complete NFTA_LIST_ELEM payload
};

enum class Policy { accept, drop };

struct Hook {          // of a base chain
    std::string type;  // filter, nat
    std::uint32_t hook = 0;
    std::int32_t priority = 0;
};

enum class KeyType : std::uint32_t { ipv4_addr = 7, ipv6_addr = 8, inet_proto = 12, inet_service = 13, ifname = 41 };

struct Set {
    std::string name;
    std::vector<KeyType> key;
    std::vector<KeyType> data;  // not empty: a map
    bool interval = false;
};

struct Element {
    std::string key;
    std::string data;  // of a map
    bool interval_end = false;
    bool operator==(const Element&) const = default;
};

// Pieces of keys and data, padded as concatenations are.
std::string key_of(const os::IpAddress& address);
std::string key_of_port(std::uint16_t port);
std::string key_of_protocol(std::uint8_t protocol);
std::string key_of_interface(std::string_view name);
std::vector<Element> interval_of(const os::IpPrefix& prefix);  // its start and its end

class Transaction {
  public:
    explicit Transaction(std::string table, std::uint8_t family = 1 /* inet */);

    Transaction& add_table(std::string_view note = {});  // the note is the table's comment
    Transaction& delete_table();
    Transaction& add_chain(std::string_view name);
    Transaction& add_chain(std::string_view name, const Hook& hook, Policy policy = Policy::accept);
    Transaction& add_set(const Set& set);
    Transaction& add_rule(std::string_view chain, const Rule& rule);
    Transaction& insert_rule(std::string_view chain, const Rule& rule, std::string_view note);  // in front
    Transaction& delete_rule(std::string_view chain, std::uint64_t handle);
    Transaction& add_elements(std::string_view set, const std::vector<Element>& elements);
    Transaction& delete_elements(std::string_view set, const std::vector<Element>& elements);

    bool empty() const { return messages_.size() == 1; }
    std::size_t rule_count() const { return rule_count_; }
    os::NetlinkFault commit(os::Netlink& netlink);  // all or nothing

  private:
    os::NetlinkMessage& message(std::uint16_t type, std::uint16_t flags = 0);
    Transaction& rule(std::uint16_t flags, std::string_view chain, const Rule& rule, std::string_view note);
    Transaction& elements(std::uint16_t type, std::uint16_t flags, std::string_view set,
                          const std::vector<Element>& all);

    std::string table_;
    std::uint8_t family_;
    std::uint32_t next_set_id_ = 1;
    std::size_t rule_count_ = 0;
    std::vector<os::NetlinkMessage> messages_;
};

struct RuleInfo {
    std::string chain, note;
    std::uint64_t handle = 0;
};
struct ChainInfo {
    std::string table, name, type;
    std::uint8_t family = 0;
    int hook = -1;
    bool drops = false;  // policy drop
};
bool has_table(os::Netlink& netlink, std::string_view table, std::uint8_t family, std::string_view note);
std::vector<RuleInfo> rules(os::Netlink& netlink, std::string_view table, std::uint8_t family);
std::vector<ChainInfo> chains(os::Netlink& netlink);

}  // namespace tutti::embedded::network::nft
