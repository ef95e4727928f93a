#include "embedded/runtime/native/mount_options.h"

#include <linux/mount.h>

#include <string_view>

namespace tutti::embedded::runtime::native {

namespace {

// MS_* of mount(2), whose header does not go with linux/mount.h in all glibc versions.
constexpr std::uint64_t ms_rec = 16384, ms_unbindable = 1 << 17, ms_private = 1 << 18, ms_slave = 1 << 19,
                        ms_shared = 1 << 20;
constexpr std::uint64_t atime_bits = 0x70;  // MOUNT_ATTR__ATIME

struct Flag {
    std::string_view name;
    std::uint64_t set, cleared;
    bool recursive_form;  // "r" + name exists, too
};

constexpr Flag flags[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0, true},
    {"rw", 0, 0, false},  // a bind stays as its source is
    {"nosuid", MOUNT_ATTR_NOSUID, 0, true},
    {"suid", 0, MOUNT_ATTR_NOSUID, false},
    {"nodev", MOUNT_ATTR_NODEV, 0, true},
    {"dev", 0, MOUNT_ATTR_NODEV, false},
    {"noexec", MOUNT_ATTR_NOEXEC, 0, true},
    {"exec", 0, MOUNT_ATTR_NOEXEC, false},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0, true},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME, false},
    {"noatime", MOUNT_ATTR_NOATIME, atime_bits, true},
    {"strictatime", MOUNT_ATTR_STRICTATIME, atime_bits, true},
    {"relatime", MOUNT_ATTR_RELATIME, atime_bits, true},
    {"atime", MOUNT_ATTR_RELATIME, atime_bits, false},
    {"norelatime", MOUNT_ATTR_STRICTATIME, atime_bits, false},
    {"nostrictatime", MOUNT_ATTR_RELATIME, atime_bits, false},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, true},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, false},
    {"defaults", 0, 0, false},
};

bool take_flag(MountOptions& out, std::string_view word) {
    for (const Flag& flag : flags) {
        if (word == flag.name) {
            out.set = (out.set & ~flag.cleared) | flag.set;
            out.cleared |= flag.cleared;
            return true;
        }
        if (flag.recursive_form && word.size() == flag.name.size() + 1 && word[0] == 'r' &&
            word.substr(1) == flag.name) {
            out.recursive_set |= flag.set;
            return true;
        }
    }
    return false;
}

}  // namespace

std::uint64_t parse_propagation(std::string_view word) {
    const bool recursive = word.size() > 1 && word[0] == 'r';
    const std::string_view name = recursive ? word.substr(1) : word;
    const std::uint64_t all = recursive ? ms_rec : 0;
    if (name == "private") return ms_private | all;
    if (name == "slave") return ms_slave | all;
    if (name == "shared") return ms_shared | all;
    if (name == "unbindable") return ms_unbindable | all;
    return 0;
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
    MountOptions out;
    for (const std::string& word : options) {
        if (word.empty()) continue;
        if (word == "bind" || word == "rbind") {
            out.bind = true;
            out.recursive = out.recursive || word == "rbind";
        } else if (const std::uint64_t propagation = parse_propagation(word)) {
            out.propagation = propagation;
        } else if (word == "tmpcopyup") {
            out.copy_up = true;
        } else if (word == "idmap" || word == "ridmap") {
            out.idmap = true;
            out.recursive_idmap = word == "ridmap";
        } else if (!take_flag(out, word)) {
            out.data.push_back(word);
        }
    }
    return out;
}

}  // namespace tutti::embedded::runtime::native
