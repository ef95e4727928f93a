#include "verbs/copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "oci/pack.h"
#include "oci/unpack_files.h"
#include "os/file.h"
#include "verbs/containers.h"
#include "verbs/pipe.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

struct Place {
    std::string service, path;  // no service: on this machine
};

// "web:/x" is a service's; "./web:x" and "/a:b" are files.
Place parse_place(const std::string& text) {
    const auto colon = text.find(':');
    if (text.starts_with('/') || text.starts_with('.') || colon == std::string::npos) return {{}, text};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

bool names_folder(std::string_view path) {
    return path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..") || path == "." || path == "..";
}

// The name that the source has in its archive; "." when only what is in it is meant.
std::string archive_name(std::string_view path) {
    if (path == "." || path.ends_with("/.")) return ".";
    const std::string_view name = base::path::last(path);
    return name == "/" || name == ".." ? std::string(".") : std::string(name);
}

struct There {  // what lies at a path, links followed
    bool exists = false, is_folder = false;
    std::string path;
};

// Where a copy goes: into a folder, and the name that its first part takes there.
struct Goal {
    std::string folder, name;
};

Goal goal(const std::string& source_name, bool source_is_folder, const There& there, const std::string& wanted) {
    if (there.exists && there.is_folder) return {there.path, source_name};
    if (there.exists && source_is_folder) throw Error(ErrorKind::invalid, "cannot copy directory");
    if (!there.exists && !source_is_folder && names_folder(wanted))
        throw Error(ErrorKind::not_found, cat("no such directory: ", wanted));
    return {base::path::folder(there.path), std::string(base::path::last(there.path))};
}

// Entries of an archive whose first part changes from one name to another.
std::function<std::string(const std::string&)> renamer(const std::string& from, const std::string& to) {
    return [from, to](const std::string& path) {
        const std::string clean = path.starts_with("./") && from != "." ? path.substr(2) : path;
        if (clean == from || clean == from + "/") return to;
        if (clean.starts_with(from + "/")) return cat(to, clean.substr(from.size()));
        return path;
    };
}

class Copying {
  public:
    Copying(engine::Engine& engine, const CopyOptions& options, os::Scope& scope)
        : containers_(engine.containers()), options_(options), scope_(scope) {}

    void out_of(const std::string& container, const std::string& source, const std::string& destination) {
        const std::string path = options_.follow_link ? follow(container, source).path : source;
        if (destination == "-") return containers_.copy_out(container, path, options_.out);
        const auto found = containers_.stat_path(container, path);
        if (!found) throw Error(ErrorKind::not_found, cat("Could not find the file ", source, " in the container"));
        const There there = here(destination);
        const Goal goal = verbs::goal(archive_name(source), S_ISDIR(found->mode), there, destination);
        if (!os::exists(goal.folder))
            throw Error(ErrorKind::not_found,
                        cat("invalid output path: directory \"", goal.folder, "\" does not exist"));
        const std::string name_there = found->name == "/" ? "." : found->name;
        const os::Fd folder = os::open(goal.folder, O_RDONLY | O_DIRECTORY);
        through_pipe(
            scope_,
            [&](base::Sink& sink) {
                containers_.copy_out(container, path, [&](std::string_view bytes) { sink.write(bytes); });
            },
            [&](base::Source& archive) {
                oci::unpack_files(archive, folder, {options_.archive, renamer(name_there, goal.name)});
            });
    }

    void into(const std::string& container, const std::string& source, const std::string& destination,
              const std::function<std::string()>& archive) {
        const There there = follow(container, destination);
        if (source == "-") {
            if (!there.is_folder)
                throw Error(ErrorKind::invalid,
                            cat("destination \"", container.substr(0, 12), ":", destination, "\" must be a directory"));
            return containers_.copy_in(container, there.path, archive, options_.archive);
        }
        const std::string path = resolve(source);
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0 && ::lstat(path.c_str(), &info) != 0)
            throw Error(ErrorKind::not_found, cat("no such file or directory: ", source));
        if (!options_.follow_link && ::lstat(path.c_str(), &info) != 0) base::throw_errno(cat("reading ", source));
        const Goal goal = verbs::goal(archive_name(source), S_ISDIR(info.st_mode), there, destination);
        const os::Fd parent = os::open(base::path::folder(path), O_RDONLY | O_DIRECTORY);
        const std::string name = path == "/" ? "." : std::string(base::path::last(path));
        through_pipe(
            scope_, [&](base::Sink& sink) { oci::pack_entry(parent, name, goal.name, sink); },
            [&](base::Source& bytes) { containers_.copy_in(container, goal.folder, pieces(bytes), options_.archive); });
    }

  private:
    static constexpr int most_links = 40;

    // A path of a container with links at its end followed.
    There follow(const std::string& container, const std::string& wanted) {
        std::string path = base::path::absolute(wanted, "/");
        for (int links = 0; links < most_links; ++links) {
            const auto found = containers_.stat_path(container, path);
            if (!found) return {false, false, path};
            if (!S_ISLNK(found->mode)) {
                if (!S_ISDIR(found->mode) && !S_ISREG(found->mode) && wanted == options_.destination)
                    throw Error(ErrorKind::invalid, cat(wanted, " must be a directory or a regular file"));
                return {true, S_ISDIR(found->mode), path};
            }
            path = base::path::absolute(found->link_target, base::path::folder(path));
        }
        throw Error(ErrorKind::invalid, cat("too many links: ", wanted));
    }

    There here(const std::string& wanted) const {
        const std::string path = base::path::absolute(wanted, options_.folder);
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) return {false, false, path};
        return {true, S_ISDIR(info.st_mode), path};
    }

    // The source on this machine. A link is copied as what it is, unless it is to be followed or says that it stands
    // for a folder.
    std::string resolve(const std::string& source) const {
        std::string path = base::path::absolute(source, options_.folder);
        if (!options_.follow_link && !names_folder(source)) return path;
        char resolved[PATH_MAX];
        if (!::realpath(path.c_str(), resolved)) base::throw_errno(source);
        return resolved;
    }

    engine::Containers& containers_;
    const CopyOptions& options_;
    os::Scope& scope_;
};

std::vector<state::Container> targets(engine::Engine& engine, const std::string& project, const CopyOptions& options,
                                      const std::string& service, bool from) {
    if (project.empty()) return {state::read(engine.containers().inspect(service))};
    if (options.index > 0) return {find_container(engine, project, service, options.index, Which::service, true)};
    std::vector<state::Container> found;
    for (state::Container& container : state::list_containers(engine, project, true))
        if (container.service == service && (options.all || !container.one_off)) found.push_back(std::move(container));
    if (found.empty())
        throw Error(ErrorKind::not_found, cat("no container found for service \"", service, "\""),
                    cat("create it with `up` or `create`"));
    if (from) found.resize(1);
    return found;
}

// What comes through standard input can be read once only: kept for the other replicas.
class Replay {
  public:
    explicit Replay(const std::function<std::string()>& in) : file_(os::open("/tmp", O_TMPFILE | O_RDWR, 0600)) {
        for (std::string piece = in(); !piece.empty(); piece = in()) os::write_all(file_, piece);
    }
    std::function<std::string()> again() const {
        return [this, at = off_t{0}]() mutable {
            std::string piece(std::size_t{64} << 10, '\0');
            const ssize_t got = ::pread(file_.get(), piece.data(), piece.size(), at);
            if (got < 0) base::throw_errno("reading the archive");
            at += got;
            piece.resize(static_cast<std::size_t>(got));
            return piece;
        };
    }

  private:
    os::Fd file_;
};

}  // namespace

void copy(const std::string& project, engine::Engine& engine, const CopyOptions& options, base::Reporter& reporter,
          os::Scope& scope) {
    if (options.source.empty()) throw Error(ErrorKind::invalid, "source can not be empty");
    if (options.destination.empty()) throw Error(ErrorKind::invalid, "destination can not be empty");
    const Place from = parse_place(options.source), to = parse_place(options.destination);
    if (!from.service.empty() && !to.service.empty())
        throw Error(ErrorKind::unsupported, "copying between services is not supported");
    if (from.service.empty() && to.service.empty())
        throw Error(ErrorKind::invalid, "unknown copy direction", "name a service: SERVICE:PATH");
    const bool out = !from.service.empty();
    const std::vector<state::Container> containers =
        targets(engine, project, options, out ? from.service : to.service, out);
    std::optional<Replay> replay;
    if (!out && from.path == "-" && containers.size() > 1 && !options.dry_run) replay.emplace(options.in);
    os::parallel(scope, containers.size(), options.parallel, [&](std::size_t i) {
        const state::Container& container = containers[i];
        const std::string what = out ? cat(container.name(), ":", from.path, " to ", to.path)
                                     : cat(from.path, " to ", container.name(), ":", to.path);
        reporter.progress({container.name(), {}, State::working, "Copying", what});
        try {
            Copying copying(engine, options, scope);
            if (options.dry_run) {
            } else if (out) {
                copying.out_of(container.id(), from.path, to.path);
            } else {
                copying.into(container.id(), from.path, to.path, replay ? replay->again() : options.in);
            }
        } catch (const Error& error) {
            reporter.progress({container.name(), {}, State::error, "Error", error.message()});
            throw;
        }
        reporter.progress({container.name(), {}, State::done, "Copied", what});
    });
}

}  // namespace tutti::verbs
