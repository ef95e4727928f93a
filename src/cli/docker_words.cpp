#include "cli/docker_words.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace tutti::cli {

namespace {

struct Refusal {
    std::string_view word, why;
};

constexpr std::array refusals{
    Refusal{"buildx", "`docker build` builds without it; --platform of other machines is not built here"},
    Refusal{"builder",
            "the cache of builds is part of the store: `docker system df` and `docker system prune` count it"},
    Refusal{"checkpoint", "containers cannot be frozen to disk; `docker pause` holds one in memory"},
    Refusal{"context",
            "the engine is chosen by -H, DOCKER_HOST or --engine; contexts of a Docker CLI are read, not kept"},
    Refusal{"diff", "`docker export` gives all files of a container"},
    Refusal{"manifest", "images of several platforms are pulled and pushed, not put together"},
    Refusal{"node", "there is no Swarm: one machine"},
    Refusal{"plugin", "there are no engine plugins"},
    Refusal{"search", "registries are not searched; their web pages are"},
    Refusal{"service", "there is no Swarm: a service is one of a Compose file, `docker compose up`"},
    Refusal{"stack", "there is no Swarm: `docker compose up` runs the same file on this machine"},
    Refusal{"swarm", "there is no Swarm: one machine"},
    Refusal{"trust", "signatures are not checked"},
};

bool is_single(std::string_view name) { return name.find(' ') != std::string_view::npos; }

}  // namespace

std::span<const Flag> docker_flags() {
    static constexpr std::array all{
        Flag{.name = "config", .kind = FlagKind::text, .help = "Location of client config files"},
        Flag{.name = "context", .letter = 'c', .kind = FlagKind::text, .help = "Context of a Docker CLI to connect to"},
        Flag{.name = "debug", .letter = 'D', .help = "Enable debug mode"},
        Flag{.name = "engine",
             .kind = FlagKind::text,
             .help = "Engine to use: tutti's own, or a Docker Engine (\"embedded\"|\"docker\")"},
        Flag{.name = "host", .letter = 'H', .kind = FlagKind::text, .help = "Engine socket to connect to"},
        Flag{.name = "log-level", .letter = 'l', .kind = FlagKind::text, .help = "Logging level", .fallback = "info"},
        Flag{.name = "tls", .help = "Use TLS; implied by --tlsverify"},
        Flag{.name = "tlscacert", .kind = FlagKind::text, .help = "Trust certs signed only by this CA"},
        Flag{.name = "tlscert", .kind = FlagKind::text, .help = "Path to TLS certificate file"},
        Flag{.name = "tlskey", .kind = FlagKind::text, .help = "Path to TLS key file"},
        Flag{.name = "tlsverify", .help = "Use TLS and verify the remote"},
    };
    return all;
}

std::span<const Flag> flags_before_command(Dialect dialect) {
    return dialect == Dialect::docker ? docker_flags() : global_flags();
}

const Command* find_command(std::string_view name, Dialect dialect) {
    const bool docker = dialect == Dialect::docker;
    for (const Command* command : commands()) {
        if (docker && command->docker == name) return command;
        if (docker && !is_single(command->name)) continue;
        if (command->name == name) return command;
        for (const std::string_view alias : command->aliases)
            if (alias == name) return command;
    }
    return nullptr;
}

void refuse_docker_word(std::string_view word) {
    const auto found = std::ranges::find(refusals, word, &Refusal::word);
    if (found == refusals.end()) return;
    throw base::Error(base::ErrorKind::unsupported, base::cat("'docker ", word, "' is not supported"),
                      std::string(found->why));
}

namespace {

// The line that scripts take the version from.
int version_line(const Arguments&, Session& session) {
    session.out(base::cat("Docker version ", docker_speaks, ", build tutti-", session.version, "\n"));
    return 0;
}

}  // namespace

constinit const Command docker_version_line_command{
    .name = "docker --version",
    .usage = "--version",
    .help = "Show the version in one line",
    .run = version_line,
    .heeds_global_flags = false,
    .reads_project = false,
    .hidden = true,
    .docker = "--version",
};

}  // namespace tutti::cli
