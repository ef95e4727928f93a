#include "embedded/runtime/box_devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;

static void add_node(Spec& spec, const struct stat& st, const std::string& path, const std::string& access) {
    Device device;
    device.path = path;
    device.type = S_ISBLK(st.st_mode) ? "b" : "c";
    device.major = major(st.st_rdev);
    device.minor = minor(st.st_rdev);
    device.file_mode = st.st_mode & 07777;
    device.uid = st.st_uid;
    device.gid = st.st_gid;
    std::erase_if(spec.linux_.devices, [&](const Device& other) { return other.path == path; });
    spec.linux_.resources->devices.push_back({true, device.type, device.major, device.minor, access});
    spec.linux_.devices.push_back(std::move(device));
}

// What a container has of its own, or must not have, when it gets all of a folder.
static bool own_entry(std::string_view name) {
    static constexpr std::string_view own[] = {"pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"};
    return std::ranges::find(own, name) != std::end(own);
}

static void add_folder(Spec& spec, const std::string& host, const std::string& box, const std::string& access,
                       int depth) {
    if (depth > 16) return;
    for (const std::string& name : os::list_folder(host)) {
        struct stat st {};
        const std::string from = cat(host, '/', name), to = cat(box, '/', name);
        if (own_entry(name) || ::lstat(from.c_str(), &st) != 0) continue;
        if (S_ISDIR(st.st_mode))
            add_folder(spec, from, to, access, depth + 1);
        else if (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode))
            add_node(spec, st, to, access);
    }
}

void add_device(Spec& spec, const BoxDevice& wanted) {
    struct stat st {};
    if (::stat(wanted.host_path.c_str(), &st) != 0)
        throw Error(ErrorKind::not_found, cat("device \"", wanted.host_path, "\" does not exist on this machine"), {},
                    errno);
    const std::string& target = wanted.box_path.empty() ? wanted.host_path : wanted.box_path;
    if (!target.starts_with('/')) throw Error(ErrorKind::invalid, cat("device path \"", target, "\" is not absolute"));
    if (wanted.permissions.empty() || wanted.permissions.find_first_not_of("rwm") != std::string::npos)
        throw Error(ErrorKind::invalid,
                    cat("device ", target, ": permissions \"", wanted.permissions, "\" are not made of r, w and m"));
    if (S_ISDIR(st.st_mode)) return add_folder(spec, wanted.host_path, target, wanted.permissions, 0);
    if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
        throw Error(ErrorKind::invalid, cat("\"", wanted.host_path, "\" is not a device"));
    add_node(spec, st, target, wanted.permissions);
}

void add_all_devices(Spec& spec) {
    add_folder(spec, "/dev", "/dev", "rwm", 0);
    spec.linux_.resources->devices = {{true, "a", std::nullopt, std::nullopt, "rwm"}};
}

DeviceRule parse_device_rule(std::string_view text) {
    const auto wrong = [&]() -> Error {
        return {ErrorKind::invalid, cat("device rule \"", text, "\" is not of the form TYPE MAJOR:MINOR ACCESS"),
                "for example \"c 1:3 mr\""};
    };
    const auto words = base::split(text, ' ');
    if (words.size() != 3 || (words[0] != "a" && words[0] != "b" && words[0] != "c")) throw wrong();
    const auto numbers = base::split(words[1], ':');
    if (numbers.size() != 2 || words[2].empty() || words[2].find_first_not_of("rwm") != std::string_view::npos)
        throw wrong();
    DeviceRule rule{true, std::string(words[0]), std::nullopt, std::nullopt, std::string(words[2])};
    for (const auto& [word, place] : {std::pair(numbers[0], &rule.major), std::pair(numbers[1], &rule.minor)}) {
        if (word == "*") continue;
        const auto value = base::to_int(word);
        if (!value || *value < 0) throw wrong();
        *place = *value;
    }
    return rule;
}

std::vector<DeviceRule> default_device_rules() {
    std::vector<DeviceRule> out{{false, "", std::nullopt, std::nullopt, "rwm"}};
    // making nodes is harmless, opening them is what counts
    for (const char* type : {"c", "b"}) out.push_back({true, type, std::nullopt, std::nullopt, "m"});
    static constexpr std::pair<int, int> allowed[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}};
    for (const auto& [major, minor] : allowed) out.push_back({true, "c", major, minor, "rwm"});
    out.push_back({true, "c", 136, std::nullopt, "rwm"});  // terminals of the box
    return out;
}

}  // namespace tutti::embedded::runtime
