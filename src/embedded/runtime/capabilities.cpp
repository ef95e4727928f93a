#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/oci_config.h"

namespace tutti::embedded::runtime {

// In the order of the kernel's numbers.
static constexpr std::string_view names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

int capability_number(std::string_view name) {
    if (name.starts_with("CAP_")) name.remove_prefix(4);
    const auto* found = std::ranges::find(names, name);
    return found == std::end(names) ? -1 : static_cast<int>(found - std::begin(names));
}

std::string capability_name(std::string_view text) {
    std::string upper(text);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (upper.starts_with("CAP_")) upper.erase(0, 4);
    if (capability_number(upper) < 0) {
        const auto near = base::did_you_mean(upper, names);
        throw base::Error(base::ErrorKind::invalid, base::cat("unknown capability \"", text, "\""),
                          near ? base::cat("did you mean ", *near, "?") : "see capabilities(7) for their names");
    }
    return base::cat("CAP_", upper);
}

std::vector<std::string> all_capabilities(std::uint64_t bits) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < std::size(names); ++i)
        if (bits >> i & 1) out.push_back(base::cat("CAP_", names[i]));
    return out;
}

std::vector<std::string> default_capabilities() {
    std::vector<std::string> out;
    for (const std::string_view name :
         {"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
          "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"})
        out.push_back(base::cat("CAP_", name));
    return out;
}

}  // namespace tutti::embedded::runtime
