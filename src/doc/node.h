// The located value tree: one type for what YAML and JSON files say. A Node knows where it was written and what it came
// from. Used by the loader (merging, decoding), by records on disk and by every JSON we read or print. Not a typed
// model: see model/ for that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doc/node_value.h"

namespace tutti::doc {

// A place in a file; lines and columns count from 1, column in characters; 0 = unknown. `file` indexes doc::Sources.
// Small, as every node has one: columns and files beyond 65,535 are that.
struct Mark {
    std::uint32_t line = 0;
    std::uint16_t column = 0;
    std::uint16_t file = 0;

    constexpr Mark() = default;
    constexpr Mark(std::size_t at_line, std::size_t at_column, std::size_t in_file = 0)
        : line(static_cast<std::uint32_t>(std::min(at_line, std::size_t{UINT32_MAX}))),
          column(static_cast<std::uint16_t>(std::min(at_column, std::size_t{UINT16_MAX}))),
          file(static_cast<std::uint16_t>(std::min(in_file, std::size_t{UINT16_MAX}))) {}

    explicit operator bool() const { return line != 0; }
    bool operator==(const Mark&) const = default;
};

enum class Style : std::uint8_t { any, plain, single_quoted, double_quoted, literal, folded, flow, block };
// !reset, !override; timestamp: an unquoted date, its text as Go prints a time ("2024-01-02 00:00:00 +0000 UTC").
// unsigned_64: an integer beyond 63 bits; as_int() holds its bits. altered: a number whose text is another than what it
// prints as (0644, 1.10, 1_000).
enum class Tag : std::uint8_t { none, reset, override_, timestamp, unsigned_64, altered };

std::string_view to_text(Kind kind);  // "null", "boolean", "integer", "number", "string", "list", "mapping"

struct Origin;

// Shared and counted; null for most nodes.
class OriginRef {
  public:
    OriginRef() = default;
    explicit OriginRef(Origin origin);
    OriginRef(const OriginRef& other);
    OriginRef(OriginRef&& other) noexcept : origin_(std::exchange(other.origin_, nullptr)) {}
    OriginRef& operator=(OriginRef other) noexcept {
        std::swap(origin_, other.origin_);
        return *this;
    }
    ~OriginRef();
    explicit operator bool() const { return origin_ != nullptr; }
    const Origin& operator*() const { return *origin_; }
    const Origin* operator->() const { return origin_; }
    const Origin* get() const { return origin_; }

  private:
    const Origin* origin_ = nullptr;
};

class Node {
  public:
    using List = NodeValue::List;
    using Map = NodeValue::Map;  // in the order written; keys are unique

    Node() = default;  // null
    explicit Node(bool value);
    explicit Node(std::int64_t value);
    explicit Node(double value);
    explicit Node(std::string value);
    explicit Node(std::string_view value);
    explicit Node(const char* value);
    explicit Node(List value);
    explicit Node(Map value);
    static Node list();
    static Node map();
    static Node texts(const std::vector<std::string>& values);  // a list of texts

    Kind kind() const { return value_.kind(); }
    bool is_null() const { return kind() == Kind::null; }
    bool is_bool() const { return kind() == Kind::boolean; }
    bool is_int() const { return kind() == Kind::integer; }
    bool is_real() const { return kind() == Kind::real; }
    bool is_number() const { return is_int() || is_real(); }
    bool is_text() const { return kind() == Kind::text; }
    bool is_list() const { return kind() == Kind::list; }
    bool is_map() const { return kind() == Kind::map; }
    bool is_scalar() const { return kind() < Kind::list; }

    // The value; a wrong kind is a programming error (std::bad_variant_access).
    bool as_bool() const { return value_.boolean(); }
    std::int64_t as_int() const { return value_.integer(); }
    double as_real() const;
    const std::string& as_text() const { return value_.text(); }
    std::string& as_text() { return value_.text(); }
    const List& items() const { return value_.list(); }
    List& items() { return value_.list(); }
    const Map& entries() const { return value_.map(); }
    Map& entries() { return value_.map(); }

    // Forgiving look-ups for records and wire formats: a missing or differently typed value gives the fallback.
    std::string text_or(std::string_view key, std::string_view fallback = {}) const;
    std::int64_t int_or(std::string_view key, std::int64_t fallback = 0) const;
    bool bool_or(std::string_view key, bool fallback = false) const;
    std::vector<std::string> texts_or_empty(std::string_view key) const;

    // Maps. find: null pointer when absent or when this is no map.
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
    const Node* find_path(std::initializer_list<std::string_view> keys) const;
    Node& set(std::string_view key, Node value);  // replaces or appends; makes a null Node a map; returns the value
    Node& add(Entry entry);  // appends to a map that has no such key; makes room for little more: maps are filled once
    bool erase(std::string_view key);
    std::size_t size() const;  // of a list or map; 0 otherwise

    // Lists; makes a null Node a list.
    Node& push(Node value);

    Mark mark() const { return mark_; }
    Node& set_mark(Mark mark) {
        mark_ = mark;
        return *this;
    }
    Style style() const { return style_; }
    void set_style(Style style) { style_ = style; }
    Tag tag() const { return tag_; }
    void set_tag(Tag tag) { tag_ = tag; }

    // What this value came from: overridden values, variables, the service it was extended from. May be null.
    const OriginRef& origin() const { return origin_; }
    void set_origin(OriginRef origin) { origin_ = std::move(origin); }

    // Same value; marks, styles, tags and origins do not count. Maps compare without order.
    friend bool operator==(const Node& a, const Node& b);

  private:
    [[no_unique_address]] NodeValue value_;
    Style style_ = Style::any;
    Tag tag_ = Tag::none;
    Mark mark_;
    OriginRef origin_;
};

struct Entry {
    std::string key;
    Mark key_mark;
    Node value;
};

static_assert(sizeof(Node) == 56, "10,000 services have 665,000 of them");

// Here, as a mapping needs Entry complete.
inline NodeValue::NodeValue(List value) noexcept : list_(std::move(value)), kind_(Kind::list) {}
inline NodeValue::NodeValue(Map value) noexcept : map_(std::move(value)), kind_(Kind::map) {}
inline void NodeValue::take(NodeValue& other) noexcept {
    kind_ = other.kind_;
    switch (kind_) {
        case Kind::text: new (&text_) std::string(std::move(other.text_)); break;
        case Kind::list: new (&list_) List(std::move(other.list_)); break;
        case Kind::map: new (&map_) Map(std::move(other.map_)); break;
        default: integer_ = other.integer_;
    }
}
inline void NodeValue::clear() noexcept {
    switch (std::exchange(kind_, Kind::null)) {
        case Kind::text: text_.~basic_string(); break;
        case Kind::list: list_.~vector(); break;
        case Kind::map: map_.~vector(); break;
        default: break;
    }
}
inline Node::Node(bool value) : value_(value) {}
inline Node::Node(std::int64_t value) : value_(value) {}
inline Node::Node(double value) : value_(value) {}
inline Node::Node(std::string value) : value_(std::move(value)) {}
inline Node::Node(std::string_view value) : value_(std::string(value)) {}
inline Node::Node(const char* value) : value_(std::string(value)) {}
inline Node::Node(List value) : value_(std::move(value)) {}
inline Node::Node(Map value) : value_(std::move(value)) {}
inline Node Node::list() { return Node(List{}); }

// One link of a chain, newest first: how the value got here.
struct Origin {
    enum class How : std::uint8_t { overrode, extended_from, included_from, interpolated, merged_key, alias };

    How how = How::overrode;
    Mark mark;         // where the other value, variable or file reference is written
    std::string text;  // the value before ("${DB:-x}"), the variable ("DB from .env"), the service's name
    OriginRef before;
};

}  // namespace tutti::doc
