// What is wrong with what a person wrote: all located errors, warnings and hints of one reading, printed once, at the
// end. Filled by everything that reads files of users; printed by cli. Not for failed operations: those throw
// base::Error.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace tutti::doc {

// The texts that were read, by the number that Mark::file holds.
class Sources {
  public:
    std::uint32_t add(std::string name, std::string text);
    std::size_t size() const { return files_.size(); }
    const std::string& name(std::uint32_t file) const { return files_.at(file).name; }
    std::string_view text(std::uint32_t file) const { return files_.at(file).text; }
    std::string_view line(Mark mark) const;  // the line that the mark points into, without its end; may be empty
    std::string to_text(Mark mark) const;    // "compose.yaml:14:7"; empty for an unknown place
    void rename(std::uint32_t file, std::string name) { files_.at(file).name = std::move(name); }

  private:
    struct File {
        std::string name, text;
    };
    std::deque<File> files_;  // texts keep their address
};

enum class Severity : std::uint8_t { error, warning };

struct Note {
    Mark mark;         // may be unknown
    std::string text;  // "service extended from here"
};

struct Diagnostic {
    Severity severity = Severity::error;
    Mark mark;                // unknown: the message stands alone
    std::uint32_t width = 1;  // how many characters the caret underlines
    std::string message;
    std::string hint;  // the next step; may be empty
    std::vector<Note> notes;

    Diagnostic& with_hint(std::string text) {
        hint = std::move(text);
        return *this;
    }
    Diagnostic& with_note(Mark place, std::string text) {
        notes.push_back({place, std::move(text)});
        return *this;
    }
    Diagnostic& with_width(std::size_t characters) {
        width = static_cast<std::uint32_t>(characters);
        return *this;
    }
};

class Diagnostics {
  public:
    // The reference stays valid. Adds the notes of the node's origin (overridden, extended, interpolated …).
    Diagnostic& error(Mark mark, std::string message);
    Diagnostic& error(const Node& at, std::string message);
    Diagnostic& warning(Mark mark, std::string message);
    Diagnostic& warning(const Node& at, std::string message);

    bool failed() const { return errors_ != 0; }
    std::size_t errors() const { return errors_; }
    const std::deque<Diagnostic>& all() const { return all_; }  // in the order found
    void append(Diagnostics other);
    void append_elsewhere(Diagnostics other);  // without what stands at the places of errors that are known

  private:
    Diagnostic& add(Severity severity, Mark mark, std::string message);
    std::deque<Diagnostic> all_;
    std::size_t errors_ = 0;
};

// For people: "file:line:col: error: …", the line, a caret, the hint, the notes. Equal ones are printed once.
std::string to_text(const Diagnostics& diagnostics, const Sources& sources, bool colour = false);
// For editors: a list of {severity, file, line, column, width, message, hint, notes}.
Node to_node(const Diagnostics& diagnostics, const Sources& sources);

}  // namespace tutti::doc
