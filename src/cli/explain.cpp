#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/config.h"
#include "doc/go_text.h"
#include "doc/json.h"
#include "doc/yaml.h"

namespace tutti::cli {

namespace {

// The item of a list that a word of the path means: its number, `KEY` of "KEY=value", or its target, source or name.
const doc::Node* item(const doc::Node& list, std::string_view word) {
    if (const auto number = base::to_uint(word); number && *number < list.size()) return &list.items()[*number];
    for (const doc::Node& item : list.items()) {
        if (item.is_text() && (item.as_text() == word || item.as_text().starts_with(base::cat(word, "="))))
            return &item;
        for (const std::string_view key : {"target", "source", "name", "path", "published"}) {
            const doc::Node* value = item.find(key);
            if (value && doc::go_text(*value) == word) return &item;
        }
    }
    return nullptr;
}

struct Step {
    const doc::Node* node = nullptr;
    std::size_t length = 0;  // of the path that led there
};

// Keys may hold dots, so the longest key that the path starts with is taken.
Step step(const doc::Node& node, std::string_view path) {
    for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
        const std::string_view word = path.substr(0, end);
        const doc::Node* next = node.is_map() ? node.find(word) : node.is_list() ? item(node, word) : nullptr;
        if (next) return {next, end};
        if (end == 0) break;
    }
    return {};
}

const doc::Node& at_path(const doc::Node& root, std::string_view path) {
    const doc::Node* node = &root;
    std::string_view rest = path;
    while (!rest.empty()) {
        const Step next = step(*node, rest);
        if (!next.node) {
            const std::string_view word = rest.substr(0, rest.find('.'));
            std::vector<std::string_view> keys;
            if (node->is_map())
                for (const doc::Entry& entry : node->entries()) keys.push_back(entry.key);
            const auto near = base::did_you_mean(word, keys);
            throw base::Error(base::ErrorKind::not_found, base::cat("nothing is set at ", path),
                              near ? base::cat("did you mean '", *near, "' for '", word, "'?") : std::string());
        }
        node = next.node;
        rest.remove_prefix(std::min(next.length + 1, rest.size()));
    }
    return *node;
}

// Of an item "KEY=value" that the path calls KEY the value alone.
std::string_view item_value(const doc::Node& node, std::string_view path) {
    const std::string& text = node.as_text();
    const std::size_t equals = text.find('=');
    const bool is_item = equals != std::string::npos && path.ends_with(base::cat(".", text.substr(0, equals)));
    return is_item ? std::string_view(text).substr(equals + 1) : std::string_view(text);
}

std::string value_text(const doc::Node& node) {
    if (node.is_scalar() || node.size() == 0) return base::cat(" ", base::trim(doc::write_yaml(node)), "\n");
    return base::cat("\n", doc::write_yaml(node));
}

std::string_view verb(doc::Origin::How how) {
    switch (how) {
        case doc::Origin::How::overrode: return "overrides";
        case doc::Origin::How::extended_from: return "extended from";
        case doc::Origin::How::included_from: return "included from";
        case doc::Origin::How::interpolated: return "interpolated from";
        case doc::Origin::How::merged_key: return "merged in by '<<'";
        case doc::Origin::How::alias: return "through the alias";
    }
    return "";
}

std::string as_text(const doc::Node& node, std::string_view path, const doc::Sources& sources) {
    std::string out = base::cat(path, ":", value_text(node.is_text() ? doc::Node(item_value(node, path)) : node));
    const std::string place = sources.to_text(node.mark());
    if (place.empty())
        out += "  written nowhere: it follows from other values\n";
    else
        out += base::cat("  written at ", place, "\n    ", base::trim(sources.line(node.mark())), "\n");
    for (const doc::Origin* origin = node.origin().get(); origin; origin = origin->before.get()) {
        const std::string where = sources.to_text(origin->mark);
        out += base::cat("  ", verb(origin->how), origin->text.empty() ? "" : " ", origin->text,
                         where.empty() ? "" : " at ", where, "\n");
        if (!where.empty()) out += base::cat("    ", base::trim(sources.line(origin->mark)), "\n");
    }
    return out;
}

void set_place(doc::Node& out, doc::Mark mark, const doc::Sources& sources) {
    if (!mark || mark.file >= sources.size()) return;
    out.set("file", doc::Node(sources.name(mark.file)));
    out.set("line", doc::Node(std::int64_t{mark.line}));
    out.set("column", doc::Node(std::int64_t{mark.column}));
}

std::string as_json_text(const doc::Node& node, std::string_view path, const doc::Sources& sources) {
    doc::Node out = doc::Node::map();
    out.set("path", doc::Node(path));
    out.set("value", node.is_text() ? doc::Node(item_value(node, path)) : node);
    set_place(out, node.mark(), sources);
    doc::Node origins = doc::Node::list();
    for (const doc::Origin* origin = node.origin().get(); origin; origin = origin->before.get()) {
        doc::Node one = doc::Node::map();
        one.set("how", doc::Node(verb(origin->how)));
        one.set("what", doc::Node(origin->text));
        set_place(one, origin->mark, sources);
        origins.push(std::move(one));
    }
    out.set("origins", std::move(origins));
    return doc::write_json(out, {.pretty = true}) + "\n";
}

}  // namespace

std::string explain(std::string_view path, const compose::Loaded& loaded, const doc::Sources& sources, bool as_json) {
    const doc::Node& node = at_path(loaded.tree, path);
    return as_json ? as_json_text(node, path, sources) : as_text(node, path, sources);
}

}  // namespace tutti::cli
