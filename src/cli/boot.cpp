// boot enable, disable, status: whether containers come back when the machine starts; a systemd unit, or an init script
// where there is no systemd. boot start is what both of them call.
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "os/file.h"
#include "os/process.h"
#include "verbs/boot.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// Where things go; below another root for an image, or for a machine that is mounted here.
struct Places {
    explicit Places(const Arguments& arguments, const Session& session)
        : live(arguments.text("root").empty()),
          root(live ? std::string() : base::path::absolute(arguments.text("root"), session.folder)),
          unit(root + "/etc/systemd/system/tutti.service"),
          wanted(root + "/etc/systemd/system/multi-user.target.wants/tutti.service"),
          script(root + "/etc/init.d/tutti") {
        systemd = live ? os::exists("/run/systemd/system") : os::exists(root + "/etc/systemd");
    }
    bool live, systemd = false;
    std::string root, unit, wanted, script;
};

constexpr std::string_view levels = "2345";
std::string start_link(const Places& places, char level) { return cat(places.root, "/etc/rc", level, ".d/S99tutti"); }

std::string program(const Session& session) {
    const auto path = session.files.read_link("/proc/self/exe");
    if (!path) throw Error(ErrorKind::internal, "cannot tell where this program lies");
    return *path;
}

// The variables that say where containers lie.
std::string settings(const Session& session, std::string_view before, std::string_view after) {
    std::string text;
    for (const char* name : {"TUTTI_ROOT", "TUTTI_RUN"})
        if (const std::string value = session.variable(name); !value.empty())
            text += cat(before, name, "=", value, after);
    return text;
}

std::string unit_text(const Session& session) {
    return cat(
        "[Unit]\nDescription=Containers of tutti\nAfter=local-fs.target network-online.target\n"
        "Wants=network-online.target\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\nKillMode=process\n",
        settings(session, "Environment=", "\n"), "ExecStart=", program(session),
        " boot start\n\n[Install]\nWantedBy=multi-user.target\n");
}

std::string script_text(const Session& session) {
    return cat(
        "#!/bin/sh\n### BEGIN INIT INFO\n# Provides:          tutti\n# Required-Start:    $local_fs $network\n"
        "# Required-Stop:\n# Default-Start:     2 3 4 5\n# Default-Stop:\n"
        "# Short-Description: containers of tutti\n### END INIT INFO\n",
        settings(session, "export ", "\n"), "case \"$1\" in\nstart) exec ", program(session),
        " boot start ;;\nstop|restart|force-reload) ;;\nstatus) exec ", program(session),
        " boot status ;;\n*) echo \"usage: $0 start|stop|status\"; exit 2 ;;\nesac\n");
}

void link(const std::string& target, const std::string& path) {
    os::make_folders(base::path::folder(path), 0755);
    os::remove_file(path);
    if (::symlink(target.c_str(), path.c_str()) != 0) base::throw_errno(cat("making ", path));
}

// systemd reads its units anew; a machine that is not running needs no telling.
void tell_systemd(const Places& places, const Session& session) {
    const auto systemctl = os::find_program(session.variable("PATH"), "systemctl");
    if (!places.live || !systemctl) return;
    os::Command command;
    command.argv = {*systemctl, "daemon-reload"};
    os::Process::spawn(command).wait(session.scope.cancel());
}

void refuse_foreign_engine(const Session& session) {
    if (session.engine_is_here && session.variable("TUTTI_ENGINE") == "docker")
        throw Error(ErrorKind::unsupported,
                    "boot is for tutti's own engine: a Docker engine starts its containers itself");
}

int enable(const Arguments& arguments, Session& session) {
    refuse_foreign_engine(session);
    const Places places(arguments, session);
    const bool dry_run = arguments.on("dry-run");
    if (!places.systemd && !os::exists(places.root + "/etc/init.d"))
        throw Error(ErrorKind::unsupported,
                    "neither systemd nor /etc/init.d is here to start anything with the machine",
                    cat("let whatever starts this machine call: ", program(session), " boot start"));
    const std::string& file = places.systemd ? places.unit : places.script;
    if (!dry_run && places.systemd) {
        os::make_folders(base::path::folder(places.unit), 0755);
        os::write_file(places.unit, unit_text(session), 0644, os::Durable::yes);
        link("/etc/systemd/system/tutti.service", places.wanted);
        tell_systemd(places, session);
    } else if (!dry_run) {
        os::write_file(places.script, script_text(session), 0755, os::Durable::yes);
        for (const char level : levels) link("../init.d/tutti", start_link(places, level));
    }
    session.out(cat(dry_run ? "would write " : "wrote ", file,
                    ": containers with restart policy always or unless-stopped come back with the machine\n"));
    return 0;
}

int disable(const Arguments& arguments, Session& session) {
    const Places places(arguments, session);
    if (!os::exists(places.unit) && !os::exists(places.script)) {
        session.out("boot is not enabled\n");
        return 0;
    }
    if (arguments.on("dry-run")) {
        session.out(cat("would remove ", os::exists(places.unit) ? places.unit : places.script, "\n"));
        return 0;
    }
    for (const std::string& path : {places.wanted, places.unit, places.script}) os::remove_file(path);
    for (const char level : levels) os::remove_file(start_link(places, level));
    tell_systemd(places, session);
    session.out("disabled: no container comes back with the machine\n");
    return 0;
}

int status(const Arguments& arguments, Session& session) {
    const Places places(arguments, session);
    const bool enabled = os::exists(places.wanted) || os::exists(places.script);
    session.out(enabled ? cat("enabled by ", os::exists(places.wanted) ? places.unit : places.script, "\n")
                        : std::string("disabled\n"));
    if (places.live)
        for (const engine::Container& container : verbs::wanted_at_boot(session.engine()))
            session.out(cat("  ", container.name, " is down and would be started\n"));
    return enabled ? 0 : 1;
}

int start(const Arguments& arguments, Session& session) {
    refuse_foreign_engine(session);
    const auto progress = make_progress(session, "start", arguments.on("dry-run"));
    const bool all = verbs::start_at_boot(session.engine(), limits(arguments, session), *progress, session.scope);
    progress->finish();
    return all ? 0 : 1;
}

constexpr Flag root_flag[] = {
    {.name = "root", .kind = FlagKind::text, .help = "Work on the machine whose files lie below this folder"},
};

}  // namespace

constinit const Command boot_enable_command{
    .name = "boot enable",
    .usage = "boot enable [OPTIONS]",
    .help = "Let containers come back when the machine starts",
    .flags = root_flag,
    .run = enable,
    .most = 0,
    .reads_project = false,
};
constinit const Command boot_disable_command{
    .name = "boot disable",
    .usage = "boot disable [OPTIONS]",
    .help = "Let no container come back when the machine starts",
    .flags = root_flag,
    .run = disable,
    .most = 0,
    .reads_project = false,
};
constinit const Command boot_status_command{
    .name = "boot status",
    .usage = "boot status [OPTIONS]",
    .help = "Tell whether containers come back, and which are down; ends with 1 when they do not",
    .flags = root_flag,
    .run = status,
    .most = 0,
    .reads_project = false,
};
constinit const Command boot_start_command{
    .name = "boot start",
    .usage = "boot start",
    .help = "Start what comes back with the machine; called at its start",
    .run = start,
    .most = 0,
    .reads_project = false,
};

}  // namespace tutti::cli
