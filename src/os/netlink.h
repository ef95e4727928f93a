// Netlink: messages built and read, a socket that asks the kernel and waits for its word.
// Used by links.h (addresses, links, routes) and by the nft rules. Ours because Debian has no static libmnl, and it is
// small. Knows the envelope only, not what a message means.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/fd.h"

namespace tutti::os {

class NetlinkMessage {
  public:
    NetlinkMessage(std::uint16_t type, std::uint16_t flags);  // NLM_F_REQUEST is added

    template <class Header>
    NetlinkMessage& put(const Header& header) {  // the family's fixed header, before any attribute
        return put_raw({reinterpret_cast<const char*>(&header), sizeof header});
    }
    NetlinkMessage& attr(std::uint16_t type, std::string_view bytes);
    NetlinkMessage& attr_text(std::uint16_t type, std::string_view text);  // with the final NUL
    NetlinkMessage& attr_u8(std::uint16_t type, std::uint8_t value);
    NetlinkMessage& attr_u16(std::uint16_t type, std::uint16_t value);
    NetlinkMessage& attr_u32(std::uint16_t type, std::uint32_t value);
    NetlinkMessage& attr_be16(std::uint16_t type, std::uint16_t value);  // network order, as netfilter wants it
    NetlinkMessage& attr_be32(std::uint16_t type, std::uint32_t value);
    NetlinkMessage& attr_be64(std::uint16_t type, std::uint64_t value);

    template <class Fill>
    NetlinkMessage& nest(std::uint16_t type, Fill&& fill, std::uint16_t flag = 0) {
        const std::size_t at = open_nest(static_cast<std::uint16_t>(type | flag));
        std::forward<Fill>(fill)(*this);
        close_nest(at);
        return *this;
    }
    // For a header in the middle (the peer's ifinfomsg of a veth).
    NetlinkMessage& put_raw(std::string_view bytes);

    std::size_t size() const { return bytes_.size(); }
    bool wants_ack() const;
    void add_flags(std::uint16_t flags);
    // The message with its length and `sequence` filled in.
    std::string_view finish(std::uint32_t sequence);

  private:
    std::size_t open_nest(std::uint16_t type);
    void close_nest(std::size_t at);
    std::string bytes_;
};

struct NetlinkAttr {
    std::uint16_t type = 0;  // without the flags for nesting and byte order
    std::string_view data;

    std::uint32_t u32() const;  // 0 if too short
    std::uint16_t u16() const;
    std::uint32_t be32() const;     // network order
    std::string_view text() const;  // up to the first NUL
};
// Attributes one after the other; stops at the first that is malformed.
std::vector<NetlinkAttr> netlink_attrs(std::string_view bytes);
std::optional<NetlinkAttr> netlink_attr(std::string_view bytes, std::uint16_t type);

struct NetlinkReply {
    std::uint16_t type = 0;
    std::string payload;  // behind nlmsghdr
};

struct NetlinkFault {
    int error = 0;            // positive errno; 0: fine
    std::size_t message = 0;  // which of the batch
    std::string text;         // the kernel's own words, often empty
};

class Netlink {
  public:
    explicit Netlink(int protocol);  // in the calling thread's network namespace, for good
    Netlink(int protocol, const Fd& netns);

    // One request that is acknowledged. Returns what the kernel says; run() throws it as "WHAT: …".
    NetlinkFault try_run(NetlinkMessage& message);
    void run(NetlinkMessage& message, const std::string& what);
    // A request with an answer; a dump ends at NLMSG_DONE. `fault` gets an error, or it is thrown if null.
    std::vector<NetlinkReply> ask(NetlinkMessage& message, const std::string& what, NetlinkFault* fault = nullptr);
    // Several in one sendmsg (nfnetlink transactions). The last must ask for an acknowledgement. The first fault, if
    // any.
    NetlinkFault run_batch(std::span<NetlinkMessage> messages);

    void join_group(unsigned group);  // notifications arrive on fd()
    const Fd& fd() const { return fd_; }
    Fd release() { return std::move(fd_); }

  private:
    void send(std::string_view bytes);
    std::string_view receive();

    Fd fd_;
    std::uint32_t sequence_ = 0;
    std::string buffer_;
};

[[noreturn]] void throw_netlink(const std::string& what, const NetlinkFault& fault);

// The messages of one datagram, for the reader of notifications and for tests; malformed rests are dropped.
void for_each_netlink_message(std::string_view datagram,
                              const std::function<void(const nlmsghdr& header, std::string_view payload)>& use);

}  // namespace tutti::os
