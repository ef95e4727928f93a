// The files that COPY and ADD take: found by their patterns, digested for the cache, copied to where they go.
// Both sides are roots held by descriptor; no link and no ".." leads out of either. Used by the builder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ignore.h"
#include "os/fd.h"

namespace tutti::embedded::build {

using base::IgnoreRules;

struct Owner {
    std::uint32_t uid = 0, gid = 0;
};

// How chmod changes a mode: "0755", or symbolic as chmod(1) has it ("u=rwX,go-w").
class ModeChange {
  public:
    static ModeChange parse(std::string_view text);  // throws Error (invalid)
    std::uint32_t apply(std::uint32_t mode, bool folder) const;

  private:
    struct Clause {
        std::uint32_t who = 0;
        char op = '=';
        std::uint32_t bits = 0;
        bool conditional_execute = false;  // X
    };
    std::optional<std::uint32_t> absolute_;
    std::vector<Clause> clauses_;
};

struct Selection {
    const os::Fd* root = nullptr;
    const IgnoreRules* ignore = nullptr;  // of a context; null: everything is there
    std::vector<std::string> patterns;    // cleaned, without a leading '/'
    IgnoreRules exclude;                  // --exclude
    bool own_owners = false;              // a stage's or image's files keep their owners; a context's belong to root
};

struct Destination {
    const os::Fd* root = nullptr;
    std::string path;                 // cleaned; relative to the root
    bool folder = false;              // written with a '/' at its end, or several sources
    bool parents = false;             // --parents: sources keep their folders
    std::optional<Owner> owner;       // --chown
    std::optional<ModeChange> chmod;  // --chmod
};

// What the patterns stand for, sorted; a pattern without wildcards that matches nothing throws Error (not_found) in
// BuildKit's words, as does one with wildcards that matches nothing.
std::vector<std::string> expand_patterns(const Selection& selection);

// Over names, kinds, modes, owners (own_owners), link targets and contents, never over times. Sockets do not count.
base::Digest content_digest(const Selection& selection, const std::vector<std::string>& sources);

void copy_to(const Selection& selection, const std::vector<std::string>& sources, const Destination& destination);

// Makes PATH a folder below root, with its parents; links on the way are followed inside.
void make_folders_inside(const os::Fd& root, const std::string& path, std::uint32_t mode = 0755,
                         std::optional<Owner> owner = {});

}  // namespace tutti::embedded::build
