// The field tables: one line says a field's key, how it is read, when it is written, whether it counts for the hash.
// Used by read.cpp, write.cpp and hash.cpp; the tables stand in *_fields.cpp. Private to this room.
// The C++ type of the member picks reader and writer: the overloads of `read` and `write`.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <type_traits>

#include "doc/diagnostics.h"
#include "doc/yaml.h"
#include "model/project.h"

namespace tutti::model {

// What is written: Compose's YAML, its JSON, or the JSON that is hashed.
enum class Shape : std::uint8_t { yaml, json, hash };

enum class Emit : std::uint8_t {
    if_set,
    json_always,  // YAML: if set
    always,
    if_false,  // a boolean that is true unless written otherwise
};

// The place in the model that is being read, for messages: "services.web.ports[0].target".
class At {
  public:
    explicit At(doc::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}
    At(const At& parent, std::string_view key) : diagnostics_(parent.diagnostics_), parent_(&parent), key_(key) {}
    At(const At& parent, std::size_t index) : diagnostics_(parent.diagnostics_), parent_(&parent), index_(index) {}

    std::string path() const;
    doc::Diagnostic& error(const doc::Node& node, std::string_view message) const;  // "PATH: message"
    doc::Diagnostic& warning(const doc::Node& node, std::string_view message) const;
    // "PATH: expected WANTED, found a mapping"
    void mismatch(const doc::Node& node, std::string_view wanted) const;

  private:
    doc::Diagnostics& diagnostics_;
    const At* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
};

template <class T>
struct Field {
    std::string_view key;
    std::string_view json_key;
    Emit emit;
    bool hashed;
    void (*read)(const doc::Node& node, T& out, const At& at);
    bool (*is_set)(const T& value);
    doc::Node (*write)(const T& value, Shape shape);
};

// --- leaves ----------------------------------------------------------------------------------------------------------
void read(const doc::Node& node, std::string& out, const At& at);
void read(const doc::Node& node, bool& out, const At& at);
void read(const doc::Node& node, std::int64_t& out, const At& at);
void read(const doc::Node& node, std::uint64_t& out, const At& at);
void read(const doc::Node& node, std::uint32_t& out, const At& at);
void read(const doc::Node& node, std::uint16_t& out, const At& at);
void read(const doc::Node& node, float& out, const At& at);
void read(const doc::Node& node, Bytes& out, const At& at);
void read(const doc::Node& node, Duration& out, const At& at);
void read(const doc::Node& node, FileMode& out, const At& at);
void read(const doc::Node& node, Ulimit& out, const At& at);
void read(const doc::Node& node, Texts& out, const At& at);
void read(const doc::Node& node, std::vector<SshKey>& out, const At& at);

// Readers for members whose type does not say enough.
void read_command(const doc::Node& node, Command& out, const At& at);
void read_test(const doc::Node& node, Texts& out, const At& at);             // healthcheck.test
void read_text_or_list(const doc::Node& node, Texts& out, const At& at);     // dns, tmpfs, cache_from …: texts only
void read_numbers_as_text(const doc::Node& node, Texts& out, const At& at);  // expose
void read_mapping(const doc::Node& node, Mapping& out, const At& at);  // list `k=v` or map, scalars as Go prints them
void read_options(const doc::Node& node, Mapping& out, const At& at);  // map only, scalars as Go prints them
void read_strict_options(const doc::Node& node, Mapping& out, const At& at);  // map only, texts and whole numbers
void read_multi_options(const doc::Node& node, Named<Texts>& out, const At& at);
void read_environment(const doc::Node& node, Environment& out, const At& at);
void read_hosts(const doc::Node& node, Hosts& out, const At& at);
void read_attachments(const doc::Node& node, Named<std::optional<Attachment>>& out, const At& at);
void read_device_count(const doc::Node& node, std::int64_t& out, const At& at);

doc::Node write(const std::string& value, Shape shape);
doc::Node write(bool value, Shape shape);
doc::Node write(std::int64_t value, Shape shape);
doc::Node write(std::uint64_t value, Shape shape);
doc::Node write(float value, Shape shape);
doc::Node write(Bytes value, Shape shape);
doc::Node write(Duration value, Shape shape);
doc::Node write(FileMode value, Shape shape);
doc::Node write(const Ulimit& value, Shape shape);
doc::Node write(const Texts& value, Shape shape);
doc::Node write(const Command& value, Shape shape);
doc::Node write(const SshKey& value, Shape shape);
doc::Node write_hosts(const Hosts& value, Shape shape);
inline doc::Node write(std::uint32_t value, Shape shape) { return write(std::int64_t{value}, shape); }
inline doc::Node write(std::uint16_t value, Shape shape) { return write(std::int64_t{value}, shape); }

doc::Node sorted_copy(const doc::Node& node, Shape shape);  // maps in the order that Go prints them
void write_extensions(const Extensions& extensions, doc::Node::Map& out, Shape shape);
void sort_for(Shape shape, doc::Node::Map& entries);  // from bytewise order, as std::map keeps it

template <class T>
constexpr bool is_set(const T& value) {
    return !(value == T{});
}
inline bool is_set(const std::string& value) { return !value.empty(); }
template <class T>
bool is_set(const std::vector<T>& value) {
    return !value.empty();
}
template <class T>
bool is_set(const Named<T>& value) {
    return !value.empty();
}
template <class T>
bool is_set(const Boxed<T>& value) {
    return value.has_value();
}
template <class T>
bool is_set(const std::optional<T>& value) {
    return value.has_value();
}

// --- composites ------------------------------------------------------------------------------------------------------
template <class T>
std::span<const Field<T>> fields();  // the table; specialised in *_fields.cpp, declared in tables.h

template <class T>
void read(const doc::Node& node, std::vector<T>& out, const At& at);
template <class T>
void read(const doc::Node& node, Named<T>& out, const At& at);
template <class T>
void read(const doc::Node& node, Boxed<T>& out, const At& at);
template <class T>
void read(const doc::Node& node, std::optional<T>& out, const At& at);
template <class T>
requires std::is_aggregate_v<T>
void read(const doc::Node& node, T& out, const At& at);

template <class T>
doc::Node write(const std::vector<T>& value, Shape shape);
template <class T>
doc::Node write(const Named<T>& value, Shape shape);
template <class T>
doc::Node write(const Boxed<T>& value, Shape shape);
template <class T>
doc::Node write(const std::optional<T>& value, Shape shape);
template <class T>
requires std::is_aggregate_v<T> doc::Node write(const T& value, Shape shape);

}  // namespace tutti::model
