#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

namespace {

std::string_view base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// "nginx.conf", "init.sql"; not "conf.d", not ".config".
bool looks_like_a_file(std::string_view path) {
    const std::string_view name = base_name(path);
    const auto dot = name.rfind('.');
    return dot != std::string_view::npos && dot != 0 && !name.ends_with(".d") && name.size() - dot <= 7;
}

// As the user wrote it, most likely.
std::string shown(const model::Project& project, const std::string& path) {
    const std::string folder = project.working_dir + "/";
    return path.starts_with(folder) ? "./" + path.substr(folder.size()) : path;
}

bool below(std::string_view path, std::string_view folder) {
    return path == folder || (path.starts_with(folder) && (folder.ends_with('/') || path[folder.size()] == '/'));
}

}  // namespace

void data_outside_of_volume(const std::string& name, const model::Service& service, std::string_view data_path,
                            Findings& out) {
    const model::Mount* instead = nullptr;
    for (const model::Mount& mount : service.volumes) {
        if (below(data_path, mount.target)) return;
        if (mount.type == "volume" && below(mount.target, "/var/lib/postgresql")) instead = &mount;
    }
    for (const std::string& target : service.tmpfs)
        if (below(data_path, target.substr(0, target.find(':')))) return;
    if (!instead) return;
    out.push_back({"data-outside-of-volume",
                   {"services", name, "volumes", instead->target},
                   cat("volume ", instead->source, " is mounted at ", instead->target, ", but ", service.image,
                       " keeps its data in ", data_path, ": the database's files will not be kept"),
                   cat("mount it at ", data_path)});
}

void mounts(const model::Project& project, const base::Files& files, const LintOptions& options, Findings& out) {
    for (const auto& [name, service] : project.services)
        for (const model::Mount& mount : service.volumes) {
            if (mount.type != "bind") continue;
            const auto place = [&] { return std::vector<std::string>{"services", name, "volumes", mount.target}; };
            if (base_name(mount.source) == "docker.sock")
                out.push_back({"engine-socket", place(),
                               cat("service ", name, " mounts ", mount.source,
                                   ": whoever reaches it is root on this machine, and what tutti's own engine runs is "
                                   "not seen there"),
                               "leave it out, or run the project on that engine: --engine docker"});
            else if (options.here && mount.bind && mount.bind->create_host_path && looks_like_a_file(mount.source) &&
                     files.kind(mount.source) == base::Files::Kind::absent)
                out.push_back({"missing-file", place(),
                               cat(shown(project, mount.source), ", which service ", name, " mounts at ", mount.target,
                                   ", does not exist: an empty folder will be made in its place"),
                               "write the file first; `create_host_path: false` makes this an error"});
        }
}

}  // namespace tutti::advice::rules
