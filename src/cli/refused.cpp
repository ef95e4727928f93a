// Commands of Compose that are not here, so that who calls one is told why and what does the same.
#include "base/error.h"
#include "cli/commands.h"

namespace tutti::cli {

namespace {

int refuse_bridge(const Arguments&, Session&) {
    throw base::Error(base::ErrorKind::unsupported,
                      "bridge is not supported: it transforms the project with images that it pulls",
                      "`config` prints the whole project for other tools");
}

int refuse_alpha(const Arguments&, Session&) {
    throw base::Error(base::ErrorKind::unsupported, "alpha commands (viz, generate) are not supported",
                      "watch and publish are commands of their own; `config` prints the whole project");
}

}  // namespace

constinit const Command bridge_command{
    .name = "bridge",
    .usage = "bridge CMD",
    .help = "Convert compose files into another model (not supported)",
    .run = refuse_bridge,
    .options_end_at_first_argument = true,
    .reads_project = false,
    .hidden = true,
};
constinit const Command alpha_command{
    .name = "alpha",
    .usage = "alpha CMD",
    .help = "Experimental commands (not supported)",
    .run = refuse_alpha,
    .options_end_at_first_argument = true,
    .reads_project = false,
    .hidden = true,
};

}  // namespace tutti::cli
