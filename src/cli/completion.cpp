// completion: the scripts for shells, which are thin. __complete: what they ask, in the words of cobra's protocol,
// which docker asks of its plugins too.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/project.h"
#include "doc/json.h"

namespace tutti::cli {

namespace {

using base::cat;

constexpr int no_files = 4, files = 0;  // the protocol's directives

Arguments flags_before(const Position& position) {
    std::vector<std::string> words = position.project_words;
    words.emplace_back("config");
    return parse(words);
}

void choose_engine(const Position& position, Session& session) {
    const Arguments arguments = flags_before(position);
    for (const auto& [flag, variable] : {std::pair{"engine", "TUTTI_ENGINE"}, std::pair{"host", "DOCKER_HOST"},
                                         std::pair{"context", "DOCKER_CONTEXT"}})
        if (arguments.given(flag)) session.environment[variable] = arguments.text(flag);
}

void add_from_project(const Position& position, Session& session, std::vector<Candidate>& out) {
    const Arguments arguments = flags_before(position);
    Reading reading;
    compose::LoadOptions options = load_options(arguments, session);
    options.resolve_environment = false;
    options.check_consistency = false;
    options.profiles = {"*"};
    const auto loaded = compose::load(options, session.files, session.fetch, reading.sources, reading.diagnostics);
    if (reading.diagnostics.failed()) return;
    std::set<std::string> profiles;
    for (const auto* services : {&loaded.project.services, &loaded.project.disabled_services})
        for (const auto& [name, service] : *services) {
            if (position.wanted == Wanted::services) out.push_back({name, service.image});
            profiles.insert(service.profiles.begin(), service.profiles.end());
        }
    if (position.wanted == Wanted::profiles)
        for (const std::string& profile : profiles) out.push_back({profile, {}});
}

void add_containers(const Position& position, engine::Engine& engine, std::vector<Candidate>& out) {
    engine::ListOptions options;
    options.all = position.wanted == Wanted::containers;
    for (const engine::ContainerSummary& one : engine.containers().list(options)) out.push_back({one.name, one.image});
}

void add_from_engine(const Position& position, Session& session, std::vector<Candidate>& out) {
    switch (position.wanted) {
        case Wanted::containers:
        case Wanted::running: return add_containers(position, session.engine(), out);
        case Wanted::images:
            for (const engine::ImageSummary& image : session.engine().images().list())
                for (const std::string& tag : image.tags) out.push_back({tag, {}});
            return;
        case Wanted::networks:
            for (const engine::Network& one : session.engine().networks().list()) out.push_back({one.name, one.driver});
            return;
        case Wanted::volumes:
            for (const engine::Volume& one : session.engine().volumes().list()) out.push_back({one.name, {}});
            return;
        case Wanted::secrets:
        case Wanted::configs:
            if (!session.kept_files) return;
            for (const engine::KeptFile& one : session.kept_files().list(
                     position.wanted == Wanted::secrets ? engine::KeptKind::secret : engine::KeptKind::config))
                out.push_back({one.name, {}});
            return;
        default: return;
    }
}

// A shell that asks is not to be told of faults: where nothing can be known, nothing is offered.
std::vector<Candidate> candidates(const Position& position, Session& session) {
    std::vector<Candidate> out = table_candidates(position);
    try {
        choose_engine(position, session);
        const bool of_project = position.wanted == Wanted::services || position.wanted == Wanted::profiles;
        if (of_project) add_from_project(position, session, out);
        // Outside any project a service's place takes a container's name.
        const bool outside = position.wanted == Wanted::services && out.empty() && position.command &&
                             !position.command->outside.empty();
        if (outside) add_containers(position, session.engine(), out);
        add_from_engine(position, session, out);
    } catch (const base::Error&) {}
    std::erase_if(out, [&](const Candidate& one) {
        return !one.value.starts_with(position.typed) ||
               std::ranges::find(position.given, one.value) != position.given.end();
    });
    std::ranges::sort(out, {}, &Candidate::value);
    return out;
}

int answer(const Arguments& arguments, Session& session, bool with_help) {
    const Position position =
        position_of(arguments.rest(), session.program == "docker" ? Dialect::docker : Dialect::compose);
    for (const Candidate& one : candidates(position, session)) {
        const std::string help = one.help.substr(0, one.help.find('\n'));
        session.out(cat(position.before, one.value, with_help && !help.empty() ? cat("\t", help) : "", "\n"));
    }
    session.out(cat(":", position.wanted == Wanted::files ? files : no_files, "\n"));
    return 0;
}

int complete(const Arguments& arguments, Session& session) { return answer(arguments, session, true); }
int complete_plain(const Arguments& arguments, Session& session) { return answer(arguments, session, false); }

constexpr std::string_view bash_script = R"(# bash completion for PROGRAM
_NAME_complete() {
    local cur words cword line directive=4
    local -a found=()
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n "=:" cur words cword
    else
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
    fi
    while IFS= read -r line; do
        case $line in
            :[0-9]*) directive=${line#:} ;;
            *) found+=("${line%%$'\t'*}") ;;
        esac
    done < <("${words[0]}" __complete "${words[@]:1:cword-1}" "$cur" 2>/dev/null)
    COMPREPLY=("${found[@]}")
    if ((${#found[@]} == 0 && !(directive & 4))); then compopt -o default 2>/dev/null; fi
    if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _NAME_complete PROGRAM
)";

constexpr std::string_view zsh_script = R"(#compdef PROGRAM
_NAME() {
    local line value help
    local -i directive=4
    local -a found
    while IFS= read -r line; do
        case $line in
            :[0-9]*) directive=${line#:} ;;
            *)
                value=${line%%$'\t'*} help=
                [[ $line == *$'\t'* ]] && help=${line#*$'\t'}
                found+=("${value//:/\\:}${help:+:$help}")
                ;;
        esac
    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then
        _describe 'PROGRAM' found
    elif (( !(directive & 4) )); then
        _files
    fi
}
if [[ $funcstack[1] == _NAME ]]; then _NAME "$@"; else compdef _NAME PROGRAM; fi
)";

constexpr std::string_view fish_script = R"(# fish completion for PROGRAM
function __NAME_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (command $words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    test (count $lines) -gt 0; or return
    if test (count $lines) -eq 1 -a "$lines[-1]" = ":0"
        __fish_complete_path "$current"
        return
    end
    printf '%s\n' $lines[1..-2]
end
complete -c PROGRAM -f -a '(__NAME_complete)'
)";

int completion(const Arguments& arguments, Session& session) {
    const std::string& shell = arguments.rest()[0];
    const std::string_view script = shell == "bash"   ? bash_script
                                    : shell == "zsh"  ? zsh_script
                                    : shell == "fish" ? fish_script
                                                      : std::string_view();
    if (script.empty())
        throw base::Error(base::ErrorKind::unsupported, cat("completion for ", shell, " is not supported"),
                          "bash, zsh or fish");
    const std::string program = session.program.substr(0, session.program.find(' '));
    const std::string name = base::replace_all(program, "-", "_");
    session.out(base::replace_all(base::replace_all(script, "PROGRAM", program), "NAME", name));
    return 0;
}

}  // namespace

namespace {

// What docker asks of a plugin on every `docker help`: it must cost nothing.
int plugin_metadata(const Arguments&, Session& session) {
    const bool as_compose = session.program == "docker-compose";
    doc::Node out = doc::Node::map();
    out.set("SchemaVersion", doc::Node("0.1.0"));
    out.set("Vendor", doc::Node("tutti"));
    out.set("Version", doc::Node(cat("v", session.version)));
    out.set("ShortDescription",
            doc::Node(as_compose ? "Docker Compose, by tutti" : "Compose systems and containers without a daemon"));
    session.out(doc::write_json(out) + "\n");
    return 0;
}

}  // namespace

constinit const Command plugin_metadata_command{
    .name = "docker-cli-plugin-metadata",
    .usage = "docker-cli-plugin-metadata",
    .help = "What docker asks of a plugin",
    .run = plugin_metadata,
    .heeds_global_flags = false,
    .reads_project = false,
    .hidden = true,
};
constinit const Command completion_command{
    .name = "completion",
    .usage = "completion bash|zsh|fish",
    .help = "Print the completion script for a shell",
    .run = completion,
    .least = 1,
    .most = 1,
    .heeds_global_flags = false,
    .reads_project = false,
    .docker = "completion",
};
constinit const Command complete_command{
    .name = "__complete",
    .usage = "__complete [WORD...]",
    .help = "What the last word can be",
    .run = complete,
    .heeds_global_flags = false,
    .reads_project = false,
    .hidden = true,
    .takes_all_words = true,
    .docker = "__complete",
};
constinit const Command complete_plain_command{
    .name = "__completeNoDesc",
    .usage = "__completeNoDesc [WORD...]",
    .help = "The same without descriptions",
    .run = complete_plain,
    .heeds_global_flags = false,
    .reads_project = false,
    .hidden = true,
    .takes_all_words = true,
    .docker = "__completeNoDesc",
};

}  // namespace tutti::cli
