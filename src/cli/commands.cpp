#include "cli/commands.h"

#include <algorithm>
#include <array>

namespace tutti::cli {

std::span<const Command* const> commands() {
    static constexpr std::array all{&attach_command,
                                    &build_command,
                                    &commit_command,
                                    &config_command,
                                    &container_attach_command,
                                    &container_create_command,
                                    &container_exec_command,
                                    &container_inspect_command,
                                    &container_kill_command,
                                    &container_logs_command,
                                    &container_ls_command,
                                    &container_pause_command,
                                    &container_port_command,
                                    &container_prune_command,
                                    &container_rename_command,
                                    &container_restart_command,
                                    &container_rm_command,
                                    &container_run_command,
                                    &container_start_command,
                                    &container_stats_command,
                                    &container_stop_command,
                                    &container_top_command,
                                    &container_unpause_command,
                                    &container_update_command,
                                    &container_wait_command,
                                    &cp_command,
                                    &create_command,
                                    &docker_version_line_command,
                                    &down_command,
                                    &events_command,
                                    &exec_command,
                                    &export_command,
                                    &image_bootstrap_command,
                                    &image_build_command,
                                    &image_history_command,
                                    &image_import_command,
                                    &image_inspect_command,
                                    &image_load_command,
                                    &image_ls_command,
                                    &image_prune_command,
                                    &image_pull_command,
                                    &image_push_command,
                                    &image_rm_command,
                                    &image_save_command,
                                    &image_tag_command,
                                    &images_command,
                                    &inspect_command,
                                    &kill_command,
                                    &login_command,
                                    &logout_command,
                                    &logs_command,
                                    &ls_command,
                                    &network_connect_command,
                                    &network_create_command,
                                    &network_disconnect_command,
                                    &network_inspect_command,
                                    &network_ls_command,
                                    &network_prune_command,
                                    &network_rm_command,
                                    &pause_command,
                                    &plan_command,
                                    &port_command,
                                    &ps_command,
                                    &pull_command,
                                    &push_command,
                                    &remove_command,
                                    &restart_command,
                                    &run_command,
                                    &scale_command,
                                    &start_command,
                                    &stats_command,
                                    &stop_command,
                                    &top_command,
                                    &unpause_command,
                                    &up_command,
                                    &version_command,
                                    &volume_create_command,
                                    &volume_inspect_command,
                                    &volume_ls_command,
                                    &volume_prune_command,
                                    &volume_rm_command,
                                    &volumes_command,
                                    &wait_command,
                                    &watch_command,
                                    &why_command};
    return all;
}

std::span<const Noun> nouns() {
    static constexpr std::array all{Noun{"container", "Manage containers"}, Noun{"image", "Manage images"},
                                    Noun{"network", "Manage networks"}, Noun{"volume", "Manage volumes"}};
    return all;
}

const Noun* find_noun(std::string_view name) {
    const auto found = std::ranges::find(nouns(), name, &Noun::name);
    return found == nouns().end() ? nullptr : &*found;
}

// The flags that stand before the command. The hidden ones up to `verbose` are Compose's, the rest are those that the
// standalone docker-compose takes for docker.
std::span<const Flag> global_flags() {
    static constexpr std::array all{
        Flag{.name = "all-resources", .help = "Include all resources, even those not used by services"},
        Flag{.name = "ansi",
             .kind = FlagKind::text,
             .help = "Control when to print ANSI control characters (\"never\"|\"always\"|\"auto\")",
             .fallback = "auto"},
        Flag{.name = "compatibility", .help = "Run compose in backward compatibility mode"},
        Flag{.name = "diagnostics",
             .kind = FlagKind::text,
             .help = "Print faults of the files as text or as a JSON list (\"text\"|\"json\")",
             .fallback = "text"},
        Flag{.name = "dry-run", .help = "Execute command in dry run mode"},
        Flag{
            .name = "engine",
            .kind = FlagKind::text,
            .help = "Engine to use: tutti's own, or the one that a Docker CLI would talk to (\"embedded\"|\"docker\")"},
        Flag{.name = "env-file", .kind = FlagKind::texts, .help = "Specify an alternate environment file"},
        Flag{.name = "file", .letter = 'f', .kind = FlagKind::texts, .help = "Compose configuration files"},
        Flag{.name = "parallel",
             .kind = FlagKind::integer,
             .help = "Control max parallelism, -1 for unlimited",
             .fallback = "-1"},
        Flag{.name = "profile", .kind = FlagKind::texts, .help = "Specify a profile to enable"},
        Flag{.name = "progress",
             .kind = FlagKind::text,
             .help = "Set type of progress output (auto, tty, plain, json, quiet)"},
        Flag{.name = "project-directory",
             .kind = FlagKind::text,
             .help =
                 "Specify an alternate working directory\n(default: the path of the, first specified, Compose file)"},
        Flag{.name = "project-name", .letter = 'p', .kind = FlagKind::text, .help = "Project name"},
        Flag{.name = "insecure-registry", .kind = FlagKind::texts, .help = "", .hidden = true},
        Flag{.name = "workdir", .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "config", .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "no-ansi", .help = "", .hidden = true},
        Flag{.name = "verbose", .help = "", .hidden = true},
        Flag{.name = "debug", .letter = 'D', .help = "", .hidden = true},
        Flag{.name = "host", .letter = 'H', .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "context", .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "log-level", .kind = FlagKind::text, .help = "", .fallback = "info", .hidden = true},
        Flag{.name = "tls", .help = "", .hidden = true},
        Flag{.name = "tlsverify", .help = "", .hidden = true},
        Flag{.name = "tlscacert", .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "tlscert", .kind = FlagKind::text, .help = "", .hidden = true},
        Flag{.name = "tlskey", .kind = FlagKind::text, .help = "", .hidden = true},
    };
    return all;
}

}  // namespace tutti::cli
