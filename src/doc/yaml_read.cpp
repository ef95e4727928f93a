#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "doc/yaml.h"
#include "doc/yaml_scalar.h"
#include "doc/yaml_text.h"

namespace tutti::doc {

namespace {

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) {
    return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

// An event of libyaml; frees it.
class Event {
  public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }
    yaml_event_t* get() { return &event_; }
    const yaml_event_t* operator->() const { return &event_; }

  private:
    yaml_event_t event_{};
};

// Thrown inside this file when reading cannot go on; the fault is already reported.
struct Stop {};

struct Anchored {
    Node node;
    std::uint64_t nodes = 0;
    bool open = true;  // still being read: an alias to it would contain itself
};

// Removes what !reset leaves out and forgets !override: in a merged list of mappings the tags have no effect.
void drop_tags(Node& node) {
    if (node.tag() == Tag::override_) node.set_tag(Tag::none);
    if (node.is_list())
        for (Node& item : node.items()) drop_tags(item);
    if (!node.is_map()) return;
    std::erase_if(node.entries(), [](const Entry& entry) { return entry.value.tag() == Tag::reset; });
    for (Entry& entry : node.entries()) drop_tags(entry.value);
}

class Reader {
  public:
    Reader(YamlText& source, std::uint32_t file, Diagnostics& diagnostics, const YamlLimits& limits)
        : file_(file), diagnostics_(diagnostics), limits_(limits), source_(source) {
        if (!yaml_parser_initialize(&parser_)) throw std::bad_alloc();
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(source_.text().data()),
                                     source_.text().size());
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { yaml_parser_delete(&parser_); }

    // False: the text was rewritten, read it again.
    bool read(std::vector<Node>& out) {
        try {
            while (true) {
                Event event;
                next(event);
                if (event->type == YAML_STREAM_END_EVENT) break;
                if (event->type != YAML_DOCUMENT_START_EVENT) continue;
                check_version(event);
                Event root;
                next(root);
                out.push_back(node(root, 0));
            }
        } catch (const Stop&) {}
        return !again_;
    }

  private:
    // Inside an !override nothing is tagged any more.
    struct Untagged {
        explicit Untagged(Reader& reader, bool on) : reader_(reader), before_(reader.untagged_) {
            reader.untagged_ |= on;
        }
        Untagged(const Untagged&) = delete;
        Untagged& operator=(const Untagged&) = delete;
        ~Untagged() { reader_.untagged_ = before_; }
        Reader& reader_;
        bool before_;
    };

    void next(Event& event) {
        if (!yaml_parser_parse(&parser_, event.get())) fail_parser();
    }

    Mark mark(const yaml_mark_t& at) const { return source_.original({at.line + 1, at.column + 1, file_}); }

    [[noreturn]] void fail(Mark at, std::string message, std::string hint = {}) {
        diagnostics_.error(at, std::move(message)).with_hint(std::move(hint));
        throw Stop{};
    }

    [[noreturn]] void fail_parser() {
        const std::string problem = parser_.problem ? parser_.problem : "cannot read this";
        if (parser_.error == YAML_READER_ERROR) {
            const Mark at = source_.mark_of_offset(parser_.problem_offset, file_);
            fail(at, parser_.problem_value > 0 ? base::cat(problem, " (value: ", parser_.problem_value, ")") : problem);
        }
        const Mark written{parser_.problem_mark.line + 1, parser_.problem_mark.column + 1, file_};
        if (problem.find("unknown escape") != std::string::npos && source_.rewrite_quote_escape(written)) {
            again_ = true;
            throw Stop{};
        }
        const Mark at = source_.original(written);
        Diagnostic& diagnostic = diagnostics_.error(at, problem);
        diagnostic.with_hint(yaml_hint(problem, source_.line(written), written));
        if (parser_.context && parser_.context_mark.line != parser_.problem_mark.line)
            diagnostic.with_note(mark(parser_.context_mark), parser_.context);
        throw Stop{};
    }

    void check_version(const Event& event) {
        const yaml_version_directive_t* version = event->data.document_start.version_directive;
        if (version && (version->major != 1 || version->minor != 1))
            fail(mark(event->start_mark), "found incompatible YAML document",
                 "remove the %YAML line: documents are read as YAML 1.1, as Docker Compose does");
    }

    Node node(const Event& event, std::uint32_t depth) {
        if (depth > limits_.depth)
            fail(mark(event->start_mark), base::cat("nested deeper than ", std::uint64_t{limits_.depth}, " levels"));
        ++nodes_;
        switch (event->type) {
            case YAML_ALIAS_EVENT: return alias(event);
            case YAML_SCALAR_EVENT: return anchored(event, event->data.scalar.anchor, [&] { return scalar(event); });
            case YAML_SEQUENCE_START_EVENT:
                return anchored(event, event->data.sequence_start.anchor, [&] { return list(event, depth); });
            case YAML_MAPPING_START_EVENT:
                return anchored(event, event->data.mapping_start.anchor, [&] { return map(event, depth); });
            default: fail(mark(event->start_mark), "a value is expected here");
        }
    }

    template <class Read>
    Node anchored(const Event& event, const yaml_char_t* anchor, Read read) {
        if (!anchor) {
            Node out = read();
            out.set_mark(mark(event->start_mark));
            return out;
        }
        const std::string name(view(anchor));
        const std::uint64_t before = nodes_;
        anchors_[name] = {};
        Node out = read();
        out.set_mark(mark(event->start_mark));
        anchors_[name] = {out, nodes_ - before + 1, false};
        return out;
    }

    Node alias(const Event& event) {
        const Mark at = mark(event->start_mark);
        const std::string name(view(event->data.alias.anchor));
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) {
            std::vector<std::string_view> names;
            for (const auto& [known, anchor] : anchors_) names.push_back(known);
            const auto near = base::did_you_mean(name, names);
            fail(at, base::cat("unknown anchor '", name, "' referenced"),
                 near ? base::cat("did you mean '", *near, "'?") : "");
        }
        if (found->second.open) fail(at, base::cat("anchor '", name, "' value contains itself"));
        copied_ += found->second.nodes;
        nodes_ += found->second.nodes - 1;
        if (copied_ > std::max(limits_.alias_nodes, (nodes_ - copied_) * limits_.alias_ratio))
            fail(at, "document contains excessive aliasing",
                 base::cat("the aliases up to here stand for ", copied_, " values; write less of them out"));
        Node out = found->second.node;
        if (untagged_) drop_tags(out);
        out.set_origin(OriginRef({Origin::How::alias, at, name, out.origin()}));
        return out;
    }

    // A value under an explicit tag.
    Node tagged_scalar(const Event& event, std::string_view tag, std::string_view text) {
        const Mark at = mark(event->start_mark);
        if (!tag.starts_with(core_tag)) return Node(text);  // unknown tags are ignored, the value is text
        const std::string_view name = tag.substr(core_tag.size());
        if (name == "str" || name == "merge") return Node(text);
        if (name == "binary") {
            auto bytes = from_base64(text);
            if (!bytes) fail(at, "!!binary value contains invalid base64 data");
            return Node(std::move(*bytes));
        }
        Scalar resolved = resolve_scalar(text);
        const auto is = [&](ScalarType type, std::string_view wanted) {
            return resolved.type == type && name == wanted;
        };
        if (is(ScalarType::integer, "float")) return Node(resolved.value.as_real());
        if (is(ScalarType::null, "null") || is(ScalarType::boolean, "bool") || is(ScalarType::integer, "int") ||
            is(ScalarType::real, "float") || is(ScalarType::timestamp, "timestamp"))
            return finite(std::move(resolved.value), at);
        constexpr std::string_view checked[] = {"null", "bool", "int", "float", "timestamp"};
        if (std::ranges::find(checked, name) == std::end(checked)) return Node(text);
        fail(at, base::cat("cannot construct `", text, "` as a !!", name));
    }

    Node finite(Node value, Mark at) {
        if (value.is_real() && !(value.as_real() - value.as_real() == 0))
            fail(at, "infinite numbers and .nan are not supported", "quote the value if it is a text");
        return value;
    }

    Node scalar(const Event& event) {
        const auto& data = event->data.scalar;
        const std::string_view raw(reinterpret_cast<const char*>(data.value), data.length);
        const std::string restored = source_.has_controls() ? source_.restored(raw) : std::string();
        const std::string_view text = source_.has_controls() ? std::string_view(restored) : raw;
        if (data.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) check_escapes(event);
        const std::string_view tag = view(data.tag);
        if (tag == "!reset" && !untagged_) {
            Node out;
            out.set_tag(Tag::reset);
            return out;
        }
        if (!tag.empty()) {
            Node out = tagged_scalar(event, tag, text);
            if (tag == "!override" && !untagged_) out.set_tag(Tag::override_);
            return out;
        }
        if (data.style != YAML_PLAIN_SCALAR_STYLE) {
            Node out(text);
            out.set_style(style(data.style));
            return out;
        }
        Scalar resolved = resolve_scalar(text);
        if (resolved.type == ScalarType::text || resolved.type == ScalarType::merge) return Node(text);
        Node value = finite(std::move(resolved.value), mark(event->start_mark));
        if (value.tag() == Tag::none && is_altered(text, value)) value.set_tag(Tag::altered);
        return value;
    }

    static bool is_altered(std::string_view text, const Node& number) {
        if (number.is_int()) return text != std::to_string(number.as_int());
        return number.is_real() && (text.front() == '.' || text.back() == '.' || text.back() == '0' ||
                                    text.find_first_of("eE_+") != std::string_view::npos);
    }

    static Style style(yaml_scalar_style_t style) {
        switch (style) {
            case YAML_SINGLE_QUOTED_SCALAR_STYLE: return Style::single_quoted;
            case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return Style::double_quoted;
            case YAML_LITERAL_SCALAR_STYLE: return Style::literal;
            case YAML_FOLDED_SCALAR_STYLE: return Style::folded;
            default: return Style::plain;
        }
    }

    // libyaml takes "\/", which Compose's library refuses.
    void check_escapes(const Event& event) {
        if (!has_slash_escapes_) return;
        const std::size_t from = source_.offset({event->start_mark.line + 1, event->start_mark.column + 1});
        const std::size_t to = source_.offset({event->end_mark.line + 1, event->end_mark.column + 1});
        const std::string_view written = source_.text().substr(from, to - from);
        for (std::size_t i = 0; i + 1 < written.size(); ++i) {
            if (written[i] != '\\') continue;
            if (written[++i] == '/')
                fail(mark(event->start_mark), "found unknown escape character '/'", "write a plain / instead of \\/");
        }
    }

    Tag tag_of(const yaml_char_t* tag) const {
        if (untagged_) return Tag::none;
        return view(tag) == "!reset" ? Tag::reset : view(tag) == "!override" ? Tag::override_ : Tag::none;
    }

    Node list(const Event& event, std::uint32_t depth) {
        const Tag tag = tag_of(event->data.sequence_start.tag);
        const Untagged guard(*this, tag != Tag::none);
        const std::size_t from = items_.size();
        while (true) {
            Event item;
            next(item);
            if (item->type == YAML_SEQUENCE_END_EVENT) break;
            Node value = node(item, depth + 1);
            if (value.tag() == Tag::reset)
                diagnostics_.warning(value, "!reset on a list item only leaves the item out")
                    .with_hint("put !reset or !override on the list itself to drop items of earlier files");
            else
                items_.push_back(std::move(value));
        }
        const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(from);
        Node out(Node::List(std::make_move_iterator(begin), std::make_move_iterator(items_.end())));
        items_.erase(begin, items_.end());
        return finish(std::move(out), tag, event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    }

    Node map(const Event& event, std::uint32_t depth) {
        const Tag tag = tag_of(event->data.mapping_start.tag);
        const Untagged guard(*this, tag != Tag::none);
        const std::size_t from = entries_.size();
        std::vector<std::pair<Mark, Node>> merges;
        while (true) {
            Event key;
            next(key);
            if (key->type == YAML_MAPPING_END_EVENT) break;
            const Mark at = mark(key->start_mark);
            const bool merge = key->type == YAML_SCALAR_EVENT && is_merge(key);
            std::string name = merge ? "<<" : key_text(key, depth);
            Event value;
            next(value);
            Node content = node(value, depth + 1);
            if (merge && content.tag() != Tag::reset) {
                if (!merges.empty())
                    fail(at, base::cat("mapping key \"<<\" already defined at line ", merges[0].first.line),
                         "merge several mappings with a list: <<: [*a, *b]");
                merges.emplace_back(at, std::move(content));
            } else if (!merge) {
                entries_.push_back({std::move(name), at, std::move(content)});
            }
        }
        const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(from);
        Node out(Node::Map(std::make_move_iterator(begin), std::make_move_iterator(entries_.end())));
        entries_.erase(begin, entries_.end());
        check_unique(out.entries());
        for (auto& [at, source] : merges) merge_sources(out, std::move(source), at);
        return finish(std::move(out), tag, event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    }

    static Node finish(Node out, Tag tag, bool flow) {
        if (tag == Tag::reset) out = Node();
        out.set_tag(tag);
        out.set_style(flow ? Style::flow : Style::block);
        return out;
    }

    static bool is_merge(const Event& key) {
        const auto& data = key->data.scalar;
        if (view(data.tag) == "tag:yaml.org,2002:merge") return true;
        return !data.tag && data.style == YAML_PLAIN_SCALAR_STYLE && view(data.value) == "<<";
    }

    std::string key_text(const Event& event, std::uint32_t depth) {
        const Mark at = mark(event->start_mark);
        if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT) {
            node(event, depth + 1);
            fail(at, base::cat("a ", event->type == YAML_MAPPING_START_EVENT ? "mapping" : "list", " cannot be a key"));
        }
        const Node key = node(event, depth + 1);
        if (key.is_text() && key.tag() != Tag::timestamp) return key.as_text();
        const std::string written =
            event->type == YAML_SCALAR_EVENT ? std::string(view(event->data.scalar.value)) : std::string("alias");
        diagnostics_.error(at, base::cat("non-string key: ", written.empty() ? "null" : written))
            .with_hint(base::cat("keys are texts, this one is read as a ", to_text(key.kind()), ": quote it"));
        return written;
    }

    void check_unique(const Node::Map& entries) {
        if (entries.size() < 2) return;
        constexpr std::size_t few = 8;
        if (entries.size() <= few) {
            for (std::size_t i = 1; i < entries.size(); ++i)
                for (std::size_t j = 0; j < i; ++j)
                    if (entries[i].key == entries[j].key) report_duplicate(entries[j], entries[i]);
            return;
        }
        std::vector<const Entry*> sorted;
        sorted.reserve(entries.size());
        for (const Entry& entry : entries) sorted.push_back(&entry);
        std::ranges::stable_sort(sorted, {}, [](const Entry* entry) { return std::string_view(entry->key); });
        for (std::size_t i = 1; i < sorted.size(); ++i)
            if (sorted[i]->key == sorted[i - 1]->key) report_duplicate(*sorted[i - 1], *sorted[i]);
    }

    void report_duplicate(const Entry& first, const Entry& second) {
        diagnostics_
            .error(second.key_mark,
                   base::cat("mapping key \"", second.key, "\" already defined at line ", first.key_mark.line))
            .with_width(second.key.size())
            .with_note(first.key_mark, "first defined here");
    }

    void merge_sources(Node& into, Node source, Mark at) {
        if (source.is_map()) return merge_one(into, std::move(source), at);
        const bool maps = source.is_list() && std::ranges::all_of(source.items(), &Node::is_map);
        if (!maps) fail(at, "map merge requires map or sequence of maps as the value");
        drop_tags(source);
        for (Node& item : source.items()) merge_one(into, std::move(item), at);
    }

    void merge_one(Node& into, Node source, Mark at) {
        const OriginRef origin({Origin::How::merged_key, at, {}, {}});
        const auto is_new = [&](const Entry& entry) { return !into.find(entry.key); };
        const auto fresh = std::ranges::count_if(source.entries(), is_new);
        into.entries().reserve(into.size() + static_cast<std::size_t>(fresh));
        for (Entry& entry : source.entries()) {
            Node* own = into.find(entry.key);
            if (own && own->tag() != Tag::reset) continue;
            entry.value.set_origin(
                entry.value.origin() ? OriginRef({Origin::How::merged_key, at, {}, entry.value.origin()}) : origin);
            if (own) {
                *own = std::move(entry.value);
                own->set_tag(Tag::override_);
            } else {
                into.add(std::move(entry));
            }
        }
    }

    yaml_parser_t parser_{};
    std::uint32_t file_;
    Diagnostics& diagnostics_;
    YamlLimits limits_;
    YamlText& source_;
    std::map<std::string, Anchored, std::less<>> anchors_;  // across documents
    std::vector<Node> items_;                               // of the lists being read
    std::vector<Entry> entries_;                            // of the maps being read
    std::uint64_t nodes_ = 0, copied_ = 0;
    bool untagged_ = false;
    bool again_ = false;
    bool has_slash_escapes_ = source_.text().find("\\/") != std::string_view::npos;
};

}  // namespace

std::vector<Node> read_yaml(std::string_view text, std::uint32_t file, Diagnostics& diagnostics,
                            const YamlLimits& limits) {
    if (const auto fault = encoding_fault(text, file)) {
        diagnostics.error(fault->mark, fault->message).with_hint(fault->hint);
        return {};
    }
    YamlText source(text);
    while (true) {
        std::vector<Node> out;
        Diagnostics found;
        if (!Reader(source, file, found, limits).read(out)) continue;
        diagnostics.append(std::move(found));
        return out;
    }
}

}  // namespace tutti::doc
