#include "model/write.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "model/table.h"

namespace tutti::model {

doc::Node write(const std::string& value, Shape) { return doc::Node(value); }
doc::Node write(bool value, Shape) { return doc::Node(value); }
doc::Node write(std::int64_t value, Shape) { return doc::Node(value); }
doc::Node write(std::uint64_t value, Shape) { return doc::Node(static_cast<std::int64_t>(value)); }

// The shortest digits that give this float, as a double: 0.1f is printed as 0.1.
doc::Node write(float value, Shape) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size() - 1, value).ptr;
    double wide = value;
    std::from_chars(buffer.data(), end, wide);
    return doc::Node(wide);
}

doc::Node write(Bytes value, Shape) { return doc::Node(std::to_string(value.count)); }
doc::Node write(Duration value, Shape) { return doc::Node(base::to_go_text(value)); }

doc::Node write(FileMode value, Shape) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.bits, 8).ptr;
    return doc::Node(base::cat('0', std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()))));
}

doc::Node write(const Ulimit& value, Shape shape) {
    if (value.single != 0) return doc::Node(value.single);
    doc::Node limits = doc::Node::map();
    if (shape == Shape::yaml || value.soft != 0) limits.set("soft", doc::Node(value.soft));
    if (shape == Shape::yaml || value.hard != 0) limits.set("hard", doc::Node(value.hard));
    return limits;
}

doc::Node write(const Texts& value, Shape) { return doc::Node::texts(value); }

doc::Node write(const Command& value, Shape) { return value ? doc::Node::texts(*value) : doc::Node(); }

// Compose's JSON of a key with a path is no JSON; ours is the text of its YAML.
doc::Node write(const SshKey& value, Shape) {
    return doc::Node(value.path.empty() ? value.id : base::cat(value.id, ": ", value.path));
}

doc::Node write_hosts(const Hosts& value, Shape) {
    Texts lines;
    for (const auto& [name, addresses] : value)
        for (const std::string& address : addresses) lines.push_back(base::cat(name, '=', address));
    std::sort(lines.begin(), lines.end());
    return doc::Node::texts(lines);
}

namespace {

bool less(Shape shape, std::string_view a, std::string_view b) {
    return shape == Shape::yaml ? doc::natural_less(a, b) : a < b;
}

}  // namespace

void sort_for(Shape shape, doc::Node::Map& entries) {
    if (shape != Shape::yaml) return;
    const auto by_key = [](const doc::Entry& a, const doc::Entry& b) { return doc::natural_less(a.key, b.key); };
    if (!std::is_sorted(entries.begin(), entries.end(), by_key)) std::sort(entries.begin(), entries.end(), by_key);
}

doc::Node sorted_copy(const doc::Node& node, Shape shape) {
    if (node.is_list()) {
        doc::Node::List items;
        items.reserve(node.size());
        for (const doc::Node& item : node.items()) items.push_back(sorted_copy(item, shape));
        return doc::Node(std::move(items));
    }
    if (!node.is_map()) return node;
    doc::Node::Map entries;
    entries.reserve(node.size());
    for (const doc::Entry& entry : node.entries()) entries.push_back({entry.key, {}, sorted_copy(entry.value, shape)});
    std::sort(entries.begin(), entries.end(),
              [shape](const doc::Entry& a, const doc::Entry& b) { return less(shape, a.key, b.key); });
    return doc::Node(std::move(entries));
}

void write_extensions(const Extensions& extensions, doc::Node::Map& out, Shape shape) {
    if (!extensions) return;
    doc::Node sorted = sorted_copy(*extensions, shape);
    for (doc::Entry& entry : sorted.entries()) out.push_back(std::move(entry));
}

namespace {

Shape shape_of(Format format) { return format == Format::yaml ? Shape::yaml : Shape::json; }

}  // namespace

doc::Node to_node(const Service& service, Format format) { return write(service, shape_of(format)); }
doc::Node to_node(const Network& network, Format format) { return write(network, shape_of(format)); }
doc::Node to_node(const Volume& volume, Format format) { return write(volume, shape_of(format)); }

// YAML: sections in the order of the table, extensions last. JSON: sorted, extensions among them, no models.
doc::Node to_node(const Project& project, Format format) {
    const Shape shape = shape_of(format);
    doc::Node out = write(project, shape);
    if (format == Format::yaml) return out;
    out.erase("models");
    write_extensions(project.extensions, out.entries(), shape);
    std::sort(out.entries().begin(), out.entries().end(),
              [](const doc::Entry& a, const doc::Entry& b) { return a.key < b.key; });
    return out;
}

}  // namespace tutti::model
