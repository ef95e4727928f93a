#include "os/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "os/netns.h"

namespace tutti::os {

namespace {

constexpr std::size_t pad(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

Fd open_socket(int protocol) {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!fd) base::throw_errno("opening a netlink socket");
    const int on = 1;
    setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    // A transaction of many thousand elements, and the answers to it, are one datagram and one burst.
    const int large = 8 << 20;
    if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large) != 0)
        setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
    if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large) != 0)
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    return fd;
}

// The errno of an acknowledgement (0: fine) and the kernel's text, if it gave one.
NetlinkFault read_ack(const nlmsghdr& header, std::string_view payload) {
    NetlinkFault fault;
    if (payload.size() < sizeof(nlmsgerr)) return {EPROTO, 0, {}};
    nlmsgerr ack;
    std::memcpy(&ack, payload.data(), sizeof ack);
    fault.error = -ack.error;
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return fault;
    std::size_t skip = sizeof ack;
    if ((header.nlmsg_flags & NLM_F_CAPPED) == 0 && ack.msg.nlmsg_len > sizeof(nlmsghdr))
        skip += pad(ack.msg.nlmsg_len - sizeof(nlmsghdr));
    if (skip > payload.size()) return fault;
    if (const auto text = netlink_attr(payload.substr(skip), NLMSGERR_ATTR_MSG)) fault.text = text->text();
    return fault;
}

// The end marker of a transaction gets no answer; the kernel answers in order.
std::size_t last_acknowledged(std::span<NetlinkMessage> messages) {
    for (std::size_t i = messages.size(); i > 0; --i)
        if (messages[i - 1].wants_ack()) return i - 1;
    throw base::Error(base::ErrorKind::internal, "a netlink batch asks for no acknowledgement");
}

}  // namespace

NetlinkMessage::NetlinkMessage(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    put(header);
}

NetlinkMessage& NetlinkMessage::put_raw(std::string_view bytes) {
    bytes_.append(bytes);
    bytes_.resize(pad(bytes_.size()));
    return *this;
}

NetlinkMessage& NetlinkMessage::attr(std::uint16_t type, std::string_view bytes) {
    nlattr header{};
    header.nla_len = static_cast<std::uint16_t>(sizeof header + bytes.size());
    if (sizeof header + bytes.size() > UINT16_MAX)
        throw base::Error(base::ErrorKind::internal, "a netlink attribute is larger than 64 KiB");
    header.nla_type = type;
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
    return put_raw(bytes);
}

NetlinkMessage& NetlinkMessage::attr_text(std::uint16_t type, std::string_view text) {
    std::string terminated(text);
    terminated.push_back('\0');
    return attr(type, terminated);
}

NetlinkMessage& NetlinkMessage::attr_u8(std::uint16_t type, std::uint8_t value) {
    return attr(type, {reinterpret_cast<const char*>(&value), 1});
}

NetlinkMessage& NetlinkMessage::attr_u16(std::uint16_t type, std::uint16_t value) {
    return attr(type, {reinterpret_cast<const char*>(&value), sizeof value});
}

NetlinkMessage& NetlinkMessage::attr_u32(std::uint16_t type, std::uint32_t value) {
    return attr(type, {reinterpret_cast<const char*>(&value), sizeof value});
}

NetlinkMessage& NetlinkMessage::attr_be16(std::uint16_t type, std::uint16_t value) {
    return attr_u16(type, htons(value));
}

NetlinkMessage& NetlinkMessage::attr_be32(std::uint16_t type, std::uint32_t value) {
    return attr_u32(type, htonl(value));
}

NetlinkMessage& NetlinkMessage::attr_be64(std::uint16_t type, std::uint64_t value) {
    const std::uint64_t swapped = htobe64(value);
    return attr(type, {reinterpret_cast<const char*>(&swapped), sizeof swapped});
}

bool NetlinkMessage::wants_ack() const {
    nlmsghdr header;
    std::memcpy(&header, bytes_.data(), sizeof header);
    return (header.nlmsg_flags & NLM_F_ACK) != 0;
}

void NetlinkMessage::add_flags(std::uint16_t flags) {
    nlmsghdr header;
    std::memcpy(&header, bytes_.data(), sizeof header);
    header.nlmsg_flags |= flags;
    std::memcpy(bytes_.data(), &header, sizeof header);
}

std::size_t NetlinkMessage::open_nest(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    nlattr header{};
    header.nla_type = type;
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
    return at;
}

void NetlinkMessage::close_nest(std::size_t at) {
    const std::size_t size = bytes_.size() - at;
    if (size > UINT16_MAX) throw base::Error(base::ErrorKind::internal, "a netlink attribute is larger than 64 KiB");
    const auto length = static_cast<std::uint16_t>(size);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
}

std::string_view NetlinkMessage::finish(std::uint32_t sequence) {
    nlmsghdr header;
    std::memcpy(&header, bytes_.data(), sizeof header);
    header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header.nlmsg_seq = sequence;
    std::memcpy(bytes_.data(), &header, sizeof header);
    return bytes_;
}

std::uint32_t NetlinkAttr::u32() const {
    std::uint32_t value = 0;
    if (data.size() >= sizeof value) std::memcpy(&value, data.data(), sizeof value);
    return value;
}

std::uint16_t NetlinkAttr::u16() const {
    std::uint16_t value = 0;
    if (data.size() >= sizeof value) std::memcpy(&value, data.data(), sizeof value);
    return value;
}

std::uint32_t NetlinkAttr::be32() const { return ntohl(u32()); }

std::string_view NetlinkAttr::text() const { return data.substr(0, data.find('\0')); }

std::vector<NetlinkAttr> netlink_attrs(std::string_view bytes) {
    std::vector<NetlinkAttr> found;
    while (bytes.size() >= sizeof(nlattr)) {
        nlattr header;
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.nla_len < sizeof header || header.nla_len > bytes.size()) break;
        found.push_back({static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK),
                         bytes.substr(sizeof header, header.nla_len - sizeof header)});
        bytes.remove_prefix(std::min(pad(header.nla_len), bytes.size()));
    }
    return found;
}

std::optional<NetlinkAttr> netlink_attr(std::string_view bytes, std::uint16_t type) {
    for (const NetlinkAttr& attr : netlink_attrs(bytes))
        if (attr.type == type) return attr;
    return std::nullopt;
}

void for_each_netlink_message(std::string_view datagram,
                              const std::function<void(const nlmsghdr& header, std::string_view payload)>& use) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header;
        std::memcpy(&header, datagram.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return;
        use(header, datagram.substr(sizeof header, header.nlmsg_len - sizeof header));
        datagram.remove_prefix(std::min(pad(header.nlmsg_len), datagram.size()));
    }
}

Netlink::Netlink(int protocol) : fd_(open_socket(protocol)) {}

Netlink::Netlink(int protocol, const Fd& netns) {
    const InNetns inside(netns);
    fd_ = open_socket(protocol);
}

void Netlink::send(std::string_view bytes) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    for (;;) {
        const ssize_t sent = ::sendto(fd_.get(), bytes.data(), bytes.size(), 0,
                                      reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
        if (sent >= 0) return;
        if (errno != EINTR) base::throw_errno("sending to the kernel over netlink");
    }
}

std::string_view Netlink::receive() {
    if (buffer_.empty()) buffer_.resize(64 << 10);
    for (;;) {
        iovec part{buffer_.data(), buffer_.size()};
        sockaddr_nl from{};
        msghdr message{};
        message.msg_name = &from;
        message.msg_namelen = sizeof from;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        const ssize_t size = ::recvmsg(fd_.get(), &message, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) base::throw_errno("reading the kernel's answer over netlink");
        if (from.nl_pid != 0) continue;  // only the kernel is believed
        return {buffer_.data(), static_cast<std::size_t>(size)};
    }
}

NetlinkFault Netlink::run_batch(std::span<NetlinkMessage> messages) {
    const std::uint32_t first = sequence_ + 1;
    std::string bytes;
    for (NetlinkMessage& message : messages) bytes.append(message.finish(++sequence_));
    const std::uint32_t last = first + static_cast<std::uint32_t>(last_acknowledged(messages));
    send(bytes);
    NetlinkFault fault;
    for (bool done = false; !done;) {
        for_each_netlink_message(receive(), [&](const nlmsghdr& header, std::string_view payload) {
            if (header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq < first || header.nlmsg_seq > last) return;
            NetlinkFault ack = read_ack(header, payload);
            ack.message = header.nlmsg_seq - first;
            if (ack.error != 0 && fault.error == 0) fault = ack;
            // A transaction that is refused as a whole is answered on its first message alone.
            done = done || header.nlmsg_seq == last || (ack.error != 0 && header.nlmsg_seq == first);
        });
    }
    return fault;
}

NetlinkFault Netlink::try_run(NetlinkMessage& message) { return run_batch({&message, 1}); }

void Netlink::run(NetlinkMessage& message, const std::string& what) {
    if (const NetlinkFault fault = try_run(message); fault.error != 0) throw_netlink(what, fault);
}

std::vector<NetlinkReply> Netlink::ask(NetlinkMessage& message, const std::string& what, NetlinkFault* fault) {
    send(message.finish(++sequence_));
    std::vector<NetlinkReply> replies;
    NetlinkFault found;
    for (bool done = false; !done;) {
        for_each_netlink_message(receive(), [&](const nlmsghdr& header, std::string_view payload) {
            if (header.nlmsg_seq != sequence_ || done) return;
            if (header.nlmsg_type == NLMSG_ERROR) {
                found = read_ack(header, payload);
                done = true;
            } else if (header.nlmsg_type == NLMSG_DONE) {
                done = true;
            } else {
                replies.push_back({header.nlmsg_type, std::string(payload)});
                done = (header.nlmsg_flags & NLM_F_MULTI) == 0;
            }
        });
    }
    if (found.error != 0 && fault == nullptr) throw_netlink(what, found);
    if (fault != nullptr) *fault = found;
    return replies;
}

void Netlink::join_group(unsigned group) {
    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self) != 0)
        base::throw_errno("binding a netlink socket");
    if (setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
        base::throw_errno("listening to the kernel's netlink notifications");
}

void throw_netlink(const std::string& what, const NetlinkFault& fault) {
    base::throw_errno(fault.text.empty() ? what : base::cat(what, " (", fault.text, ")"), fault.error);
}

}  // namespace tutti::os
