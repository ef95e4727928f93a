// Files and folders, and all below them, watched by inotify: which paths have changed.
// Used by `watch`. Paths that do not exist yet are waited for. Links are not followed.
// Not a poll: it sleeps until the kernel has news.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "os/scope.h"

namespace tutti::os {

class WatchTree {
  public:
    // roots: absolute. passes_over: folders below which nothing counts (".git"); may be null.
    WatchTree(std::vector<std::string> roots, std::function<bool(const std::string& folder)> passes_over);

    // Blocks until something has changed and nothing more came for `quiet`. Paths that changed, came or went, sorted.
    // `lost`: the kernel dropped some; then everything below the roots counts as changed and is in the answer.
    struct Changes {
        std::vector<std::string> paths;
        bool lost = false;
    };
    Changes next(Clock::duration quiet, const Cancel& cancel);

  private:
    void add(const std::string& path, std::set<std::string>* found);
    void add_root(const std::string& root, std::set<std::string>* found);
    bool below_a_root(const std::string& path) const;
    void read_events(Changes& changes, std::set<std::string>& found);
    void take(int watch, unsigned mask, const std::string& name, std::set<std::string>& found);
    void forget(const std::string& folder);

    std::vector<std::string> roots_;
    std::function<bool(const std::string&)> passes_over_;
    Fd fd_;
    std::map<int, std::string> folders_;  // by watch descriptor
    std::map<std::string, int> watches_;  // the reverse
};

}  // namespace tutti::os
