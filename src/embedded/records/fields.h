// Structs to and from Node by one table of fields each: describe(visit, const T*) names every member once.
// Used by the record types of this room. A member that equals its default is not written, an unknown key is ignored, so
// older and newer programs read each other's records. Not for what a person writes (no diagnostics).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"
#include "doc/node.h"

namespace tutti::embedded::records {

template <class E>
struct EnumTexts;  // specialised with: static constexpr std::pair<E, const char*> all[]

template <class T>
concept Described = requires(T* t) {
    describe([](const char*, auto) {}, t);
};

inline doc::Node to_node(bool value) { return doc::Node(value); }
inline doc::Node to_node(const std::string& value) { return doc::Node(value); }
inline doc::Node to_node(base::TimePoint value) { return doc::Node(base::to_rfc3339(value)); }
inline doc::Node to_node(std::chrono::nanoseconds value) { return doc::Node(static_cast<std::int64_t>(value.count())); }
template <class N>
requires(std::is_integral_v<N> && !std::is_same_v<N, bool>) doc::Node to_node(N value) {
    return doc::Node(static_cast<std::int64_t>(value));
}
template <class E>
requires std::is_enum_v<E> doc::Node to_node(E value) {
    for (const auto& [known, text] : EnumTexts<E>::all)
        if (known == value) return doc::Node(text);
    return {};
}
template <class T>
doc::Node to_node(const std::vector<T>& values);
template <class T>
doc::Node to_node(const std::map<std::string, T>& values);
template <class T>
doc::Node to_node(const std::optional<T>& value);
template <Described T>
doc::Node to_node(const T& value);

inline void from_node(const doc::Node& node, bool& out) {
    if (node.is_bool()) out = node.as_bool();
}
inline void from_node(const doc::Node& node, std::string& out) {
    if (node.is_text()) out = node.as_text();
}
inline void from_node(const doc::Node& node, base::TimePoint& out) {
    if (node.is_text()) out = base::parse_rfc3339(node.as_text()).value_or(base::TimePoint{});
}
inline void from_node(const doc::Node& node, std::chrono::nanoseconds& out) {
    if (node.is_int()) out = std::chrono::nanoseconds(node.as_int());
}
template <class N>
requires(std::is_integral_v<N> && !std::is_same_v<N, bool>) void from_node(const doc::Node& node, N& out) {
    if (node.is_int()) out = static_cast<N>(node.as_int());
}
template <class E>
requires std::is_enum_v<E>
void from_node(const doc::Node& node, E& out) {
    if (!node.is_text()) return;
    for (const auto& [known, text] : EnumTexts<E>::all)
        if (node.as_text() == text) out = known;
}
template <class T>
void from_node(const doc::Node& node, std::vector<T>& out);
template <class T>
void from_node(const doc::Node& node, std::map<std::string, T>& out);
template <class T>
void from_node(const doc::Node& node, std::optional<T>& out);
template <Described T>
void from_node(const doc::Node& node, T& out);

template <class T>
doc::Node to_node(const std::vector<T>& values) {
    auto list = doc::Node::list();
    for (const auto& value : values) list.push(to_node(value));
    return list;
}
template <class T>
doc::Node to_node(const std::map<std::string, T>& values) {
    doc::Node::Map entries;
    entries.reserve(values.size());
    for (const auto& [key, value] : values) entries.push_back({key, {}, to_node(value)});
    return doc::Node(std::move(entries));
}
template <class T>
doc::Node to_node(const std::optional<T>& value) {
    return value ? to_node(*value) : doc::Node();
}
template <Described T>
doc::Node to_node(const T& value) {
    [[maybe_unused]] static const T untouched{};
    doc::Node::Map entries;
    describe(
        [&](const char* key, auto member) {
            if (!(value.*member == untouched.*member)) entries.push_back({key, {}, to_node(value.*member)});
        },
        static_cast<const T*>(nullptr));
    return doc::Node(std::move(entries));
}

template <class T>
void from_node(const doc::Node& node, std::vector<T>& out) {
    if (!node.is_list()) return;
    out.clear();
    out.reserve(node.items().size());
    for (const auto& item : node.items()) from_node(item, out.emplace_back());
}
template <class T>
void from_node(const doc::Node& node, std::map<std::string, T>& out) {
    if (!node.is_map()) return;
    for (const auto& entry : node.entries()) from_node(entry.value, out[entry.key]);
}
template <class T>
void from_node(const doc::Node& node, std::optional<T>& out) {
    if (node.is_null()) return;
    from_node(node, out.emplace());
}
template <Described T>
void from_node(const doc::Node& node, T& out) {
    if (!node.is_map()) return;
    describe(
        [&](const char* key, auto member) {
            if (const auto* found = node.find(key)) from_node(*found, out.*member);
        },
        static_cast<const T*>(nullptr));
}

}  // namespace tutti::embedded::records
