#include "embedded/build/words.h"

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

[[noreturn]] void fail(std::string message) { throw Error(ErrorKind::invalid, std::move(message)); }

// Words being collected: what was quoted or escaped never splits them.
class Words {
  public:
    void add(char c) {
        if (!is_blank(c)) {
            word_ += c;
            open_ = true;
        } else if (open_ && !word_.empty()) {
            finish();
        }
    }
    void add_whole(std::string_view text) {
        word_ += text;
        open_ = true;
    }
    std::vector<std::string> take() {
        if (!word_.empty()) finish();
        return std::move(all_);
    }

  private:
    void finish() {
        all_.push_back(std::move(word_));
        word_.clear();
        open_ = false;
    }
    std::vector<std::string> all_;
    std::string word_;
    bool open_ = false;
};

std::string strip_prefix(std::string_view pattern, std::string_view value, bool longest) {
    std::optional<std::size_t> best;
    for (std::size_t n = 0; n <= value.size(); ++n)
        if (matches_pattern(pattern, value.substr(0, n))) {
            best = n;
            if (!longest) break;
        }
    return std::string(value.substr(best.value_or(0)));
}

std::string strip_suffix(std::string_view pattern, std::string_view value, bool longest) {
    std::optional<std::size_t> best;
    for (std::size_t n = 0; n <= value.size(); ++n)
        if (matches_pattern(pattern, value.substr(value.size() - n))) {
            best = n;
            if (!longest) break;
        }
    return std::string(value.substr(0, value.size() - best.value_or(0)));
}

std::string replace_pattern(std::string_view pattern, std::string_view replacement, std::string_view value, bool all) {
    std::string out;
    std::size_t at = 0;
    while (at <= value.size()) {
        std::optional<std::size_t> length;  // patterns are greedy, as in a shell
        for (std::size_t n = value.size() - at + 1; n-- > 0;)
            if (matches_pattern(pattern, value.substr(at, n))) {
                length = n;
                break;
            }
        if (length && (*length > 0 || pattern.empty())) {
            out += replacement;
            at += *length;
            if (!all) break;
            if (*length > 0) continue;
        }
        if (at < value.size()) out += value[at];
        ++at;
    }
    if (at < value.size()) out += value.substr(at);
    return out;
}

class Expander {
  public:
    Expander(std::string_view text, const Lookup& lookup, const WordRules& rules)
        : text_(text), lookup_(lookup), rules_(rules) {}

    std::string run(Words& words) { return until('\0', false, &words); }

  private:
    bool ended() const { return at_ >= text_.size(); }
    char peek() const { return ended() ? '\0' : text_[at_]; }
    char next() { return ended() ? '\0' : text_[at_++]; }

    // Up to `stop` (which is consumed) or the end of the text when stop is NUL.
    std::string until(char stop, bool keep_escapes, Words* words) {
        if (++depth_ > 100) fail("variables are nested too deep");
        std::string out;
        while (!ended()) {
            const char c = peek();
            if (stop != '\0' && c == stop) {
                ++at_;
                --depth_;
                return out;
            }
            if (c == '\'' || c == '"') {
                const std::string part = c == '"' ? double_quoted(keep_escapes) : single_quoted();
                out += part;
                if (words) words->add_whole(part);
            } else if (c == '$') {
                const std::string part = dollar();
                out += part;
                if (words)
                    for (const char p : part) words->add(p);
            } else {
                plain(out, keep_escapes, words);
            }
        }
        if (stop != '\0') fail("syntax error: missing '}'");
        --depth_;
        return out;
    }

    void plain(std::string& out, bool keep_escapes, Words* words) {
        char c = next();
        if (c != rules_.escape) {
            out += c;
            if (words) words->add(c);
            return;
        }
        if (keep_escapes) {
            out += c;
            if (words) words->add_whole({&c, 1});
        }
        if (ended()) return;
        c = next();
        out += c;
        if (words) words->add_whole({&c, 1});
    }

    std::string single_quoted() {
        const std::size_t close = text_.find('\'', at_ + 1);
        if (close == std::string_view::npos)
            fail("unexpected end of statement while looking for matching single-quote");
        const std::size_t open = std::exchange(at_, close + 1);
        return std::string(rules_.keep_quotes ? text_.substr(open, close - open + 1)
                                              : text_.substr(open + 1, close - open - 1));
    }

    std::string double_quoted(bool keep_escapes) {
        std::string out;
        ++at_;
        if (rules_.keep_quotes) out += '"';
        while (!ended()) {
            const char c = peek();
            if (c == '"') {
                ++at_;
                if (rules_.keep_quotes) out += '"';
                return out;
            }
            if (c == '$') {
                out += dollar();
                continue;
            }
            ++at_;
            if (c == rules_.escape) {
                if (keep_escapes) out += c;
                if (ended()) continue;
                const char escaped = peek();
                if (escaped == '"' || escaped == '$' || escaped == rules_.escape) {
                    out += next();
                    continue;
                }
            }
            out += c;
        }
        fail("unexpected end of statement while looking for matching double-quote");
    }

    std::string name() {
        std::string out;
        if (is_digit(peek())) {
            while (is_digit(peek())) out += next();
            return out;
        }
        constexpr std::string_view special = "@*#?-$!0";
        if (!ended() && special.find(peek()) != std::string_view::npos) return {next()};
        while (!ended() && is_name(peek())) out += next();
        return out;
    }

    std::string dollar() {
        ++at_;
        if (peek() != '{') {
            const std::string variable = name();
            return variable.empty() ? "$" : lookup_(variable).value_or("");
        }
        ++at_;
        if (ended()) fail("syntax error: missing '}'");
        if (peek() == '{' || peek() == '}' || peek() == ':') fail("syntax error: bad substitution");
        const std::string variable = name();
        const auto value = lookup_(variable);
        char op = next();
        if (op == '}') return value.value_or("");
        if (op == '/') return replaced(value.value_or(""));
        const bool colon = op == ':';
        if (colon) op = next();
        if (op == '#' || op == '%') {
            if (colon) fail(cat("unsupported modifier (:", op, ") in substitution"));
            return stripped(op, value.value_or(""));
        }
        if (op != '-' && op != '+' && op != '?')
            fail(op == '\0' ? "syntax error: missing '}'"
                            : cat("unsupported modifier (", colon ? ":" : "", op, ") in substitution"));
        const std::string word = until('}', false, nullptr);
        const bool there = value && !(colon && value->empty());
        if (op == '-') return there ? *value : word;
        if (op == '+') return there ? word : std::string();
        if (!there)
            fail(cat(variable, ": ",
                     !word.empty() ? word
                     : value       ? "is not allowed to be empty"
                                   : "is not allowed to be unset"));
        return *value;
    }

    std::string stripped(char op, const std::string& value) {
        std::string pattern = until('}', true, nullptr);
        const bool longest = !pattern.empty() && pattern[0] == op;
        if (longest) pattern.erase(0, 1);
        return op == '#' ? strip_prefix(pattern, value, longest) : strip_suffix(pattern, value, longest);
    }

    std::string replaced(const std::string& value) {
        const bool all = peek() == '/';
        if (all) ++at_;
        const std::string pattern = until('/', true, nullptr);
        const std::string replacement = until('}', true, nullptr);
        return replace_pattern(pattern, replacement, value, all);
    }

    std::string_view text_;
    const Lookup& lookup_;
    const WordRules& rules_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

std::string expand(std::string_view text, const Lookup& lookup, const WordRules& rules) {
    Words words;
    return Expander(text, lookup, rules).run(words);
}

std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, const WordRules& rules) {
    Words words;
    Expander(text, lookup, rules).run(words);
    return words.take();
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    const auto matches_here = [&](std::size_t& step) {  // one character of the text against the pattern at p
        if (p >= pattern.size() || t >= text.size()) return false;
        step = 1;
        if (pattern[p] == '?') return true;
        if (pattern[p] == '\\' && p + 1 < pattern.size()) {
            step = 2;
            return pattern[p + 1] == text[t];
        }
        return pattern[p] != '*' && pattern[p] == text[t];
    };
    while (t < text.size()) {
        std::size_t step = 0;
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (matches_here(step)) {
            p += step;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace tutti::embedded::build
