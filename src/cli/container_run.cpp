// container run and create: an image becomes a container, in the foreground or behind.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/image_names.h"
#include "cli/progress.h"
#include "cli/run_spec.h"
#include "cli/single.h"
#include "cli/stdio.h"
#include "verbs/single.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr int engine_failed = 125, cannot_run = 126, command_not_found = 127;

void pull(const Arguments& arguments, Session& session, const engine::ContainerSpec& spec) {
    engine::PullOptions options{spec.platform, cat("Image ", spec.image), arguments.on("quiet")};
    if (options.quiet) session.progress = "quiet";
    const auto progress = make_progress(session, "pull");
    try {
        session.engine().images().pull(spec.image, options, *progress, session.scope.cancel());
    } catch (...) {
        progress->finish();
        throw;
    }
    progress->finish();
}

void provide_image(const Arguments& arguments, Session& session, const engine::ContainerSpec& spec) {
    const std::string policy = arguments.text("pull");
    if (policy != "always" && policy != "missing" && policy != "never")
        throw Error(ErrorKind::invalid,
                    cat("invalid pull option: '", policy, "': must be one of \"always\", \"missing\" or \"never\""));
    if (policy == "always") return pull(arguments, session, spec);
    if (session.engine().images().find(spec.image)) return;
    if (policy == "never")
        throw Error(ErrorKind::not_found, cat("No such image: ", spec.image), "leave --pull never out");
    const NameParts name = split_name(spec.image);
    const bool pinned = name.repository.empty() || spec.image.find('@') != std::string::npos;
    if (!arguments.on("quiet"))
        session.err(
            cat("Unable to find image '", pinned ? spec.image : cat(name.repository, ":", name.tag), "' locally\n"));
    pull(arguments, session, spec);
}

std::string create(const Arguments& arguments, Session& session, const engine::ContainerSpec& spec) {
    const std::string id_file = arguments.text("cidfile");
    const std::string place = session.place(id_file);
    if (!id_file.empty() && session.files.kind(place) != base::Files::Kind::absent)
        throw Error(ErrorKind::conflict,
                    cat("container ID file found, make sure the other container isn't running or delete ", id_file));
    provide_image(arguments, session, spec);
    const std::string id = session.engine().containers().create(spec);
    if (!id_file.empty()) session.write_file(place, id);
    return id;
}

// Which streams -a names; none named: out and err, and in with -i.
verbs::SingleOptions joined_streams(const Arguments& arguments, const engine::ContainerSpec& spec) {
    verbs::SingleOptions options;
    options.in = spec.open_stdin;
    options.detach_keys = arguments.text("detach-keys");
    options.forward_signals = arguments.on("sig-proxy") && !spec.tty;
    const std::vector<std::string> named = arguments.texts("attach");
    if (named.empty()) return options;
    options.in = options.out = options.err = false;
    for (const std::string& name : named) {
        const std::string stream = base::to_lower(name);
        if (stream == "stdin")
            options.in = true;
        else if (stream == "stdout")
            options.out = true;
        else if (stream == "stderr")
            options.err = true;
        else
            throw Error(ErrorKind::invalid,
                        cat("invalid argument \"", name,
                            "\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR"));
    }
    return options;
}

// 127: no such program, 126: one that cannot be run, 125: what else failed before the process ran.
int status_of(const Error& error) {
    const std::string text = base::to_lower(error.what());
    const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
    if (says("executable file not found") || says("no such file or directory")) return command_not_found;
    if (says("permission denied") || says("is a directory") || says("exec format error")) return cannot_run;
    return engine_failed;
}

int say(Session& session, const Error& error, int status) {
    session.err(cat(session.program == "docker" ? "docker" : "tutti", ": ", error.what(), "\n"));
    if (!error.hint().empty()) session.err(cat("  hint: ", error.hint(), "\n"));
    return status;
}

// A container that never ran is of no use to anybody who asked for its removal.
void drop(Session& session, const std::string& id) {
    try {
        session.engine().containers().remove(id, {true, true});
    } catch (const Error& error) {  // the engine may have removed it by itself
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) throw;
    }
}

}  // namespace

int create_container(const Arguments& arguments, Session& session) {
    const engine::ContainerSpec spec = container_spec(arguments, session);
    if (arguments.on("dry-run")) {
        session.out(cat("Would create: ", spec.name.empty() ? spec.image : spec.name, "\n"));
        return 0;
    }
    session.out(create(arguments, session, spec) + "\n");
    return 0;
}

int run_container(const Arguments& arguments, Session& session) {
    std::string id;
    engine::ContainerSpec spec;
    verbs::SingleOptions options;
    const bool detach = arguments.on("detach");
    try {
        spec = container_spec(arguments, session);
        options = joined_streams(arguments, spec);
        if (detach && arguments.given("attach"))
            throw Error(ErrorKind::invalid, "conflicting options: cannot specify both --attach and --detach");
        if (arguments.on("dry-run")) {
            session.out(cat("Would run: ", spec.name.empty() ? spec.image : spec.name, "\n"));
            return 0;
        }
        if (!detach && spec.tty && options.in && !session.in_is_terminal)
            throw Error(ErrorKind::invalid, "the input device is not a TTY", "leave -t out");
        spec.attach_stdin = !detach && options.in;
        spec.stdin_once = spec.attach_stdin && spec.open_stdin;
        spec.attach_stdout = !detach && options.out;
        spec.attach_stderr = !detach && options.err;
        id = create(arguments, session, spec);
    } catch (const Error& error) { return say(session, error, engine_failed); }  // docker run's own status
    try {
        if (detach) {
            for (const std::string& note : session.engine().containers().start(id))
                session.err(cat("WARNING: ", note, "\n"));
            session.out(id + "\n");
            return 0;
        }
        const JoinedStdio joined(session);
        return verbs::start_joined(id, session.engine(), options, joined.stdio(), session.scope);
    } catch (const Error& error) {  // likewise
        if (spec.auto_remove) drop(session, id);
        return say(session, error, status_of(error));
    }
}

}  // namespace tutti::cli
