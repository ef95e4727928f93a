// The rules that lint runs, a file a subject. Each looks at the whole project and adds what it finds.
// Used by lint.cpp alone.
#pragma once

#include <string_view>

#include "advice/lint.h"

namespace tutti::advice::rules {

void published_ports(const model::Project& project, const LintOptions& options, Findings& out);
void mounts(const model::Project& project, const base::Files& files, const LintOptions& options, Findings& out);
void exposure(const model::Project& project, Findings& out);
void proxies(const model::Project& project, const base::Files& files, Findings& out);
void start_order(const model::Project& project, Findings& out);
void reachability(const model::Project& project, Findings& out);
void devices(const model::Project& project, const base::Files& files, Findings& out);
void profiles(const model::Project& project, Findings& out);
void known_images(const model::Project& project, Findings& out);

// "postgres" of "docker.io/library/postgres:16@sha256:…"; "timescale/timescaledb-ha" keeps its folder.
std::string_view repository(std::string_view image);
bool is_database(std::string_view image);
std::string value_of(const model::Service& service, std::string_view variable);
// " (profile a)" or " (profiles a, b)"; empty when it has none.
std::string in_profiles(const model::Service& service);

// lint knows without the image where its data lies.
bool knows_data_folder(std::string_view image);
// A database whose files would lie outside of every mount, while a volume stands at the path that other images use.
void data_outside_of_volume(const std::string& name, const model::Service& service, std::string_view data_path,
                            Findings& out);

}  // namespace tutti::advice::rules
