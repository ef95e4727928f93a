#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/container_rows.h"
#include "cli/table.h"
#include "cli/target.h"
#include "cli/up.h"
#include "doc/json.h"
#include "state/labels.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

Node publishers(std::vector<engine::PublishedPort> ports) {
    std::stable_sort(ports.begin(), ports.end(),
                     [](const auto& a, const auto& b) { return a.container_port < b.container_port; });
    Node list = Node::list();
    for (const engine::PublishedPort& port : ports) {
        Node& one = list.push(Node::map());
        one.set("URL", Node(port.host_ip));
        one.set("TargetPort", Node(std::int64_t{port.container_port}));
        one.set("PublishedPort", Node(std::int64_t{port.host_port}));
        one.set("Protocol", Node(port.protocol));
    }
    return list;
}

Node row_of(const state::Container& container, bool truncate, engine::Time now) {
    const engine::ContainerSummary& summary = container.summary;
    const bool over = summary.state == engine::ContainerState::exited || summary.state == engine::ContainerState::dead;
    Node row = container_row(summary, truncate, now);
    row.set("Name", Node(summary.name));
    row.set("Project", Node(container.project));
    row.set("Service", Node(container.service));
    row.set("ExitCode", Node(std::int64_t{over ? summary.exit_code : 0}));
    row.set("Publishers", publishers(summary.ports));
    row.set("Engine", Node(container.label(state::label::engine)));
    return row;
}

constexpr std::string_view table =
    "table {{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}";

std::vector<Titles> titles() {
    std::vector<Titles> all = container_titles();
    for (const Titles& more :
         {Titles{"Name", "NAME"}, {"Project", "PROJECT"}, {"Service", "SERVICE"}, {"Engine", "ENGINE"}})
        all.push_back(more);
    return all;
}

std::vector<std::string> statuses(const Arguments& arguments) {
    std::vector<std::string> wanted = arguments.texts("status");
    const std::string filter = arguments.text("filter");
    if (filter.empty()) return wanted;
    const auto equals = filter.find('=');
    if (equals == std::string::npos) refuse("arguments to --filter should be in form KEY=VAL");
    const std::string key = filter.substr(0, equals);
    if (key == "source") refuse("not implemented");
    if (key != "status") refuse(cat("unknown filter ", key));
    wanted.push_back(filter.substr(equals + 1));
    return wanted;
}

// What the Docker CLI's own file says, for whoever has set it there.
std::string format_of(const Arguments& arguments, const Session& session) {
    if (const std::string given = arguments.text("format"); !given.empty()) return given;
    const std::string folder = session.variable("DOCKER_CONFIG");
    const std::string path =
        folder.empty() ? session.variable("HOME") + "/.docker/config.json" : folder + "/config.json";
    if (session.files.kind(path) != base::Files::Kind::file) return {};
    try {
        return doc::parse_json(session.files.read(path), path).text_or("psFormat");
    } catch (const base::Error&) {  // it is the Docker CLI's to complain of
        return {};
    }
}

bool is_over(const state::Container& container) {
    using State = engine::ContainerState;
    return container.summary.state == State::exited || container.summary.state == State::dead ||
           container.summary.state == State::created;
}

int ps(const Arguments& arguments, Session& session) {
    const std::vector<std::string> wanted = statuses(arguments);
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    std::vector<std::string> services = arguments.rest();
    if (subject->project) {
        verbs::check_services(*subject->project, services);
        if (services.empty() && !arguments.on("orphans"))
            for (const auto& [name, service] : subject->project->services) services.push_back(name);
    }
    const bool all = arguments.on("all");
    // For a person: what is not shown because it has ended badly is named below the table.
    const bool for_a_person = session.out_is_terminal && session.err_is_terminal && arguments.text("format").empty() &&
                              !arguments.on("quiet") && !arguments.on("services");
    const bool hides = !all && wanted.empty();
    std::vector<std::string> failed;
    std::vector<state::Container> containers;
    for (state::Container& container :
         state::list_containers(session.engine(), subject->name, !hides || for_a_person)) {
        if (container.one_off && !all) continue;
        if (!services.empty() && std::find(services.begin(), services.end(), container.service) == services.end())
            continue;
        if (hides && for_a_person && is_over(container)) {
            if (container.summary.exit_code != 0)
                failed.push_back(cat(container.short_name(), " (", container.summary.exit_code, ")"));
            continue;
        }
        const std::string state(to_text(container.summary.state));
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), state) == wanted.end()) continue;
        containers.push_back(std::move(container));
    }
    if (arguments.on("quiet")) {
        for (const state::Container& container : containers) session.out(container.id() + "\n");
        return 0;
    }
    if (arguments.on("services")) {
        std::vector<std::string> names;
        for (const state::Container& container : containers)
            if (std::find(names.begin(), names.end(), container.service) == names.end())
                names.push_back(container.service);
        session.out(base::join(names, "\n") + "\n");
        return 0;
    }
    std::vector<Node> rows;
    bool engines = false;
    for (const state::Container& container : containers) {
        rows.push_back(row_of(container, !arguments.on("no-trunc"), std::chrono::system_clock::now()));
        engines = engines || !container.label(state::label::engine).empty();
    }
    print_rows(session, format_of(arguments, session), cat(table, engines ? "\t{{.Engine}}" : ""), titles(), rows,
               [&](std::size_t row) { return label_method(containers[row].summary.labels); });
    if (!failed.empty()) session.err(cat("exited: ", base::join(failed, ", "), "; `ps -a` shows them\n"));
    return 0;
}

constexpr Flag flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all stopped containers (including those created by the run command)"},
    {.name = "filter", .kind = FlagKind::text, .help = "Filter services by a property (supported filters: status)"},
    {.name = "format",
     .kind = FlagKind::text,
     .help =
         "Format output using a custom template:\n'table':            Print output in table format with column headers "
         "(default)\n'table TEMPLATE':   Print output in table format using the given Go template\n'json':             "
         "Print in JSON format\n'TEMPLATE':         Print output using the given Go template."},
    {.name = "no-trunc", .help = "Don't truncate output"},
    {.name = "orphans", .help = "Include orphaned services (not declared by project)", .fallback = "true"},
    {.name = "quiet", .letter = 'q', .help = "Only display IDs"},
    {.name = "services", .help = "Display services"},
    {.name = "status",
     .kind = FlagKind::texts,
     .help = "Filter services by status. Values: [paused | restarting | removing | running | dead | created | exited]"},
};

}  // namespace

constinit const Command ps_command{
    .name = "ps",
    .usage = "ps [OPTIONS] [SERVICE...]",
    .help = "List containers",
    .flags = flags,
    .run = ps,
};

}  // namespace tutti::cli
