// Values and command lines as Go programs print and split them.
#include "doc/go_text.h"

#include "model/read.h"

namespace tutti::model {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The state of one pass over a command line, as the shell-word splitter of Compose keeps it.
class WordSplitter {
  public:
    std::optional<CommandLine> split(std::string_view line) {
        std::string_view dropped;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const char c = line[i];
            if (escaped_)
                add_escaped(c);
            else if (c == '\\' && !single_)
                escaped_ = true;
            else if (is_blank(c) && !quoted())
                end_word();
            else if (ends_command(c)) {
                dropped = line.substr(i);
                break;
            } else if (!take(c))
                return std::nullopt;
        }
        if (escaped_ || quoted()) return std::nullopt;
        end_word();
        return CommandLine{std::move(words_), dropped};
    }

  private:
    bool quoted() const { return single_ || double_ || backquote_ || dollar_; }

    void add_escaped(char c) {
        word_ += c == 't' ? '\t' : c == 'n' ? '\n' : c;
        escaped_ = false;
        started_ = true;
    }

    void end_word() {
        if (started_) words_.push_back(std::move(word_));
        word_.clear();
        started_ = false;
    }

    // What follows an unquoted operator is silently not part of the command; a digit before > goes with it.
    bool ends_command(char c) {
        if (quoted() || std::string_view(";&|<>").find(c) == std::string_view::npos) return false;
        if (c == '>' && !word_.empty() && word_[0] >= '0' && word_[0] <= '9') started_ = false;
        return true;
    }

    // False for a parenthesis that opens nothing.
    bool take(char c) {
        if (c == '`' && !single_ && !double_ && !dollar_) {
            backquote_ = !backquote_;
        } else if (c == ')' && !single_ && !double_ && !backquote_) {
            dollar_ = !dollar_;
        } else if (c == '(' && !single_ && !double_ && !backquote_) {
            if (dollar_ || !word_.ends_with('$')) return false;
            dollar_ = true;
            word_ += '(';
            return true;
        } else if (c == '"' && !single_ && !dollar_) {
            started_ = started_ || double_;
            double_ = !double_;
            return true;
        } else if (c == '\'' && !double_ && !dollar_) {
            started_ = started_ || single_;
            single_ = !single_;
            return true;
        }
        word_ += c;
        started_ = true;
        return true;
    }

    Texts words_;
    std::string word_;
    bool started_ = false, escaped_ = false;
    bool single_ = false, double_ = false, backquote_ = false, dollar_ = false;
};

}  // namespace

std::string to_go_text(const doc::Node& scalar) { return doc::go_text(scalar); }

std::optional<CommandLine> split_command(std::string_view text) { return WordSplitter().split(text); }

}  // namespace tutti::model
