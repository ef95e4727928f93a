#include "cli/go_template.h"

#include <cctype>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template_parts.h"

namespace tutti::cli {
namespace {

using base::cat;
using Part = GoTemplate::Part;

[[noreturn]] void fail(std::string_view why) {
    throw base::Error(base::ErrorKind::invalid, cat("template parsing error: template: :1: ", why));
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The inside of one {{ }}.
class Action {
  public:
    explicit Action(std::string_view text) : text_(text) {}

    std::string word() {
        skip();
        std::string name;
        while (at_ < text_.size() && is_name(text_[at_])) name.push_back(text_[at_++]);
        return name;
    }
    std::size_t position() const { return at_; }
    void back_to(std::size_t position) { at_ = position; }
    bool at_end() {
        skip();
        return at_ == text_.size();
    }

    Pipeline pipeline(char closing = 0) {
        Pipeline commands(1);
        while (true) {
            skip();
            if (at_ == text_.size() || (closing && text_[at_] == closing)) break;
            if (text_[at_] == '|') {
                ++at_;
                commands.emplace_back();
                continue;
            }
            commands.back().push_back(operand());
        }
        for (const auto& command : commands)
            if (command.empty()) fail("missing value for command");
        return commands;
    }

  private:
    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }

    Operand operand() {
        const char c = text_[at_];
        if (c == '.') return field();
        if (c == '"' || c == '`') return quoted(c);
        if (c == '(') return nested();
        if (c == '$') {
            ++at_;
            if (at_ < text_.size() && is_name(text_[at_])) fail("variables are not supported");
            Operand root;
            root.kind = Operand::Kind::root;
            if (at_ < text_.size() && text_[at_] == '.') root.path = field().path;
            return root;
        }
        if (c == '-' || std::isdigit(static_cast<unsigned char>(c))) return number();
        Operand operand;
        operand.function = word();
        if (operand.function.empty()) fail(cat("unexpected \"", c, "\" in operand"));
        operand.kind = Operand::Kind::function;
        if (operand.function == "true" || operand.function == "false") {
            operand.kind = Operand::Kind::literal;
            operand.literal = doc::Node(operand.function == "true");
        } else if (operand.function == "nil") {
            operand.kind = Operand::Kind::literal;
        }
        return operand;
    }

    Operand field() {
        Operand operand;
        operand.kind = Operand::Kind::field;
        while (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            std::string name;
            while (at_ < text_.size() && is_name(text_[at_])) name.push_back(text_[at_++]);
            if (!name.empty()) operand.path.push_back(std::move(name));
        }
        return operand;
    }

    Operand quoted(char quote) {
        std::string text;
        for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size()) {
                const char next = text_[++at_];
                text.push_back(next == 'n' ? '\n' : next == 't' ? '\t' : next);
            } else {
                text.push_back(text_[at_]);
            }
        }
        if (at_ == text_.size()) fail("unterminated quoted string");
        ++at_;
        Operand operand;
        operand.literal = doc::Node(text);
        return operand;
    }

    Operand nested() {
        ++at_;
        Operand operand;
        operand.kind = Operand::Kind::pipeline;
        operand.pipeline = pipeline(')');
        if (at_ == text_.size()) fail("unclosed left paren");
        ++at_;
        return operand;
    }

    Operand number() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '-' || text_[at_] == '.')) ++at_;
        const auto value = base::to_int(text_.substr(begin, at_ - begin));
        if (!value) fail(cat("bad number syntax: \"", text_.substr(begin, at_ - begin), "\""));
        Operand operand;
        operand.literal = doc::Node(*value);
        return operand;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    std::vector<Part> all() {
        std::vector<Part> parts = block();
        if (!end_.empty()) fail(cat("unexpected {{", end_, "}}"));
        return parts;
    }

  private:
    // Until {{end}} or {{else …}}, which stay in end_ and rest_.
    std::vector<Part> block() {
        std::vector<Part> parts;
        end_.clear();
        while (at_ < text_.size()) {
            const auto open = text_.find("{{", at_);
            std::string_view plain = text_.substr(at_, open == std::string_view::npos ? open : open - at_);
            if (std::exchange(trim_next_, false))
                plain = plain.substr(std::min(plain.find_first_not_of(" \t\r\n"), plain.size()));
            const bool trims = open != std::string_view::npos && text_.substr(open).starts_with("{{- ");
            if (trims) plain = plain.substr(0, plain.find_last_not_of(" \t\r\n") + 1);
            if (!plain.empty()) {
                Part part;
                part.text = plain;
                parts.push_back(std::move(part));
            }
            if (open == std::string_view::npos) {
                at_ = text_.size();
                break;
            }
            const auto close = text_.find("}}", open);
            if (close == std::string_view::npos) fail("unclosed action");
            std::string_view inside = text_.substr(open + 2, close - open - 2);
            at_ = close + 2;
            if (trims) inside.remove_prefix(1);
            if (inside.ends_with(" -")) {
                trim_next_ = true;
                inside.remove_suffix(1);
            }
            if (inside.starts_with("/*")) continue;
            Action action(inside);
            const std::string word = action.word();
            if (word == "end" || word == "else") {
                end_ = word;
                rest_ = inside.substr(action.position());
                return parts;
            }
            parts.push_back(part(word, action));
        }
        return parts;
    }

    Part part(const std::string& word, Action& action) {
        Part part;
        part.kind = word == "if"      ? Part::Kind::if_
                    : word == "range" ? Part::Kind::range
                    : word == "with"  ? Part::Kind::with
                                      : Part::Kind::action;
        for (const std::string_view other : {"define", "template", "block", "break", "continue"})
            if (word == other) fail(cat("{{", word, "}} is not supported"));
        if (part.kind == Part::Kind::action) action.back_to(0);
        part.pipeline = action.pipeline();
        if (part.kind == Part::Kind::action) return part;
        part.body = block();
        if (end_ == "else") part.otherwise = otherwise();
        if (end_ != "end") fail("unexpected EOF");
        end_.clear();
        return part;
    }

    // {{else}} … or {{else if X}} …, which is an if of its own with one end for both.
    std::vector<Part> otherwise() {
        Action action(rest_);
        if (action.at_end()) return block();
        const std::string word = action.word();
        std::vector<Part> one;
        one.push_back(part(word, action));
        end_ = "end";
        return one;
    }

    std::string_view text_, rest_;
    std::size_t at_ = 0;
    std::string end_;
    bool trim_next_ = false;
};

}  // namespace

GoTemplate::GoTemplate(std::string_view text) : parts_(Reader(text).all()) {}
GoTemplate::~GoTemplate() = default;
GoTemplate::GoTemplate(GoTemplate&&) noexcept = default;

std::string GoTemplate::run(const doc::Node& data, const Methods& methods) const {
    return run_parts(parts_, data, methods, false);
}
std::string GoTemplate::run_titles(const doc::Node& titles) const { return run_parts(parts_, titles, {}, true); }

}  // namespace tutti::cli
