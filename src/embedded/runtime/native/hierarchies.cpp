#include "embedded/runtime/native/hierarchies.h"

#include <algorithm>

#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::runtime::native {

static constexpr std::string_view known_controllers[] = {"cpu",     "cpuacct",    "cpuset",  "memory",   "devices",
                                                         "freezer", "blkio",      "net_cls", "net_prio", "pids",
                                                         "hugetlb", "perf_event", "rdma",    "misc"};

Hierarchies Hierarchies::parse(std::string_view mountinfo, std::string_view v2_controllers) {
    Hierarchies out;
    for (const std::string_view line : base::split(mountinfo, '\n')) {
        const auto dash = line.find(" - ");
        if (dash == std::string_view::npos) continue;
        const auto left = base::split(line.substr(0, dash), ' '), right = base::split(line.substr(dash + 3), ' ');
        if (left.size() < 5 || right.size() < 3 || (right[0] != "cgroup" && right[0] != "cgroup2")) continue;
        Hierarchy one;
        one.path = std::string(left[4]);
        one.name = one.path.substr(one.path.rfind('/') + 1);
        one.version = right[0] == "cgroup2" ? 2 : 1;
        const auto words = base::split(one.version == 2 ? v2_controllers : right[2], one.version == 2 ? ' ' : ',');
        for (const std::string_view word : words)
            if (std::ranges::find(known_controllers, word) != std::end(known_controllers) || one.version == 2)
                if (!word.empty()) one.controllers.emplace_back(word);
        const bool known = std::ranges::any_of(out.all_, [&](const Hierarchy& other) {
            return other.version == one.version && other.controllers == one.controllers && !one.controllers.empty();
        });
        if (!known) out.all_.push_back(std::move(one));
    }
    return out;
}

Hierarchies Hierarchies::read() {
    const std::string mounts = os::read_file("/proc/self/mountinfo");
    Hierarchies out = parse(mounts, {});
    for (Hierarchy& one : out.all_) {
        if (one.version != 2) continue;
        const std::string text = os::read_file_if_exists(base::cat(one.path, "/cgroup.controllers")).value_or("");
        for (const std::string_view word : base::split(base::trim(text), ' '))
            if (!word.empty()) one.controllers.emplace_back(word);
    }
    return out;
}

const Hierarchy* Hierarchies::with(std::string_view controller) const {
    for (const int version : {1, 2})
        for (const Hierarchy& one : all_)
            if (one.version == version && std::ranges::find(one.controllers, controller) != one.controllers.end())
                return &one;
    return nullptr;
}

const Hierarchy* Hierarchies::v2() const {
    for (const Hierarchy& one : all_)
        if (one.version == 2) return &one;
    return nullptr;
}

}  // namespace tutti::embedded::runtime::native
