// The commands by name: one line for each file of this folder that holds one.
// Used by commands.cpp, which lists them.
// No behaviour.
#pragma once

#include "cli/command.h"

namespace tutti::cli {

extern const Command attach_command;               // attach.cpp
extern const Command build_command;                // build.cpp
extern const Command commit_command;               // commit.cpp
extern const Command complete_command;             // completion.cpp
extern const Command complete_plain_command;       // completion.cpp
extern const Command completion_command;           // completion.cpp
extern const Command config_command;               // config.cpp
extern const Command configs_create_command;       // secret.cpp
extern const Command configs_inspect_command;      // secret.cpp
extern const Command configs_ls_command;           // secret.cpp
extern const Command configs_rm_command;           // secret.cpp
extern const Command container_attach_command;     // container_streams.cpp
extern const Command container_commit_command;     // container_files.cpp
extern const Command container_cp_command;         // container_files.cpp
extern const Command container_create_command;     // run_flags.cpp
extern const Command container_exec_command;       // container_streams.cpp
extern const Command container_export_command;     // container_files.cpp
extern const Command container_inspect_command;    // container.cpp
extern const Command container_kill_command;       // container_change.cpp
extern const Command container_logs_command;       // container_streams.cpp
extern const Command container_ls_command;         // container.cpp
extern const Command container_pause_command;      // container_change.cpp
extern const Command container_port_command;       // container_streams.cpp
extern const Command container_prune_command;      // container_change.cpp
extern const Command container_rename_command;     // container_change.cpp
extern const Command container_restart_command;    // container_change.cpp
extern const Command container_rm_command;         // container_change.cpp
extern const Command container_run_command;        // run_flags.cpp
extern const Command container_start_command;      // container_streams.cpp
extern const Command container_stats_command;      // container_streams.cpp
extern const Command container_stop_command;       // container_change.cpp
extern const Command container_top_command;        // container_streams.cpp
extern const Command container_unpause_command;    // container_change.cpp
extern const Command container_update_command;     // container_change.cpp
extern const Command container_wait_command;       // container_change.cpp
extern const Command cp_command;                   // cp.cpp
extern const Command create_command;               // create.cpp
extern const Command docker_version_line_command;  // docker_words.cpp
extern const Command down_command;                 // down.cpp
extern const Command events_command;               // events.cpp
extern const Command exec_command;                 // exec.cpp
extern const Command export_command;               // commit.cpp
extern const Command image_bootstrap_command;      // image_bootstrap.cpp
extern const Command image_build_command;          // image_build.cpp
extern const Command image_history_command;        // image.cpp
extern const Command image_import_command;         // image_archive.cpp
extern const Command image_inspect_command;        // image.cpp
extern const Command image_load_command;           // image_archive.cpp
extern const Command image_ls_command;             // image.cpp
extern const Command image_prune_command;          // image_change.cpp
extern const Command image_pull_command;           // image_change.cpp
extern const Command image_push_command;           // image_change.cpp
extern const Command image_rm_command;             // image_change.cpp
extern const Command image_save_command;           // image_archive.cpp
extern const Command image_tag_command;            // image_change.cpp
extern const Command images_command;               // images.cpp
extern const Command inspect_command;              // container.cpp
extern const Command kill_command;                 // lifecycle.cpp
extern const Command login_command;                // login.cpp
extern const Command logout_command;               // login.cpp
extern const Command logs_command;                 // logs.cpp
extern const Command ls_command;                   // ls.cpp
extern const Command network_connect_command;      // network.cpp
extern const Command network_create_command;       // network.cpp
extern const Command network_disconnect_command;   // network.cpp
extern const Command network_inspect_command;      // network.cpp
extern const Command network_ls_command;           // network.cpp
extern const Command network_prune_command;        // network.cpp
extern const Command network_rm_command;           // network.cpp
extern const Command pause_command;                // lifecycle.cpp
extern const Command plan_command;                 // plan.cpp
extern const Command plugin_metadata_command;      // completion.cpp
extern const Command port_command;                 // port.cpp
extern const Command ps_command;                   // ps.cpp
extern const Command pull_command;                 // pull.cpp
extern const Command push_command;                 // push.cpp
extern const Command reference_command;            // reference.cpp
extern const Command remove_command;               // lifecycle.cpp
extern const Command restart_command;              // lifecycle.cpp
extern const Command run_command;                  // one_off.cpp
extern const Command scale_command;                // scale.cpp
extern const Command secret_create_command;        // secret.cpp
extern const Command secret_inspect_command;       // secret.cpp
extern const Command secret_ls_command;            // secret.cpp
extern const Command secret_rm_command;            // secret.cpp
extern const Command start_command;                // lifecycle.cpp
extern const Command stats_command;                // stats.cpp
extern const Command stop_command;                 // lifecycle.cpp
extern const Command system_df_command;            // system.cpp
extern const Command system_events_command;        // system.cpp
extern const Command system_info_command;          // system.cpp
extern const Command system_prune_command;         // system.cpp
extern const Command system_version_command;       // system.cpp
extern const Command top_command;                  // top.cpp
extern const Command unpause_command;              // lifecycle.cpp
extern const Command up_command;                   // up.cpp
extern const Command version_command;              // version.cpp
extern const Command volume_create_command;        // volume.cpp
extern const Command volume_import_command;        // volume_import.cpp
extern const Command volume_inspect_command;       // volume.cpp
extern const Command volume_ls_command;            // volume.cpp
extern const Command volume_prune_command;         // volume.cpp
extern const Command volume_rm_command;            // volume.cpp
extern const Command volumes_command;              // volumes.cpp
extern const Command wait_command;                 // wait.cpp
extern const Command watch_command;                // watch.cpp
extern const Command why_command;                  // why.cpp

}  // namespace tutti::cli
