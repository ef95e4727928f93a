#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "cli/when.h"
#include "doc/json.h"
#include "state/labels.h"

namespace tutti::cli {

namespace {

using base::cat;

std::string value(const engine::Event& event, std::string_view key) {
    const auto found = event.attributes.find(std::string(key));
    return found == event.attributes.end() ? std::string() : found->second;
}

std::string as_json(const engine::Event& event, const engine::Options& attributes) {
    doc::Node all = doc::Node::map();
    for (const auto& [key, one] : attributes) all.set(key, doc::Node(one));
    doc::Node line = doc::Node::map();
    line.set("action", doc::Node(event.action));
    line.set("attributes", std::move(all));
    line.set("id", doc::Node(event.id));
    line.set("service", doc::Node(value(event, state::label::service)));
    line.set("time", doc::Node(base::to_rfc3339(event.time)));
    line.set("type", doc::Node("container"));
    return doc::write_json(line) + "\n";
}

// "2026-01-02 15:04:05.000000 container start ID (image=…, name=…)"
std::string as_text(const engine::Event& event, const engine::Options& attributes) {
    std::vector<std::string> pairs;
    for (const auto& [key, one] : attributes) pairs.push_back(cat(key, "=", one));
    std::string time = base::to_rfc3339(event.time);
    time = base::replace_all(time.substr(0, time.find('.') + 7), "T", " ");
    return cat(time, " container ", event.action, " ", event.id, " (", base::join(pairs, ", "), ")\n");
}

int events(const Arguments& arguments, Session& session) {
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    if (subject->project) verbs::check_services(*subject->project, arguments.rest());
    engine::EventOptions options;
    options.since = parse_when(arguments.text("since"));
    options.until = parse_when(arguments.text("until"));
    options.labels = {cat(state::label::project, "=", subject->name)};
    const std::vector<std::string>& wanted = arguments.rest();
    const bool json = arguments.on("json");
    session.engine().system().events(
        options,
        [&](const engine::Event& event) {
            if (event.type != "container" || value(event, state::label::one_off) == "True") return;
            const std::string service = value(event, state::label::service);
            if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), service) == wanted.end()) return;
            engine::Options attributes = event.attributes;
            std::erase_if(attributes, [](const auto& one) { return one.first.starts_with("com.docker.compose."); });
            session.out(json ? as_json(event, attributes) : as_text(event, attributes));
        },
        session.scope.cancel());
    return 0;
}

constexpr Flag flags[] = {
    {.name = "json", .help = "Output events as a stream of json objects"},
    {.name = "since", .kind = FlagKind::text, .help = "Show all events created since timestamp"},
    {.name = "until", .kind = FlagKind::text, .help = "Stream events until this timestamp"},
};

}  // namespace

constinit const Command events_command{
    .name = "events",
    .usage = "events [OPTIONS] [SERVICE...]",
    .help = "Receive real time events from containers",
    .flags = flags,
    .run = events,
};

}  // namespace tutti::cli
