#include "base/text.h"
#include "compose/interpolate.h"
#include "compose/template.h"

namespace tutti::compose {

namespace {

using Variables = std::map<std::string, TemplateVariable>;

void extract(std::string_view text, doc::Mark mark, unsigned depth, Variables& out);

// The brace that ends `{NAME}` or `{NAME-operand}` at the start of `text`; npos if it is no such thing.
std::size_t braced_end(std::string_view text) {
    if (!text.starts_with('{')) return std::string_view::npos;
    const std::string_view name = name_at(text.substr(1));
    std::string_view after = text.substr(1 + name.size());
    if (name.empty() || after.empty()) return std::string_view::npos;
    if (after[0] == '}') return 1 + name.size();
    if (after[0] == ':') after.remove_prefix(1);
    if (after.empty() || std::string_view("-+?").find(after[0]) == std::string_view::npos)
        return std::string_view::npos;
    const std::size_t close = closing_brace(text);
    return close != std::string_view::npos ? close : text.substr(0, text.find('\n')).rfind('}');
}

// `${…}`: the variable, what its operator says, and the variables in its operand.
void extract_braced(std::string_view inside, doc::Mark mark, unsigned depth, Variables& out) {
    std::size_t n = 0;
    while (n < inside.size() && is_name(inside[n])) ++n;
    TemplateVariable variable{std::string(inside.substr(0, n)), {}, {}, false, mark};
    std::string_view rest = inside.substr(n);
    if (rest.starts_with(':')) rest.remove_prefix(1);
    const char kind = rest.empty() ? '\0' : rest[0];
    if (!rest.empty()) rest.remove_prefix(1);
    variable.required = kind == '?';
    if (kind == '-') variable.default_value = rest;
    if (kind == '+') variable.presence_value = rest;
    out[variable.name] = variable;
    if (kind == '-' || kind == '+') extract(rest, mark, depth + 1, out);
}

void extract(std::string_view text, doc::Mark mark, unsigned depth, Variables& out) {
    constexpr unsigned most_depth = 100;
    if (depth > most_depth) return;
    for (std::size_t i = text.find('$'); i != std::string_view::npos; i = text.find('$', i)) {
        const std::string_view rest = text.substr(i + 1);
        const std::string_view name = name_at(rest);
        if (rest.starts_with('$')) {
            i += 2;
        } else if (!name.empty()) {
            out[std::string(name)] = {std::string(name), {}, {}, false, mark};
            i += 1 + name.size();
        } else if (const std::size_t close = braced_end(rest); close != std::string_view::npos) {
            extract_braced(rest.substr(1, close - 1), mark, depth, out);
            i += close + 2;
        } else {
            if (rest.starts_with('{')) out[""] = {{}, {}, {}, false, mark};  // no template: Compose lists it so
            ++i;
        }
    }
}

void walk(const doc::Node& node, Variables& out) {
    if (node.is_text()) extract(node.as_text(), node.mark(), 0, out);
    if (node.is_list())
        for (const doc::Node& item : node.items()) walk(item, out);
    if (node.is_map())
        for (const doc::Entry& entry : node.entries()) walk(entry.value, out);
}

}  // namespace

std::map<std::string, TemplateVariable> extract_variables(const doc::Node& root) {
    Variables out;
    walk(root, out);
    return out;
}

}  // namespace tutti::compose
