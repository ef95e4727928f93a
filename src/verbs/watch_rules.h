// What a changed path means: the rules of `develop.watch`, their patterns and what is never watched.
// Used by watch. Reads .dockerignore files; looks at nothing else.
// Does nothing about a change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ignore.h"
#include "base/reporter.h"
#include "model/project.h"

namespace tutti::verbs {

class WatchRule {
  public:
    WatchRule(std::string service, model::WatchTrigger trigger, const model::Service& of);

    const std::string& service() const { return service_; }
    const model::WatchTrigger& trigger() const { return trigger_; }
    bool syncs() const { return trigger_.action.starts_with("sync"); }

    // The path counts. Patterns are relative to the rule's own path.
    bool takes(const std::string& path) const;
    std::string target_of(const std::string& path) const;  // its place in the container

  private:
    std::string service_;
    model::WatchTrigger trigger_;
    std::string context_;  // of the build; empty: none
    base::IgnoreRules of_context_, ignore_, include_;
};

// Folders that are never looked into.
bool never_watched(const std::string& folder);

// All rules of some services; paths that are bind mounts anyway are left out, with a warning.
std::vector<WatchRule> watch_rules(const model::Project& project, const std::vector<std::string>& services,
                                   base::Reporter& reporter);

}  // namespace tutti::verbs
