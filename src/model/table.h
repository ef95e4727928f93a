// How tables are made and applied: the constructor of a line, and the templates that walk a table.
// Included by *_fields.cpp, read.cpp and write.cpp only.
#pragma once

#include "base/text.h"
#include "model/fields.h"
#include "model/tables.h"

namespace tutti::model {

template <class Class, class Member>
Class class_of(Member Class::*);
template <class Class, class Member>
Member member_of(Member Class::*);

struct Line {
    Emit emit = Emit::if_set;
    bool hashed = true;
    std::string_view json_key = {};
};

inline constexpr Line json_always = {.emit = Emit::json_always};
inline constexpr Line always = {.emit = Emit::always};
inline constexpr Line if_false = {.emit = Emit::if_false};
inline constexpr Line not_hashed = {.hashed = false};

// field<&Service::image>("image"); `Read` and `Write` where the type of the member does not say enough.
template <auto Member, auto Read = nullptr, auto Write = nullptr>
constexpr auto field(std::string_view key, Line line = {}) {
    using Class = decltype(class_of(Member));
    return Field<Class>{key,
                        line.json_key.empty() ? key : line.json_key,
                        line.emit,
                        line.hashed,
                        [](const doc::Node& node, Class& out, const At& at) {
                            if constexpr (std::is_null_pointer_v<decltype(Read)>)
                                read(node, out.*Member, at);
                            else
                                Read(node, out.*Member, at);
                        },
                        [](const Class& value) { return is_set(value.*Member); },
                        [](const Class& value, Shape shape) {
                            if constexpr (std::is_null_pointer_v<decltype(Write)>)
                                return write(value.*Member, shape);
                            else
                                return Write(value.*Member, shape);
                        }};
}

template <class T>
const Field<T>* find_field(std::string_view key) {
    for (const Field<T>& field : fields<T>())
        if (base::same(field.key, key)) return &field;
    return nullptr;
}

template <class T>
concept Extensible = requires(T& value) {
    value.extensions;
};

// Null leaves the fields as they are, as an absent key does. Keys that no field has were refused by the schema.
template <class T>
requires std::is_aggregate_v<T>
void read(const doc::Node& node, T& out, const At& at) {
    if (node.is_null()) return;
    if (!node.is_map()) return at.mismatch(node, "a mapping");
    for (const doc::Entry& entry : node.entries()) {
        if (const Field<T>* field = find_field<T>(entry.key)) {
            if (!entry.value.is_null()) field->read(entry.value, out, At(at, entry.key));
        } else if constexpr (Extensible<T>) {
            if (!entry.key.starts_with("x-")) continue;
            if (!out.extensions) out.extensions = doc::Node::map();
            out.extensions->entries().push_back(entry);
        }
    }
}

template <class T>
void read(const doc::Node& node, std::vector<T>& out, const At& at) {
    if (!node.is_list()) return at.mismatch(node, "a list");
    out.reserve(node.size());
    std::size_t index = 0;
    for (const doc::Node& item : node.items()) read(item, out.emplace_back(), At(at, index++));
}

template <class T>
void read(const doc::Node& node, Named<T>& out, const At& at) {
    if (!node.is_map()) return at.mismatch(node, "a mapping");
    for (const doc::Entry& entry : node.entries()) {
        T& value = out[entry.key];
        if (!entry.value.is_null()) read(entry.value, value, At(at, entry.key));
    }
}

template <class T>
void read(const doc::Node& node, Boxed<T>& out, const At& at) {
    read(node, out.emplace(), at);
}

template <class T>
void read(const doc::Node& node, std::optional<T>& out, const At& at) {
    read(node, out.emplace(), at);
}

template <class T>
bool is_written(const Field<T>& field, const T& value, Shape shape) {
    if (shape == Shape::hash && !field.hashed) return false;
    switch (field.emit) {
        case Emit::if_set: return field.is_set(value);
        case Emit::if_false: return !field.is_set(value);
        case Emit::json_always: return shape != Shape::yaml || field.is_set(value);
        case Emit::always: return true;
    }
    return true;
}

template <class T>
requires std::is_aggregate_v<T> doc::Node write(const T& value, Shape shape) {
    doc::Node::Map entries;
    for (const Field<T>& field : fields<T>()) {
        if (!is_written(field, value, shape)) continue;
        const std::string_view key = shape == Shape::yaml ? field.key : field.json_key;
        entries.push_back({std::string(key), {}, field.write(value, shape)});
    }
    if constexpr (Extensible<T>) {
        if (shape == Shape::yaml) write_extensions(value.extensions, entries, shape);
    }
    return doc::Node(std::move(entries));
}

template <class T>
doc::Node write(const std::vector<T>& value, Shape shape) {
    doc::Node::List items;
    items.reserve(value.size());
    for (const T& item : value) items.push_back(write(item, shape));
    return doc::Node(std::move(items));
}

template <class T>
doc::Node write(const Named<T>& value, Shape shape) {
    doc::Node::Map entries;
    entries.reserve(value.size());
    for (const auto& [key, item] : value) entries.push_back({key, {}, write(item, shape)});
    sort_for(shape, entries);
    return doc::Node(std::move(entries));
}

template <class T>
doc::Node write(const Boxed<T>& value, Shape shape) {
    return value ? write(*value, shape) : doc::Node();
}

template <class T>
doc::Node write(const std::optional<T>& value, Shape shape) {
    return value ? write(*value, shape) : doc::Node();
}

}  // namespace tutti::model
