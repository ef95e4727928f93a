#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded/engine.h"
#include "embedded/start.h"
#include "embedded/supervise/supervisor.h"
#include "os/links.h"

namespace tutti::embedded {

using base::cat;

static int be_supervisor(Parts& parts, const std::string& project) {
    supervise::SupervisorOptions options;
    options.root = parts.paths().root;
    options.run = parts.paths().run;
    options.project = project;
    options.helper = parts.paths().program;
    for (const auto& word : {std::string("internal"), options.root, options.run}) options.helper.push_back(word);
    options.tools = tools_of(parts);
    supervise::run_supervisor(options);
    return 0;
}

int internal_main(const std::vector<std::string>& program, std::span<const std::string> args) {
    if (args.size() < 4) return 2;
    EnginePaths paths;
    paths.program = program;
    paths.root = args[0];
    paths.run = args[1];
    const std::string &work = args[2], &whom = args[3];
    try {
        if (work == "remove-link") {
            os::Links links;
            if (const auto link = links.find(whom)) links.remove(link->index);
            return 0;
        }
        Parts parts(paths);
        if (work == "supervise") return be_supervisor(parts, whom);
        if (work == "restart" && args.size() == 5)
            return restart_by_policy(parts, parts.folder(whom), base::to_int(args[4]).value_or(-1)) ? 0 : 1;
        if (work == "auto-remove") {
            remove_container(parts, parts.folder(whom), {.anonymous_volumes = true});
            return 0;
        }
    } catch (const base::Error& error) {  // nobody listens: what failed stands in the container's record
        base::log(cat("internal ", work, " ", whom, " error=", error.what()));
        return 1;
    }
    return 2;
}

}  // namespace tutti::embedded
