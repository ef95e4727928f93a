#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/up.h"
#include "plan/graph.h"

namespace tutti::cli {

namespace {

using base::cat;

int scale(const Arguments& arguments, Session& session) {
    std::vector<std::string> services;
    std::map<std::string, std::int64_t> replicas;
    for (const std::string& wish : arguments.rest()) {
        const auto equals = wish.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == wish.size())
            refuse(cat("invalid scale specifier: ", wish));
        const auto number = base::to_int(wish.substr(equals + 1));
        if (!number || *number < 0) refuse(cat("invalid scale specifier: can't parse replica value as int: ", wish));
        replicas[wish.substr(0, equals)] = *number;
    }
    for (const auto& [name, number] : replicas) services.push_back(name);
    auto project = whole_project(arguments, session, services);
    if (!project) return 1;
    if (arguments.on("no-deps")) project = plan::select(*project, services, plan::Along::nothing);
    for (const auto& [name, number] : replicas) {
        const auto service = project->services.find(name);
        if (service == project->services.end())
            throw base::Error(base::ErrorKind::not_found, cat("no such service: ", name));
        service->second.scale = number;
    }
    const auto progress = make_progress(session, "scale", arguments.on("dry-run"));
    verbs::CreateOptions options = create_options(arguments, session, *progress);
    options.reconcile.services = services;
    options.no_build = true;
    verbs::up(*project, session.engine(), options, *progress, session.scope);
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {{.name = "no-deps", .help = "Don't start linked services"}};

}  // namespace

constinit const Command scale_command{
    .name = "scale",
    .usage = "scale [SERVICE=REPLICAS...]",
    .help = "Scale services",
    .flags = flags,
    .run = scale,
    .least = 1,
};

}  // namespace tutti::cli
