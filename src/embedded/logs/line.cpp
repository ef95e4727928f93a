#include "base/text.h"
#include "base/time.h"
#include "embedded/logs/read.h"

namespace tutti::embedded::logs {

namespace {

// The few JSON forms that a log line is made of; a tree for each of a million lines would cost ten times as much.
class LineReader {
  public:
    explicit LineReader(std::string_view text) : text_(text) {}

    bool take(char c) {
        blanks();
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool text(std::string& out) {
        out.clear();
        if (!take('"')) return false;
        for (;;) {
            const auto plain = text_.find_first_of("\"\\");
            if (plain == std::string_view::npos) return false;
            out.append(text_.substr(0, plain));
            const char c = text_[plain];
            text_.remove_prefix(plain + 1);
            if (c == '"') return true;
            if (!escape(out)) return false;
        }
    }

    bool skip_value() {  // text, number, word, or an object of such
        blanks();
        std::string ignored;
        if (text_.empty()) return false;
        if (text_.front() == '"') return text(ignored);
        if (take('{')) {
            if (take('}')) return true;
            do {
                if (!text(ignored) || !take(':') || !skip_value()) return false;
            } while (take(','));
            return take('}');
        }
        const auto end = text_.find_first_of(",}");
        if (end == std::string_view::npos) return false;
        text_.remove_prefix(end);
        return true;
    }

  private:
    void blanks() {
        while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
    }

    std::optional<unsigned> hex4() {
        if (text_.size() < 4) return std::nullopt;
        const auto value = base::to_uint(text_.substr(0, 4), 16);
        text_.remove_prefix(4);
        if (!value) return std::nullopt;
        return static_cast<unsigned>(*value);
    }

    static void put_utf8(std::string& out, unsigned code) {
        const auto byte = [&](unsigned value) { out.push_back(static_cast<char>(value)); };
        if (code < 0x80) return byte(code);
        if (code < 0x800) {
            byte(0xc0 | code >> 6);
            return byte(0x80 | (code & 0x3f));
        }
        if (code < 0x10000) {
            byte(0xe0 | code >> 12);
        } else {
            byte(0xf0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3f));
        }
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    }

    bool escape(std::string& out) {
        if (text_.empty()) return false;
        const char c = text_.front();
        text_.remove_prefix(1);
        switch (c) {
            case 'n': out.push_back('\n'); return true;
            case 't': out.push_back('\t'); return true;
            case 'r': out.push_back('\r'); return true;
            case 'b': out.push_back('\b'); return true;
            case 'f': out.push_back('\f'); return true;
            case 'u': break;
            default: out.push_back(c); return true;
        }
        auto code = hex4();
        if (!code) return false;
        if (*code >= 0xd800 && *code < 0xdc00 && text_.starts_with("\\u")) {
            text_.remove_prefix(2);
            const auto low = hex4();
            if (!low) return false;
            code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
        }
        put_utf8(out, *code);
        return true;
    }

    std::string_view text_;
};

}  // namespace

std::optional<engine::LogLine> parse_line(std::string_view line) {
    LineReader in(line);
    engine::LogLine out;
    std::string key, value;
    bool has_text = false, has_time = false;
    if (!in.take('{')) return std::nullopt;
    do {
        if (!in.text(key) || !in.take(':')) return std::nullopt;
        if (key == "log") {
            if (!in.text(out.text)) return std::nullopt;
            has_text = true;
        } else if (key == "stream") {
            if (!in.text(value)) return std::nullopt;
            out.stream = value == "stderr" ? engine::StreamKind::stderr_ : engine::StreamKind::stdout_;
        } else if (key == "time") {
            if (!in.text(value)) return std::nullopt;
            const auto time = base::parse_rfc3339(value);
            if (!time) return std::nullopt;
            out.time = *time;
            has_time = true;
        } else if (!in.skip_value()) {
            return std::nullopt;
        }
    } while (in.take(','));
    if (!in.take('}') || !has_text || !has_time) return std::nullopt;
    out.partial = !out.text.ends_with('\n');
    if (!out.partial) out.text.pop_back();
    return out;
}

}  // namespace tutti::embedded::logs
