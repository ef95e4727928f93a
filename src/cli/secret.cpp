// secret and configs create, ls, inspect, rm: external secrets and configs, kept on this machine for `external: true`.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/single.h"
#include "cli/table.h"
#include "cli/up.h"
#include "doc/yaml_style.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;
using engine::KeptFile;
using engine::KeptKind;

std::string_view word(KeptKind kind) { return kind == KeptKind::secret ? "secret" : "config"; }

engine::KeptFiles& kept(Session& session) {
    if (!session.kept_files) throw Error(ErrorKind::unsupported, "no secrets are kept here");
    return session.kept_files();
}

KeptFile required(Session& session, KeptKind kind, const std::string& name) {
    auto file = kept(session).find(kind, name);
    if (!file) throw Error(ErrorKind::not_found, cat("no such ", word(kind), ": ", name));
    return std::move(*file);
}

std::string read_content(const Arguments& arguments, Session& session) {
    const std::string source = arguments.rest().size() > 1 ? arguments.rest()[1] : "-";
    if (source == "-") return session.files.read_stdin();
    return base::in_context(cat("reading content from ", source),
                            [&] { return session.files.read(session.place(source)); });
}

template <KeptKind kind>
int create(const Arguments& arguments, Session& session) {
    for (const char* flag : {"driver", "template-driver"})
        if (arguments.given(flag))
            throw Error(ErrorKind::unsupported, cat(word(kind), " create --", flag, " is not supported"),
                        "contents are kept as they are given");
    KeptFile file;
    file.name = arguments.rest()[0];
    file.labels = keys_and_values(arguments.texts("label"));
    const std::string content = read_content(arguments, session);
    if (arguments.on("dry-run")) {
        session.out(cat("Would create ", word(kind), " ", file.name, "\n"));
        return 0;
    }
    session.out(kept(session).create(kind, file, content) + "\n");
    if (kind == KeptKind::secret && content.ends_with('\n') && std::ranges::count(content, '\n') == 1)
        session.err(cat("The newline at the end is part of the secret ", file.name,
                        "; `printf %s …` or `echo -n …` write none.\n"));
    return 0;
}

template <KeptKind kind>
int list(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"id", "label", "name"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    std::vector<Node> rows;
    for (const KeptFile& one : kept(session).list(kind)) {
        const bool wanted =
            labels_accept(filters, one.labels) &&
            any_accepts(filters, "id", [&](const std::string& value) { return one.id.starts_with(value); }) &&
            any_accepts(filters, "name", [&](const std::string& value) { return one.name.starts_with(value); });
        if (!wanted) continue;
        Node row = Node::map();
        row.set("CreatedAt", Node(ago(one.created)));
        row.set("Driver", Node(""));
        row.set("ID", Node(one.id));
        row.set("Labels", Node(labels_text(one.labels)));
        row.set("Name", Node(one.name));
        row.set("UpdatedAt", Node(ago(one.created)));
        rows.push_back(std::move(row));
    }
    if (arguments.on("quiet")) {
        for (const Node& row : rows) session.out(row.text_or("ID") + "\n");
        return 0;
    }
    print_rows(session, arguments.text("format"),
               kind == KeptKind::secret ? "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}"
                                        : "table {{.ID}}\t{{.Name}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
               {{"ID", "ID"},
                {"Name", "NAME"},
                {"Driver", "DRIVER"},
                {"CreatedAt", "CREATED"},
                {"UpdatedAt", "UPDATED"},
                {"Labels", "LABELS"}},
               rows);
    return 0;
}

// A config's content is shown, a secret's never.
template <KeptKind kind>
int inspect(const Arguments& arguments, Session& session) {
    return print_inspected(arguments, session, arguments.rest(), [&](const std::string& name) {
        const KeptFile file = required(session, kind, name);
        Node out = Node::map();
        out.set("ID", Node(file.id));
        out.set("CreatedAt", Node(base::to_rfc3339(file.created)));
        out.set("UpdatedAt", Node(base::to_rfc3339(file.created)));
        Node& spec = out.set("Spec", Node::map());
        spec.set("Name", Node(file.name));
        Node& labels = spec.set("Labels", Node::map());
        for (const auto& [key, value] : file.labels) labels.set(key, Node(value));
        if (kind == KeptKind::config)
            spec.set("Data", Node(base::replace_all(doc::to_base64(kept(session).content(kind, file.name)), "\n", "")));
        return out;
    });
}

template <KeptKind kind>
int remove(const Arguments& arguments, Session& session) {
    return for_each_name(arguments.rest(), session, true, [&](const std::string& name) {
        if (arguments.on("dry-run"))
            required(session, kind, name);
        else
            kept(session).remove(kind, name);
    });
}

constexpr Flag create_flags[] = {
    {.name = "driver", .letter = 'd', .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "label", .letter = 'l', .kind = FlagKind::texts, .help = "Labels", .type = "list"},
    {.name = "template-driver", .kind = FlagKind::text, .help = "", .hidden = true},
};
constexpr Flag list_flags[] = {
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: id, label, name",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "quiet", .letter = 'q', .help = "Only display IDs"},
};
constexpr Flag inspect_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
};
constexpr std::string_view secret_list[] = {"secret list"}, secret_remove[] = {"secret remove"};
constexpr std::string_view config_list[] = {"configs list"}, config_remove[] = {"configs remove"};

}  // namespace

constinit const Command secret_create_command{
    .name = "secret create",
    .usage = "secret create [OPTIONS] SECRET [file|-]",
    .help = "Keep a secret from a file or STDIN",
    .flags = create_flags,
    .run = create<KeptKind::secret>,
    .least = 1,
    .most = 2,
    .reads_project = false,
};
constinit const Command secret_ls_command{
    .name = "secret ls",
    .usage = "secret ls [OPTIONS]",
    .help = "List kept secrets",
    .flags = list_flags,
    .run = list<KeptKind::secret>,
    .most = 0,
    .reads_project = false,
    .aliases = secret_list,
};
constinit const Command secret_inspect_command{
    .name = "secret inspect",
    .usage = "secret inspect [OPTIONS] SECRET [SECRET...]",
    .help = "Show what is known of kept secrets, but their contents",
    .flags = inspect_flags,
    .run = inspect<KeptKind::secret>,
    .least = 1,
    .reads_project = false,
};
constinit const Command secret_rm_command{
    .name = "secret rm",
    .usage = "secret rm SECRET [SECRET...]",
    .help = "Remove one or more kept secrets",
    .run = remove<KeptKind::secret>,
    .least = 1,
    .reads_project = false,
    .aliases = secret_remove,
};
constinit const Command configs_create_command{
    .name = "configs create",
    .usage = "configs create [OPTIONS] CONFIG [file|-]",
    .help = "Keep a config from a file or STDIN",
    .flags = create_flags,
    .run = create<KeptKind::config>,
    .least = 1,
    .most = 2,
    .reads_project = false,
    .docker = "config create",
};
constinit const Command configs_ls_command{
    .name = "configs ls",
    .usage = "configs ls [OPTIONS]",
    .help = "List kept configs",
    .flags = list_flags,
    .run = list<KeptKind::config>,
    .most = 0,
    .reads_project = false,
    .aliases = config_list,
    .docker = "config ls",
};
constinit const Command configs_inspect_command{
    .name = "configs inspect",
    .usage = "configs inspect [OPTIONS] CONFIG [CONFIG...]",
    .help = "Show all about kept configs",
    .flags = inspect_flags,
    .run = inspect<KeptKind::config>,
    .least = 1,
    .reads_project = false,
    .docker = "config inspect",
};
constinit const Command configs_rm_command{
    .name = "configs rm",
    .usage = "configs rm CONFIG [CONFIG...]",
    .help = "Remove one or more kept configs",
    .run = remove<KeptKind::config>,
    .least = 1,
    .reads_project = false,
    .aliases = config_remove,
    .docker = "config rm",
};

}  // namespace tutti::cli
