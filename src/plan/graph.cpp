#include "plan/graph.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace tutti::plan {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// Depth first; what is open again is a cycle.
class Walk {
  public:
    explicit Walk(const model::Project& project) : project_(project) {}

    void visit(const std::string& name) {
        if (done_.count(name)) return;
        if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
            open_.push_back(name);
            const auto first = std::find(open_.begin(), open_.end(), name);
            throw Error(ErrorKind::invalid,
                        cat("dependency cycle detected: ", base::join(std::vector(first, open_.end()), " -> ")),
                        "remove one of these depends_on entries");
        }
        open_.push_back(name);
        for (const auto& [dependency, how] : project_.services.at(name).depends_on) {
            if (project_.services.count(dependency)) {
                visit(dependency);
            } else if (how.required) {
                refuse(name, dependency);
            }
        }
        open_.pop_back();
        done_.insert(name);
        order.push_back(name);
    }

    std::vector<std::string> order;

  private:
    [[noreturn]] void refuse(const std::string& name, const std::string& dependency) const {
        const auto disabled = project_.disabled_services.find(dependency);
        if (disabled == project_.disabled_services.end())
            throw Error(ErrorKind::not_found, cat("could not find ", dependency, ": not found"));
        const std::string profiles = base::join(disabled->second.profiles, " ");
        throw Error(ErrorKind::invalid,
                    cat("service ", dependency, " is required by ", name,
                        " but is disabled. Can be enabled by profiles [", profiles, "]"),
                    profiles.empty() ? "" : cat("add --profile ", disabled->second.profiles.front()));
    }

    const model::Project& project_;
    std::vector<std::string> open_;
    std::set<std::string> done_;
};

}  // namespace

std::vector<std::string> in_order(const model::Project& project) {
    Walk walk(project);
    for (const auto& [name, service] : project.services) walk.visit(name);
    return std::move(walk.order);
}

std::vector<std::string> dependents_of(const model::Project& project, std::string_view service,
                                       const std::function<bool(const model::Dependency&)>& which) {
    std::vector<std::string> found;
    for (const auto& [name, other] : project.services) {
        const auto dependency = other.depends_on.find(service);
        if (dependency != other.depends_on.end() && (!which || which(dependency->second))) found.push_back(name);
    }
    return found;
}

std::vector<std::string> all_dependents_of(const model::Project& project, const std::vector<std::string>& services) {
    std::set<std::string> seen;
    std::vector<std::string> open = services;
    while (!open.empty()) {
        const std::string name = open.back();
        open.pop_back();
        for (std::string& dependent : dependents_of(project, name))
            if (seen.insert(dependent).second) open.push_back(std::move(dependent));
    }
    return {seen.begin(), seen.end()};
}

std::vector<std::string> with_dependencies(const model::Project& project, const std::vector<std::string>& services) {
    std::set<std::string> seen;
    std::vector<std::string> open = services;
    while (!open.empty()) {
        const std::string name = open.back();
        open.pop_back();
        const auto service = project.services.find(name);
        if (service == project.services.end() || !seen.insert(name).second) continue;
        for (const auto& [dependency, how] : service->second.depends_on) open.push_back(dependency);
    }
    return {seen.begin(), seen.end()};
}

model::Project select(const model::Project& project, const std::vector<std::string>& services, Along along) {
    if (services.empty()) return project;
    for (const std::string& name : services)
        if (!project.services.count(name)) throw Error(ErrorKind::not_found, cat("no such service: ", name));
    std::set<std::string> wanted(services.begin(), services.end());
    if (along == Along::dependencies)
        for (std::string& name : with_dependencies(project, services)) wanted.insert(std::move(name));
    if (along == Along::dependents)
        for (std::string& name : all_dependents_of(project, services)) wanted.insert(std::move(name));
    model::Project selected = project;
    selected.services.clear();
    for (const auto& [name, service] : project.services)
        (wanted.count(name) ? selected.services : selected.disabled_services).insert_or_assign(name, service);
    // What was left out is no longer waited for.
    for (auto& [name, service] : selected.services)
        std::erase_if(service.depends_on, [&](const auto& entry) { return !wanted.count(entry.first); });
    return selected;
}

}  // namespace tutti::plan
