// image pull, push, tag, rm, prune: images come, get names and go.
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"

namespace tutti::cli {

namespace {

using base::cat;
using State = base::Progress::State;

struct Words {
    const char *operation, *doing, *done;
};

// One image goes to or comes from a registry: two words of progress about it as a whole, and the engine reports its
// layers.
template <class Work>
int transfer(const Arguments& arguments, Session& session, const Words& words, Work&& work) {
    const std::string& name = arguments.rest()[0];
    engine::PullOptions options{{}, cat("Image ", name), arguments.on("quiet")};
    if (options.quiet) session.progress = "quiet";
    const bool dry_run = arguments.on("dry-run");
    const auto progress = make_progress(session, words.operation, dry_run);
    const auto tell = [&](State state, const std::string& text, const std::string& details = {}) {
        progress->progress({options.progress_id, {}, state, text, details});
        if (state != State::working) progress->finish();
    };
    tell(State::working, words.doing);
    try {
        if (!dry_run) work(session.engine().images(), name, options, *progress);
    } catch (const base::Error& error) {
        tell(State::error, "Error", error.message());
        throw;
    }
    tell(State::done, words.done);
    return 0;
}

int pull(const Arguments& arguments, Session& session) {
    const int status = transfer(
        arguments, session, {"pull", "Pulling", "Pulled"},
        [&](engine::Images& images, const std::string& name, engine::PullOptions& options, base::Reporter& reporter) {
            options.platform = arguments.text("platform");
            if (options.platform.empty()) options.platform = session.variable("DOCKER_DEFAULT_PLATFORM");
            images.pull(name, options, reporter, session.scope.cancel());
        });
    session.out(arguments.rest()[0] + "\n");
    return status;
}

int push(const Arguments& arguments, Session& session) {
    const int status =
        transfer(arguments, session, {"push", "Pushing", "Pushed"},
                 [&](engine::Images& images, const std::string& name, const engine::PullOptions& options,
                     base::Reporter& reporter) { images.push(name, options, reporter, session.scope.cancel()); });
    if (arguments.on("quiet")) session.out(arguments.rest()[0] + "\n");
    return status;
}

int tag(const Arguments& arguments, Session& session) {
    if (!arguments.on("dry-run")) session.engine().images().tag(arguments.rest()[0], arguments.rest()[1]);
    return 0;
}

// All that can go go; what cannot is said, and the command fails.
int remove(const Arguments& arguments, Session& session) {
    bool failed = false;
    for (const std::string& name : arguments.rest()) try {
            if (arguments.on("dry-run")) {
                session.out(cat("Would remove: ", name, "\n"));
                continue;
            }
            const auto removed = session.engine().images().remove(name, arguments.on("force"));
            for (const std::string& one : removed.untagged) session.out(cat("Untagged: ", one, "\n"));
            for (const std::string& one : removed.deleted) session.out(cat("Deleted: ", one, "\n"));
        } catch (const base::Error& error) {
            if (error.kind() == base::ErrorKind::not_found && arguments.on("force")) continue;
            session.err(cat("Error response from ", name, ": ", error.message(), "\n"));
            if (!error.hint().empty()) session.err(cat("  hint: ", error.hint(), "\n"));
            failed = true;
        }
    return failed ? 1 : 0;
}

int prune(const Arguments& arguments, Session& session) {
    const bool all = arguments.on("all");
    engine::LabelFilter labels;
    for (const std::string& text : arguments.texts("filter")) {
        if (!text.starts_with("label="))
            throw base::Error(base::ErrorKind::unsupported, cat("image prune --filter ", text, " is not supported"),
                              "images are pruned by label=KEY[=VALUE]");
        labels.push_back(text.substr(6));
    }
    if (!arguments.on("force")) {
        session.err(cat("WARNING! This will remove all ",
                        all ? "images without at least one container associated to them" : "dangling images", ".\n"));
        if (!ask(session, false)("Are you sure you want to continue?", false)) return 0;
    }
    if (arguments.on("dry-run")) return 0;
    const auto ids = session.engine().images().prune(all, labels);
    if (!ids.empty()) session.out("Deleted Images:\n");
    for (const std::string& id : ids) session.out(cat("deleted: ", id, "\n"));
    session.out(cat("Total: ", ids.size(), ids.size() == 1 ? " image\n" : " images\n"));
    return 0;
}

constexpr Flag pull_flags[] = {
    {.name = "platform", .kind = FlagKind::text, .help = "Pull for this platform if the image has several"},
    {.name = "quiet", .letter = 'q', .help = "Suppress progress"},
};
constexpr Flag push_flags[] = {
    {.name = "quiet", .letter = 'q', .help = "Suppress progress"},
};
constexpr Flag remove_flags[] = {
    {.name = "force", .letter = 'f', .help = "Remove though stopped containers use it, or several names have it"},
    {.name = "no-prune", .help = "Keep untagged parents (there are none here)"},
};
constexpr Flag prune_flags[] = {
    {.name = "all", .letter = 'a', .help = "Remove all unused images, not just dangling ones"},
    {.name = "filter", .kind = FlagKind::texts, .help = "Only images with label=KEY[=VALUE]", .type = "filter"},
    {.name = "force", .letter = 'f', .help = "Do not prompt for confirmation"},
};
constexpr std::string_view remove_aliases[] = {"rmi", "image remove"};

}  // namespace

constinit const Command image_pull_command{
    .name = "image pull",
    .usage = "image pull [OPTIONS] NAME[:TAG|@DIGEST]",
    .help = "Download an image from a registry",
    .flags = pull_flags,
    .run = pull,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "pull",
};
constinit const Command image_push_command{
    .name = "image push",
    .usage = "image push [OPTIONS] NAME[:TAG]",
    .help = "Upload an image to a registry",
    .flags = push_flags,
    .run = push,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "push",
};
constinit const Command image_tag_command{
    .name = "image tag",
    .usage = "image tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
    .help = "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    .run = tag,
    .least = 2,
    .most = 2,
    .reads_project = false,
    .docker = "tag",
};
constinit const Command image_rm_command{
    .name = "image rm",
    .usage = "image rm [OPTIONS] IMAGE [IMAGE...]",
    .help = "Remove one or more images",
    .flags = remove_flags,
    .run = remove,
    .least = 1,
    .reads_project = false,
    .aliases = remove_aliases,
    .docker = "rmi",
};
constinit const Command image_prune_command{
    .name = "image prune",
    .usage = "image prune [OPTIONS]",
    .help = "Remove unused images",
    .flags = prune_flags,
    .run = prune,
    .most = 0,
    .reads_project = false,
};

}  // namespace tutti::cli
