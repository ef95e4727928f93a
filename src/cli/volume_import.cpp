// volume import --from-docker: the files of a Docker volume become a volume of ours.
#include <fcntl.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress_frame.h"
#include "cli/single.h"
#include "os/copy_tree.h"
#include "os/file.h"
#include "os/tree_size.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

engine::Volume docker_volume(engine::Engine& docker, const std::string& name) {
    auto volume = docker.volumes().find(name);
    if (!volume)
        throw Error(ErrorKind::not_found, cat("Docker has no volume ", name),
                    "'docker volume ls' on Docker lists them");
    if (volume->driver != "local" || !volume->driver_opts.empty())
        throw Error(ErrorKind::unsupported,
                    cat("the files of volume ", name, " are not on this machine: driver ", volume->driver,
                        volume->driver_opts.empty() ? "" : cat(", ", labels_text(volume->driver_opts))),
                    "make a volume with the same driver options by 'volume create --opt'");
    if (os::list_folder(volume->mountpoint).empty() && !os::exists(volume->mountpoint))
        throw Error(ErrorKind::denied, cat("the files of volume ", name, " cannot be read: ", volume->mountpoint),
                    "run this as root, on the machine where Docker runs");
    return std::move(*volume);
}

// Files that somebody writes meanwhile may be copied half.
void warn_of_writers(Session& session, engine::Engine& docker, const std::string& name) {
    for (const engine::ContainerSummary& one : docker.containers().list({}))
        for (const engine::MountPoint& mount : one.mounts)
            if (mount.name == name && mount.read_write)
                session.err(cat("container ", one.name, " of Docker runs on volume ", name,
                                ": stop it first for a copy that is of one moment\n"));
}

int import(const Arguments& arguments, Session& session) {
    const std::string from = arguments.text("from-docker");
    if (from.empty()) throw Error(ErrorKind::invalid, "volume import needs --from-docker NAME");
    const std::string name = arguments.rest().empty() ? from : arguments.rest()[0];
    const std::unique_ptr<engine::Engine> docker = session.docker_engine();
    engine::Engine& own = session.engine();
    if (own.system().info().name != "tutti")
        throw Error(ErrorKind::invalid, "the engine in use is Docker itself", "add --engine embedded");
    const engine::Volume source = docker_volume(*docker, from);
    const auto there = own.volumes().find(name);
    if (there && !os::list_folder(there->mountpoint).empty())
        throw Error(ErrorKind::conflict, cat("volume ", name, " holds files already"),
                    cat("remove it, or name another: volume import --from-docker ", from, " NAME"));
    warn_of_writers(session, *docker, from);
    if (arguments.on("dry-run")) {
        session.out(cat("Would import ", from, " (", short_size(static_cast<double>(os::tree_size(source.mountpoint))),
                        ") as ", name, "\n"));
        return 0;
    }
    engine::VolumeSpec spec;
    spec.name = name;
    spec.labels = source.labels;
    own.volumes().create(spec);
    const engine::Volume target = *own.volumes().find(name);
    try {
        os::copy_tree(os::open(source.mountpoint, O_RDONLY | O_DIRECTORY),
                      os::open(target.mountpoint, O_RDONLY | O_DIRECTORY));
    } catch (...) {
        if (!there) own.volumes().remove(name, true);
        throw;
    }
    session.err(cat("imported ", short_size(static_cast<double>(os::tree_size(target.mountpoint))),
                    " from Docker's volume ", from, "\n"));
    session.out(name + "\n");
    return 0;
}

constexpr Flag flags[] = {
    {.name = "from-docker", .kind = FlagKind::text, .help = "Name of the Docker volume whose files are copied"},
};

}  // namespace

constinit const Command volume_import_command{
    .name = "volume import",
    .usage = "volume import --from-docker NAME [VOLUME]",
    .help = "Copy the files of a Docker volume into a volume of this engine",
    .flags = flags,
    .run = import,
    .most = 1,
    .reads_project = false,
};

}  // namespace tutti::cli
