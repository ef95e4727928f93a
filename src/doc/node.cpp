#include "doc/node.h"

#include <algorithm>
#include <atomic>

#include "base/text.h"

namespace tutti::doc {

namespace {

// Node trees are read by several threads, so the count is atomic.
struct CountedOrigin : Origin {
    mutable std::atomic<std::uint32_t> owners{1};
};

const CountedOrigin* counted(const Origin* origin) { return static_cast<const CountedOrigin*>(origin); }

}  // namespace

OriginRef::OriginRef(Origin origin) : origin_(new CountedOrigin{std::move(origin)}) {}

OriginRef::OriginRef(const OriginRef& other) : origin_(other.origin_) {
    if (origin_) counted(origin_)->owners.fetch_add(1, std::memory_order_relaxed);
}

// In a loop, as a chain may be long.
OriginRef::~OriginRef() {
    while (origin_ && counted(origin_)->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        auto* last = const_cast<CountedOrigin*>(counted(origin_));
        origin_ = std::exchange(last->before.origin_, nullptr);
        delete last;
    }
}

std::string_view to_text(Kind kind) {
    switch (kind) {
        case Kind::null: return "null";
        case Kind::boolean: return "boolean";
        case Kind::integer: return "integer";
        case Kind::real: return "number";
        case Kind::text: return "string";
        case Kind::list: return "list";
        case Kind::map: return "mapping";
    }
    return "unknown";
}

NodeValue::NodeValue(const NodeValue& other) : integer_(0) {
    switch (other.kind_) {
        case Kind::text: new (&text_) std::string(other.text_); break;
        case Kind::list: new (&list_) List(other.list_); break;
        case Kind::map: new (&map_) Map(other.map_); break;
        default: integer_ = other.integer_;
    }
    kind_ = other.kind_;  // last, as a copy may throw
}

double Node::as_real() const {
    if (!is_int()) return value_.real();
    return tag_ == Tag::unsigned_64 ? static_cast<double>(static_cast<std::uint64_t>(as_int()))
                                    : static_cast<double>(as_int());
}

Node Node::map() { return Node(Map{}); }

Node Node::texts(const std::vector<std::string>& values) {
    List items;
    items.reserve(values.size());
    for (const auto& value : values) items.emplace_back(value);
    return Node(std::move(items));
}

std::string Node::text_or(std::string_view key, std::string_view fallback) const {
    const Node* node = find(key);
    return node && node->is_text() ? node->as_text() : std::string(fallback);
}

std::int64_t Node::int_or(std::string_view key, std::int64_t fallback) const {
    const Node* node = find(key);
    return node && node->is_int() ? node->as_int() : fallback;
}

bool Node::bool_or(std::string_view key, bool fallback) const {
    const Node* node = find(key);
    return node && node->is_bool() ? node->as_bool() : fallback;
}

std::vector<std::string> Node::texts_or_empty(std::string_view key) const {
    std::vector<std::string> out;
    const Node* node = find(key);
    if (!node || !node->is_list()) return out;
    for (const Node& item : node->items())
        if (item.is_text()) out.push_back(item.as_text());
    return out;
}

const Node* Node::find(std::string_view key) const {
    if (!is_map()) return nullptr;
    for (const Entry& entry : entries())
        if (base::same(entry.key, key)) return &entry.value;
    return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

const Node* Node::find_path(std::initializer_list<std::string_view> keys) const {
    const Node* node = this;
    for (const auto key : keys) {
        node = node->find(key);
        if (!node) return nullptr;
    }
    return node;
}

Node& Node::set(std::string_view key, Node value) {
    if (is_null()) value_ = NodeValue(Map{});
    if (Node* there = find(key)) return *there = std::move(value);
    return add({std::string(key), {}, std::move(value)});
}

Node& Node::add(Entry entry) {
    Map& map = entries();
    const std::size_t size = map.size();
    if (size == map.capacity()) map.reserve(size + std::max(size < 4 ? size : size / 4, std::size_t{1}));
    return map.emplace_back(std::move(entry)).value;
}

bool Node::erase(std::string_view key) {
    if (!is_map()) return false;
    return std::erase_if(entries(), [&](const Entry& entry) { return entry.key == key; }) != 0;
}

std::size_t Node::size() const {
    if (is_list()) return items().size();
    return is_map() ? entries().size() : 0;
}

Node& Node::push(Node value) {
    if (is_null()) value_ = NodeValue(List{});
    return items().emplace_back(std::move(value));
}

bool operator==(const Node& a, const Node& b) {
    if (a.is_map() && b.is_map()) {
        if (a.size() != b.size()) return false;
        return std::ranges::all_of(a.entries(), [&](const Entry& entry) {
            const Node* other = b.find(entry.key);
            return other && *other == entry.value;
        });
    }
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case Kind::null:
        case Kind::map: return true;
        case Kind::boolean: return a.as_bool() == b.as_bool();
        case Kind::integer: return a.as_int() == b.as_int();
        case Kind::real: return a.as_real() == b.as_real();
        case Kind::text: return a.as_text() == b.as_text();
        case Kind::list: return a.items() == b.items();
    }
    return false;
}

}  // namespace tutti::doc
