// Which cgroup hierarchies this machine has mounted, and where: v1, hybrid or v2.
// Read once; used to lower resources to files, to pause, to count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tutti::embedded::runtime::native {

struct Hierarchy {
    std::string path;                      // where it is mounted
    std::string name;                      // last component: "memory", "cpu,cpuacct", "unified"
    std::vector<std::string> controllers;  // v1: of this hierarchy; v2: all that are available
    int version = 1;
};

class Hierarchies {
  public:
    static Hierarchies read();  // of this process
    static Hierarchies parse(std::string_view mountinfo, std::string_view v2_controllers);

    const std::vector<Hierarchy>& all() const { return all_; }
    const Hierarchy* with(std::string_view controller) const;  // v1 first; null: the machine has none
    const Hierarchy* v2() const;
    bool only_v2() const { return all_.size() == 1 && all_[0].version == 2; }

  private:
    std::vector<Hierarchy> all_;
};

}  // namespace tutti::embedded::runtime::native
