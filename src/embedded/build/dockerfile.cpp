#include "embedded/build/dockerfile.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/build/words.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

std::string to_upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

std::string_view trim_left(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n\v\f");
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

struct Directive {
    std::string key, value;
};

// "# key = value", nothing else on the line.
std::optional<Directive> directive_of(std::string_view line) {
    line = base::trim(line);
    if (!line.starts_with('#')) return std::nullopt;
    line = trim_left(line.substr(1));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto key = base::trim(line.substr(0, equals)), value = base::trim(line.substr(equals + 1));
    const bool word = !key.empty() && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (!word || value.empty()) return std::nullopt;
    return Directive{base::to_lower(key), std::string(value)};
}

class Parser {
  public:
    Parser(std::string_view text, std::uint32_t file, doc::Diagnostics& diagnostics)
        : file_(file), diagnostics_(diagnostics) {
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        if (text.ends_with('\n')) text.remove_suffix(1);
        lines_ = base::split(text, '\n');
        for (auto& line : lines_)
            if (line.ends_with('\r')) line.remove_suffix(1);
    }

    Dockerfile run() {
        read_directives();
        while (at_ < lines_.size()) {
            const auto line = trim_left(lines_[at_]);
            if (line.empty() || line.starts_with('#')) {
                ++at_;
                continue;
            }
            read_statement();
        }
        if (out_.instructions.empty() && !diagnostics_.failed())
            diagnostics_.error(mark(1, 1), "the Dockerfile cannot be empty").with_hint("it begins with FROM <image>");
        return std::move(out_);
    }

  private:
    doc::Mark mark(std::size_t line, std::size_t column) const {
        return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column), file_};
    }

    void read_directives() {
        while (at_ < lines_.size()) {
            const auto directive = directive_of(lines_[at_]);
            if (!directive) return;
            const auto known = [&](std::string_view key) { return directive->key == key; };
            if (!known("syntax") && !known("escape") && !known("check")) return;
            const auto column = lines_[at_].find_first_not_of(" \t") + 1;
            if (std::ranges::find(seen_, directive->key) != seen_.end()) {
                diagnostics_.error(mark(at_ + 1, column),
                                   cat("only one ", directive->key, " parser directive can be used"));
            } else if (known("escape")) {
                if (directive->value == "\\" || directive->value == "`")
                    out_.escape = directive->value[0];
                else
                    diagnostics_.error(mark(at_ + 1, column),
                                       cat("invalid escape token '", directive->value, "' does not match ` or \\"));
            } else {
                (known("syntax") ? out_.syntax : out_.check) = directive->value;
            }
            seen_.push_back(directive->key);
            ++at_;
        }
    }

    // A line that ends in the escape character, alone or after something else than itself, goes on in the next.
    bool continues(std::string_view& line) const {
        const auto last = line.find_last_not_of(" \t");
        if (last == std::string_view::npos || line[last] != out_.escape) return false;
        if (last > 0 && line[last - 1] == out_.escape) return false;
        line = line.substr(0, last);
        return true;
    }

    void read_statement() {
        const std::size_t first = at_;
        std::string_view line = trim_left(lines_[at_]);
        const std::size_t column = static_cast<std::size_t>(line.data() - lines_[at_].data()) + 1;
        std::string statement;
        bool more = continues(line);
        statement += line;
        ++at_;
        while (more && at_ < lines_.size()) {
            line = lines_[at_++];
            const auto trimmed = trim_left(line);
            if (trimmed.empty() || trimmed.starts_with('#')) continue;  // comments and blank lines inside are skipped
            more = continues(line);
            statement += line;
        }
        Instruction instruction = split(statement);
        instruction.mark = mark(first + 1, column);
        if (takes_heredocs(instruction)) read_heredocs(statement, instruction);
        instruction.last_line = static_cast<std::uint32_t>(at_);
        out_.instructions.push_back(std::move(instruction));
    }

    Instruction split(std::string_view statement) const {
        Instruction out;
        out.original = std::string(base::trim(statement));
        statement = base::trim(statement);
        const auto end = statement.find_first_of(" \t\r\n\v\f");
        out.keyword = to_upper(statement.substr(0, end));
        statement = end == std::string_view::npos ? std::string_view() : trim_left(statement.substr(end));
        // ONBUILD's flags belong to the instruction that it wraps.
        while (out.keyword != "ONBUILD" && statement.starts_with("--")) {
            std::string flag;
            const std::size_t length = flag_length(statement, flag);
            statement = trim_left(statement.substr(length));
            if (flag == "--") break;
            out.flags.push_back(std::move(flag));
        }
        out.rest = std::string(base::trim(statement));
        return out;
    }

    // One flag: up to a blank that is neither quoted nor escaped; quotes are taken away.
    std::size_t flag_length(std::string_view text, std::string& flag) const {
        char quote = '\0';
        std::size_t i = 0;
        for (; i < text.size(); ++i) {
            const char c = text[i];
            if (quote == '\0' && (c == ' ' || c == '\t')) break;
            if (c == out_.escape && quote != '\'' && i + 1 < text.size()) {
                flag += text[++i];
            } else if (quote == '\0' && (c == '"' || c == '\'')) {
                quote = c;
            } else if (c == quote && quote != '\0') {
                quote = '\0';
            } else {
                flag += c;
            }
        }
        return i;
    }

    static bool takes_heredocs(const Instruction& instruction) {
        std::string keyword = instruction.keyword;
        if (keyword == "ONBUILD") {
            const std::string_view rest = instruction.rest;
            keyword = to_upper(rest.substr(0, rest.find_first_of(" \t")));
        }
        return keyword == "RUN" || keyword == "COPY" || keyword == "ADD";
    }

    // Words like <<EOF, <<-"EOF", 3<<EOF announce here-documents, in their order, on the lines that follow.
    void read_heredocs(std::string_view statement, Instruction& instruction) {
        std::vector<std::string> words;
        try {
            words = expand_words(statement, [](std::string_view name) { return cat("$", name); }, {out_.escape, true});
        } catch (const base::Error&) {  // an open quote: not for us to judge, a shell may still like it
            return;
        }
        for (const auto& word : words) {
            auto heredoc = announced(word);
            if (!heredoc) continue;
            const std::size_t from = at_;
            bool closed = false;
            while (at_ < lines_.size() && !closed) {
                std::string_view line = lines_[at_++];
                if (heredoc->strip_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
                closed = line == heredoc->name;
                if (!closed) heredoc->content += cat(line, '\n');
            }
            if (!closed) {
                diagnostics_.error(mark(std::min(from + 1, lines_.size()), 1), "unterminated heredoc")
                    .with_hint(cat("a line that is just ", heredoc->name, " ends it"));
                return;
            }
            instruction.heredocs.push_back(std::move(*heredoc));
        }
    }

    static std::optional<Heredoc> announced(std::string_view word) {
        Heredoc out;
        std::size_t i = 0;
        while (i < word.size() && word[i] >= '0' && word[i] <= '9') ++i;
        if (!word.substr(i).starts_with("<<")) return std::nullopt;
        out.file_descriptor = static_cast<int>(base::to_int(word.substr(0, i)).value_or(0));
        word.remove_prefix(i + 2);
        out.strip_tabs = word.starts_with('-');
        if (out.strip_tabs) word.remove_prefix(1);
        if (word.empty() || word.find('<') != std::string_view::npos) return std::nullopt;
        try {
            const auto names = expand_words(word, [](std::string_view name) { return cat("$", name); });
            if (names.size() != 1) return std::nullopt;
            out.name = names[0];
        } catch (const base::Error&) {  // an open quote: no delimiter
            return std::nullopt;
        }
        out.expand = out.name == word;
        return out;
    }

    std::uint32_t file_;
    doc::Diagnostics& diagnostics_;
    std::vector<std::string_view> lines_;
    std::vector<std::string> seen_;
    std::size_t at_ = 0;
    Dockerfile out_;
};

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, std::uint32_t file, doc::Diagnostics& diagnostics) {
    if (text.find('\0') != std::string_view::npos) {
        diagnostics.error(doc::Mark{1, 1, file}, "this is no Dockerfile: it holds binary data");
        return {};
    }
    return Parser(text, file, diagnostics).run();
}

std::optional<std::vector<std::string>> parse_exec_form(std::string_view text) {
    text = base::trim(text);
    if (!text.starts_with('[')) return std::nullopt;
    try {
        const doc::Node node = doc::parse_json(text, "the exec form");
        if (!node.is_list()) return std::nullopt;
        std::vector<std::string> out;
        for (const doc::Node& item : node.items()) {
            if (!item.is_text()) return std::nullopt;
            out.push_back(item.as_text());
        }
        return out;
    } catch (const base::Error&) {  // not JSON: the shell form
        return std::nullopt;
    }
}

}  // namespace tutti::embedded::build
