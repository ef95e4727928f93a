#include "compose/template.h"

#include "base/text.h"

namespace tutti::compose {

namespace {

constexpr unsigned most_depth = 100;

// `${NAME` is followed by an operator: its length, else 0.
std::size_t operator_at(std::string_view text) {
    const std::size_t colon = text.starts_with(':') ? 1 : 0;
    if (text.size() <= colon || std::string_view("-+?").find(text[colon]) == std::string_view::npos) return 0;
    return colon + 1;
}

}  // namespace

bool is_name_start(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::string_view name_at(std::string_view text) {
    if (text.empty() || !is_name_start(text[0])) return {};
    std::size_t n = 1;
    while (n < text.size() && is_name(text[n])) ++n;
    return text.substr(0, n);
}

std::size_t closing_brace(std::string_view text) {
    int open = 0;
    for (std::size_t i = 0; i < text.size() && text[i] != '\n'; ++i) {
        if (text[i] == '}' && --open == 0) return i;
        if (text[i] == '{') {
            ++open;
            ++i;
        }
    }
    return std::string_view::npos;
}

struct Template::Match {
    enum class Kind { none, escaped, plain, braced, invalid } kind = Kind::none;
    std::string_view text;  // from the dollar on
};

// What stands at a dollar.
Template::Match Template::match_at(std::string_view text, std::size_t dollar) {
    const std::string_view rest = text.substr(dollar + 1);
    if (rest.starts_with('$')) return {Match::Kind::escaped, text.substr(dollar, 2)};
    if (const auto name = name_at(rest); !name.empty())
        return {Match::Kind::plain, text.substr(dollar, 1 + name.size())};
    if (!rest.starts_with('{')) return {};
    const std::string_view name = name_at(rest.substr(1));
    const std::string_view after = rest.substr(1 + name.size());
    const Match invalid{Match::Kind::invalid, text.substr(dollar, 2)};
    if (name.empty()) return invalid;
    if (after.starts_with('}')) return {Match::Kind::braced, text.substr(dollar, name.size() + 3)};
    if (operator_at(after) == 0) return invalid;
    // Where no brace of the line balances the first one, its last brace closes.
    std::size_t close = closing_brace(text.substr(dollar));
    if (close == std::string_view::npos) {
        const std::string_view line = after.substr(0, after.find('\n'));
        const std::size_t last = line.rfind('}');
        if (last == std::string_view::npos) return invalid;
        close = 2 + name.size() + last;
    }
    return {Match::Kind::braced, text.substr(dollar, close + 1)};
}

// Ends at the first fault: the result is of no use then.
std::string Template::substitute(std::string_view text, unsigned depth) {
    std::string out;
    std::size_t from = 0;
    for (std::size_t dollar = text.find('$'); dollar != std::string_view::npos && !fault_;
         dollar = text.find('$', from)) {
        out += text.substr(from, dollar - from);
        const Match match = match_at(text, dollar);
        from = dollar + std::max<std::size_t>(match.text.size(), 1);
        switch (match.kind) {
            case Match::Kind::none:
            case Match::Kind::escaped: out += '$'; break;
            case Match::Kind::plain: out += plain(match.text.substr(1), match.text); break;
            case Match::Kind::braced: out += braced(match.text, depth); break;
            case Match::Kind::invalid: fail(true, std::string(text), match.text); break;
        }
    }
    return out += text.substr(std::min(from, text.size()));
}

std::string Template::braced(std::string_view text, unsigned depth) {
    const std::string_view inside = text.substr(2, text.size() - 3);
    const std::string_view name = name_at(inside);
    const std::size_t length = operator_at(inside.substr(name.size()));
    if (length == 0) return plain(name, text);
    if (depth > most_depth) {
        fail(true, "nested too deeply", text);
        return {};
    }
    const std::string_view operand = inside.substr(name.size() + length);
    const char kind = inside[name.size() + length - 1];
    const Variable* variable = find(name);
    const bool counts = variable && (length == 1 || !variable->value.empty());
    if (kind == '+') return counts ? substitute(operand, depth + 1) : std::string();
    if (counts) return variable->value;
    return kind == '-' ? substitute(operand, depth + 1) : required(name, operand, text, depth);
}

std::string Template::required(std::string_view name, std::string_view reason, std::string_view where, unsigned depth) {
    const std::string text = substitute(reason, depth + 1);
    fail(false, base::cat("required variable ", name, " is missing a value", text.empty() ? "" : ": ", text), where);
    return {};
}

std::string Template::plain(std::string_view name, std::string_view where) {
    if (const Variable* variable = find(name)) return variable->value;
    if (on_unset_) on_unset_(name, where);
    return {};
}

const Variable* Template::find(std::string_view name) {
    const Variable* variable = lookup_(name);
    used_.push_back({std::string(name), variable});
    return variable;
}

void Template::fail(bool invalid, std::string message, std::string_view where) {
    if (!fault_) fault_ = TemplateFault{invalid, std::move(message), where};
}

}  // namespace tutti::compose
