// image ls, image inspect, image history: what images there are and what is in them.
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/image_names.h"
#include "cli/progress_frame.h"
#include "cli/single.h"
#include "cli/table.h"
#include "cli/up.h"
#include "docker/wire/inspect.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

engine::Image required(engine::Engine& engine, const std::string& name) {
    auto image = engine.images().find(name);
    if (!image) throw base::Error(base::ErrorKind::not_found, cat("No such image: ", name));
    return std::move(*image);
}

std::string size_text(std::int64_t bytes) { return short_size(static_cast<double>(bytes)); }

// --filter dangling=true|false, label=K[=V], reference=PATTERN, before=IMAGE, since=IMAGE.
struct Filters {
    engine::LabelFilter labels;
    std::vector<std::string> references;
    std::optional<bool> dangling;
    std::optional<engine::Time> before, since;
};

Filters read_filters(const Arguments& arguments, engine::Engine& engine) {
    Filters out;
    for (const std::string& text : arguments.texts("filter")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            refuse(cat("invalid argument \"", text, "\" for --filter: expected KEY=VALUE"));
        const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
        if (key == "label")
            out.labels.push_back(value);
        else if (key == "reference")
            out.references.push_back(value);
        else if (key == "dangling")
            out.dangling = is_true(value);
        else if (key == "before")
            out.before = required(engine, value).created;
        else if (key == "since")
            out.since = required(engine, value).created;
        else
            refuse(
                cat("invalid filter '", key, "': an image is filtered by before, dangling, label, reference or since"));
    }
    return out;
}

// `*` stands for anything but a slash, as in Docker's reference patterns.
bool matches_pattern(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        for (std::size_t i = 0; i <= text.size(); ++i) {
            if (matches_pattern(pattern.substr(1), text.substr(i))) return true;
            if (i < text.size() && text[i] == '/') return false;
        }
        return false;
    }
    if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
    return matches_pattern(pattern.substr(1), text.substr(1));
}

bool names_it(const std::string& pattern, const NameParts& name) {
    return matches_pattern(pattern, name.repository) || matches_pattern(pattern, cat(name.repository, ":", name.tag));
}

struct Listed {
    const engine::ImageSummary* image;
    NameParts name;
    std::string digest;
};

// A row a name, a row for an image without one.
std::vector<Listed> rows_of(const std::vector<engine::ImageSummary>& images, const Filters& filters,
                            const std::string& pattern) {
    std::vector<Listed> out;
    for (const engine::ImageSummary& image : images) {
        if (filters.dangling && *filters.dangling != image.tags.empty()) continue;
        if (filters.before && image.created >= *filters.before) continue;
        if (filters.since && image.created <= *filters.since) continue;
        std::vector<Listed> own;
        const auto digest_of = [&](const std::string& repository) -> std::string {
            for (const std::string& digest : image.digests)
                if (digest.starts_with(repository + "@")) return digest.substr(repository.size() + 1);
            return "<none>";
        };
        for (const std::string& tag : image.tags) {
            NameParts name = split_name(tag);
            std::string digest = digest_of(name.repository);
            own.push_back({&image, std::move(name), std::move(digest)});
        }
        if (own.empty()) {
            const std::string digest = image.digests.empty() ? "" : image.digests[0];
            const auto at = digest.find('@');
            own.push_back({&image,
                           {at == std::string::npos ? "<none>" : split_name(digest).repository, "<none>"},
                           at == std::string::npos ? "<none>" : digest.substr(at + 1)});
        }
        for (Listed& row : own) {
            bool wanted = pattern.empty() || names_it(pattern, row.name);
            for (const std::string& reference : filters.references) wanted = wanted && names_it(reference, row.name);
            if (wanted) out.push_back(std::move(row));
        }
    }
    return out;
}

Node row_of(const Listed& listed, bool truncate) {
    const engine::ImageSummary& image = *listed.image;
    Node row = Node::map();
    row.set("Containers", Node("N/A"));
    row.set("CreatedAt", Node(base::to_rfc3339(image.created)));
    row.set("CreatedSince", Node(ago(image.created)));
    row.set("Digest", Node(listed.digest));
    row.set("ID", Node(truncate ? short_id(image.id) : image.id));
    row.set("Repository", Node(listed.name.repository));
    row.set("SharedSize", Node("N/A"));
    row.set("Size", Node(size_text(image.size)));
    row.set("Tag", Node(listed.name.tag));
    row.set("UniqueSize", Node("N/A"));
    return row;
}

const std::vector<Titles>& titles() {
    static const std::vector<Titles> all = {{"Containers", "CONTAINERS"},
                                            {"CreatedAt", "CREATED AT"},
                                            {"CreatedSince", "CREATED"},
                                            {"Digest", "DIGEST"},
                                            {"ID", "IMAGE ID"},
                                            {"Repository", "REPOSITORY"},
                                            {"Tag", "TAG"},
                                            {"Size", "SIZE"},
                                            {"SharedSize", "SHARED SIZE"},
                                            {"UniqueSize", "UNIQUE SIZE"}};
    return all;
}

int list(const Arguments& arguments, Session& session) {
    engine::Engine& engine = session.engine();
    const Filters filters = read_filters(arguments, engine);
    const auto images = engine.images().list(filters.labels);
    const std::string pattern = arguments.rest().empty() ? std::string() : arguments.rest()[0];
    const auto listed = rows_of(images, filters, pattern);
    const bool truncate = !arguments.on("no-trunc");
    if (arguments.on("quiet")) {
        for (const Listed& row : listed) session.out((truncate ? short_id(row.image->id) : row.image->id) + "\n");
        return 0;
    }
    std::vector<Node> rows;
    for (const Listed& row : listed) rows.push_back(row_of(row, truncate));
    print_rows(session, arguments.text("format"),
               arguments.on("digests")
                   ? "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
                   : "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
               titles(), rows);
    return 0;
}

int inspect(const Arguments& arguments, Session& session) {
    return print_inspected(arguments, session, arguments.rest(), [&](const std::string& name) {
        return docker::wire::inspect_body(required(session.engine(), name));
    });
}

int history(const Arguments& arguments, Session& session) {
    const bool truncate = !arguments.on("no-trunc"), human = arguments.on("human");
    const auto steps = session.engine().images().history(arguments.rest()[0]);
    const auto id_of = [&](const engine::HistoryRow& step) {
        return truncate && step.id.starts_with("sha256:") ? short_id(step.id) : step.id;
    };
    if (arguments.on("quiet")) {
        for (const engine::HistoryRow& step : steps) session.out(id_of(step) + "\n");
        return 0;
    }
    std::vector<Node> rows;
    for (const engine::HistoryRow& step : steps) {
        Node row = Node::map();
        row.set("Comment", Node(step.comment));
        row.set("CreatedAt", Node(base::to_rfc3339(step.created)));
        row.set("CreatedBy", Node(truncate ? ellipsis(step.created_by, 45) : step.created_by));
        row.set("CreatedSince", Node(human ? ago(step.created) : base::to_rfc3339(step.created)));
        row.set("ID", Node(id_of(step)));
        row.set("Size", Node(human ? size_text(step.size) : std::to_string(step.size)));
        rows.push_back(std::move(row));
    }
    print_rows(session, arguments.text("format"),
               "table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
               {{"ID", "IMAGE"},
                {"CreatedSince", "CREATED"},
                {"CreatedAt", "CREATED AT"},
                {"CreatedBy", "CREATED BY"},
                {"Size", "SIZE"},
                {"Comment", "COMMENT"}},
               rows);
    return 0;
}

constexpr Flag list_flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all images (none are hidden here)"},
    {.name = "digests", .help = "Show digests"},
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: before, dangling, label, reference, since",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "no-trunc", .help = "Don't truncate output"},
    {.name = "quiet", .letter = 'q', .help = "Only show image IDs"},
};
constexpr Flag inspect_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = "Format output: 'json' or a template"},
};
constexpr Flag history_flags[] = {
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "human", .letter = 'H', .help = "Print sizes and dates in human readable format", .fallback = "true"},
    {.name = "no-trunc", .help = "Don't truncate output"},
    {.name = "quiet", .letter = 'q', .help = "Only show image IDs"},
};
constexpr std::string_view list_aliases[] = {"image list"};

}  // namespace

constinit const Command image_ls_command{
    .name = "image ls",
    .usage = "image ls [OPTIONS] [REPOSITORY[:TAG]]",
    .help = "List images",
    .flags = list_flags,
    .run = list,
    .most = 1,
    .reads_project = false,
    .aliases = list_aliases,
    .docker = "images",
};
constinit const Command image_inspect_command{
    .name = "image inspect",
    .usage = "image inspect [OPTIONS] IMAGE [IMAGE...]",
    .help = "Display detailed information on one or more images",
    .flags = inspect_flags,
    .run = inspect,
    .least = 1,
    .reads_project = false,
};
constinit const Command image_history_command{
    .name = "image history",
    .usage = "image history [OPTIONS] IMAGE",
    .help = "Show the history of an image",
    .flags = history_flags,
    .run = history,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "history",
};

}  // namespace tutti::cli
