#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "cli/up.h"
#include "verbs/containers.h"

namespace tutti::cli {

namespace {

using base::cat;

int port(const Arguments& arguments, Session& session) {
    const auto wanted = base::to_uint(arguments.rest()[1]);
    if (!wanted || *wanted > 65535)
        refuse(cat("strconv.ParseUint: parsing \"", arguments.rest()[1], "\": invalid syntax"));
    const std::string protocol = base::to_lower(arguments.text("protocol"));
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    const state::Container container =
        verbs::find_container(session.engine(), *name, arguments.rest()[0], static_cast<int>(arguments.number("index")),
                              verbs::Which::any, false);
    std::vector<std::string> others;
    for (const engine::PublishedPort& one : container.summary.ports) {
        if (one.container_port == *wanted && one.protocol == protocol) {
            session.out(cat(one.host_ip, ":", one.host_port, "\n"));
            return 0;
        }
        others.push_back(cat(one.container_port, "/", one.protocol));
    }
    throw base::Error(base::ErrorKind::not_found, cat("no port ", *wanted, "/", protocol, " for container ",
                                                      container.name(), ": ", base::join(others, ", ")));
}

constexpr Flag flags[] = {
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "Index of the container if service has multiple replicas",
     .fallback = "0"},
    {.name = "protocol", .kind = FlagKind::text, .help = "tcp or udp", .fallback = "tcp"},
};

}  // namespace

constinit const Command port_command{
    .name = "port",
    .usage = "port [OPTIONS] SERVICE PRIVATE_PORT",
    .help = "Print the public port for a port binding",
    .flags = flags,
    .run = port,
    .least = 2,
    .outside = "container port",
};

}  // namespace tutti::cli
