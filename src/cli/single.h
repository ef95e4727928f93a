// What the commands on single things by name share: names one by one, filters, confirmation.
// Used by the files of the nouns container, network, volume, system and secret.
// Knows no engine.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "cli/session.h"
#include "doc/node.h"

namespace tutti::cli {

// Work on each name; what fails is said ("Error: …") and the command ends with 1, but the others are done.
// A name that worked is printed where `echo` is.
int for_each_name(std::span<const std::string> names, Session& session, bool echo,
                  const std::function<void(const std::string& name)>& work);

// What to do about a failure: its own hint; of a container that is not there, the one of the service of that name.
std::string hint_for(const base::Error& error, Session& session);

struct Filter {
    std::string key, value;
};
// --filter KEY=VALUE …; a key that is none of `known` is refused.
std::vector<Filter> read_filters(const Arguments& arguments, std::span<const std::string_view> known);
// Of the filters with this key, does one accept? None of the key: yes.
bool any_accepts(const std::vector<Filter>& filters, std::string_view key,
                 const std::function<bool(const std::string& value)>& accepts);
// All label filters hold.
bool labels_accept(const std::vector<Filter>& filters, const std::map<std::string, std::string>& labels);

// A part of the text as an extended regular expression describes it. Throws invalid for a faulty expression.
bool matches_expression(const std::string& expression, const std::string& text);

// "WARNING! …" and the question; true with --force.
bool confirmed(const Arguments& arguments, Session& session, const std::string& warning);

// Documents of `inspect` as a JSON list, or one line each by --format. Missing names are said; 1 if there were any.
int print_inspected(const Arguments& arguments, Session& session, std::span<const std::string> names,
                    const std::function<doc::Node(const std::string& name)>& find);

// What a prune took away: ids or names, and the bytes they held.
struct PruneReport {
    std::vector<std::string> names;
    std::int64_t bytes = 0;
};
PruneReport prune_containers(engine::Engine& engine, const std::vector<Filter>& filters, bool dry_run);

std::vector<std::string> prune_networks(engine::Engine& engine, const std::vector<Filter>& filters, bool dry_run);
PruneReport prune_volumes(engine::Engine& engine, const std::vector<Filter>& filters, bool all, bool dry_run);
std::map<std::string, int> users_of_volumes(engine::Engine& engine);  // by name; those without are not in it
std::int64_t volume_size(const engine::Volume& volume);               // 0 where its files are not to be read

std::string labels_text(const std::map<std::string, std::string>& labels);  // "a=1,b=2"
std::string go_time(std::chrono::system_clock::time_point time);            // "2026-11-29 02:45:02 +0000 UTC"
std::string ago(std::chrono::system_clock::time_point time);                // "2 hours ago"; N/A for never

// "a=b" → {a, b}; a text without '=' has an empty value.
std::pair<std::string, std::string> key_and_value(const std::string& text);
std::map<std::string, std::string> keys_and_values(const std::vector<std::string>& texts);

inline constexpr std::string_view format_help =
    "Format output using a custom template:\n'table', 'table TEMPLATE', 'json' or 'TEMPLATE'";
inline constexpr std::string_view inspect_format_help = "Format output: 'json' or a template";

}  // namespace tutti::cli
