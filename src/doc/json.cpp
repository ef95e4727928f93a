#include "doc/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "doc/yaml_scalar.h"

namespace tutti::doc {

namespace {

// RapidJSON's events become a Node. Lists and maps under construction wait on a stack.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
  public:
    bool Null() { return add(Node()); }
    bool Bool(bool value) { return add(Node(value)); }
    bool Int(int value) { return add(Node(std::int64_t{value})); }
    bool Uint(unsigned value) { return add(Node(std::int64_t{value})); }
    bool Int64(std::int64_t value) { return add(Node(value)); }
    bool Uint64(std::uint64_t value) {
        Node node(static_cast<std::int64_t>(value));
        if (value > static_cast<std::uint64_t>(INT64_MAX)) node.set_tag(Tag::unsigned_64);
        return add(std::move(node));
    }
    bool Double(double value) { return add(Node(value)); }
    bool String(const char* text, rapidjson::SizeType size, bool) { return add(Node(std::string_view(text, size))); }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        keys_.emplace_back(text, size);
        return true;
    }
    bool StartObject() { return open(Node::map()); }
    bool StartArray() { return open(Node::list()); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }

    Node take() { return std::move(root_); }

  private:
    static constexpr std::size_t most_depth = 2000;

    bool open(Node node) {
        open_.push_back(std::move(node));
        return open_.size() <= most_depth;
    }

    bool close() {
        Node node = std::move(open_.back());
        open_.pop_back();
        if (node.is_map()) drop_duplicates(node.entries());
        return add(std::move(node));
    }

    bool add(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().is_list()) {
            open_.back().items().push_back(std::move(node));
        } else {
            open_.back().entries().push_back({std::move(keys_.back()), {}, std::move(node)});
            keys_.pop_back();
        }
        return true;
    }

    // The last one wins, in the place of the first.
    static void drop_duplicates(Node::Map& entries) {
        constexpr std::size_t few = 8;
        std::vector<std::size_t> order(entries.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        const auto key = [&](std::size_t i) { return std::string_view(entries[i].key); };
        bool found = false;
        if (entries.size() <= few) {
            for (std::size_t i = 1; i < entries.size(); ++i)
                for (std::size_t j = 0; j < i; ++j) found |= entries[i].key == entries[j].key;
            if (!found) return;
        }
        std::ranges::stable_sort(order, {}, key);
        std::vector<bool> drop(entries.size());
        for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
            if (key(order[i]) != key(order[first])) {
                first = i;
                continue;
            }
            entries[order[first]].value = std::move(entries[order[i]].value);
            drop[order[i]] = true;
        }
        std::size_t i = 0;
        std::erase_if(entries, [&](const Entry&) { return drop[i++]; });
    }

    Node root_;
    std::vector<Node> open_;
    std::vector<std::string> keys_;  // one for each open map that waits for its value
};

struct Fault {
    std::size_t offset = 0;
    std::string message;
};

std::optional<Node> read(std::string_view text, Fault& fault) {
    if (const auto bad = base::invalid_utf8_at(text)) {
        fault = {*bad, base::cat("invalid UTF-8 at byte ", *bad)};
        return std::nullopt;
    }
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    Builder builder;
    // Iterative: deep nesting must not eat the stack. Full precision: numbers as written.
    constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, builder);
    if (!result.IsError()) return builder.take();
    fault.offset = result.Offset();
    fault.message = result.Code() == rapidjson::kParseErrorTermination ? "nested too deeply"
                                                                       : rapidjson::GetParseError_En(result.Code());
    if (fault.message.ends_with('.')) fault.message.pop_back();
    return std::nullopt;
}

Mark place(std::string_view text, std::size_t offset, std::uint32_t file) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const std::size_t line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    const auto column =
        before.size() - start - static_cast<std::size_t>(std::ranges::count_if(before.substr(start), continues));
    return {line, column + 1, file};
}

class Writer {
  public:
    explicit Writer(const JsonOptions& options) : options_(options) {}

    std::string document(const Node& node) {
        value(node);
        return std::move(out_);
    }

  private:
    void value(const Node& node) {
        switch (node.kind()) {
            case Kind::null: out_ += "null"; break;
            case Kind::boolean: out_ += node.as_bool() ? "true" : "false"; break;
            case Kind::integer: integer(node); break;
            case Kind::real: out_ += json_number(node.as_real()); break;
            case Kind::text:
                append_json_text(out_, node.tag() == Tag::timestamp ? rfc3339(node.as_text()) : node.as_text(),
                                 options_.escape_html);
                break;
            case Kind::list: list(node); break;
            case Kind::map: map(node); break;
        }
    }

    void integer(const Node& node) {
        std::array<char, 24> buffer{};
        const bool is_unsigned = node.tag() == Tag::unsigned_64;
        const auto end =
            is_unsigned ? std::to_chars(buffer.begin(), buffer.end(), static_cast<std::uint64_t>(node.as_int())).ptr
                        : std::to_chars(buffer.begin(), buffer.end(), node.as_int()).ptr;
        out_.append(buffer.data(), end);
    }

    void list(const Node& node) {
        if (node.items().empty()) {
            out_ += "[]";
            return;
        }
        begin('[');
        for (const Node& item : node.items()) {
            next(&item == node.items().data());
            value(item);
        }
        end(']');
    }

    void map(const Node& node) {
        if (node.entries().empty()) {
            out_ += "{}";
            return;
        }
        begin('{');
        if (options_.sort_keys) {
            std::vector<const Entry*> sorted;
            for (const Entry& one : node.entries()) sorted.push_back(&one);
            std::ranges::sort(sorted, {}, [](const Entry* one) -> const std::string& { return one->key; });
            for (std::size_t i = 0; i < sorted.size(); ++i) entry(*sorted[i], i == 0);
        } else {
            for (const Entry& one : node.entries()) entry(one, &one == node.entries().data());
        }
        end('}');
    }

    void entry(const Entry& entry, bool first) {
        next(first);
        append_json_text(out_, entry.key, options_.escape_html);
        out_ += options_.pretty ? ": " : ":";
        value(entry.value);
    }

    void begin(char bracket) {
        out_ += bracket;
        ++depth_;
    }
    void next(bool first) {
        if (!first) out_ += ',';
        new_line();
    }
    void end(char bracket) {
        --depth_;
        new_line();
        out_ += bracket;
    }
    void new_line() {
        if (!options_.pretty) return;
        out_ += '\n';
        out_.append(depth_ * options_.indent, ' ');
    }

    JsonOptions options_;
    std::string out_;
    std::size_t depth_ = 0;
};

// Length of the valid UTF-8 character at `i`, 0 for an invalid byte.
std::size_t character(std::string_view text, std::size_t i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t width = byte < 0x80 ? 1 : (byte & 0xE0) == 0xC0 ? 2 : (byte & 0xF0) == 0xE0 ? 3 : 4;
    const std::string_view one = text.substr(i, width);
    return one.size() < width || base::invalid_utf8_at(one) ? 0 : width;
}

}  // namespace

std::optional<Node> read_json(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
    Fault fault;
    auto node = read(text, fault);
    if (!node) diagnostics.error(place(text, fault.offset, file), fault.message);
    return node;
}

Node parse_json(std::string_view text, std::string_view what) {
    Fault fault;
    if (auto node = read(text, fault)) return std::move(*node);
    const Mark mark = place(text, fault.offset, 0);
    throw base::Error(base::ErrorKind::invalid, base::cat(what, " is no valid JSON: ", fault.message, " at line ",
                                                          mark.line, ", column ", mark.column));
}

void append_json_text(std::string& out, std::string_view text, bool escape_html) {
    const auto plain = [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\' &&
               !(escape_html && (c == '<' || c == '>' || c == '&'));
    };
    const auto escape_byte = [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        out += base::cat("\\u00", base::to_hex(std::span(&byte, 1)));
    };
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        std::size_t run = i;
        while (run < text.size() && plain(text[run])) ++run;
        out += text.substr(i, run - i);
        if ((i = run) == text.size()) break;
        const char c = text[i];
        if ((static_cast<unsigned char>(c) & 0x80) != 0) {
            const std::size_t width = character(text, i);
            const std::string_view one = text.substr(i, width);
            if (width == 0)
                out += "\\ufffd";
            else if (one == "\xE2\x80\xA8")
                out += "\\u2028";
            else if (one == "\xE2\x80\xA9")
                out += "\\u2029";
            else
                out += one;
            i += std::max<std::size_t>(width, 1);
            continue;
        }
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\b': out += "\\b"; break;
            case '\f': out += "\\f"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            case '\x7F': out += c; break;
            default: escape_byte(c);
        }
        ++i;
    }
    out += '"';
}

// The shortest digits that read back as the same number; an exponent below 1e-6 and from 1e21 on.
std::string json_number(double value) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific).ptr;
    std::string out(buffer.data(), end);
    constexpr double smallest_fixed = 1e-6, largest_fixed = 1e21;
    const double size = std::abs(value);
    const std::size_t e = out.find('e');
    if (size != 0 && (size < smallest_fixed || size >= largest_fixed)) {
        if (out[e + 1] == '-' && out[e + 2] == '0') out.erase(e + 2, 1);  // e-09 → e-9
        return out;
    }
    const int exponent = std::stoi(out.substr(e + 1));
    std::string digits = out.substr(0, e);
    std::erase(digits, '.');
    const std::string sign = digits.starts_with('-') ? "-" : "";
    digits.erase(0, sign.size());
    if (exponent < 0) return base::cat(sign, "0.", std::string(static_cast<std::size_t>(-exponent - 1), '0'), digits);
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) return base::cat(sign, digits, std::string(whole - digits.size(), '0'));
    return base::cat(sign, digits.substr(0, whole), ".", digits.substr(whole));
}

std::string write_json(const Node& node, const JsonOptions& options) { return Writer(options).document(node); }

}  // namespace tutti::doc
