#include "docker/wire/nodes.h"

#include "base/time.h"

namespace tutti::docker::wire {

doc::Node mapping(const engine::Options& values) {
    doc::Node out = doc::Node::map();
    for (const auto& [key, value] : values) out.set(key, text(value));
    return out;
}

doc::Node empty_sets(const std::vector<std::string>& keys) {
    doc::Node out = doc::Node::map();
    for (const auto& key : keys) out.set(key, doc::Node::map());
    return out;
}

engine::Options options_from(const doc::Node* node) {
    engine::Options out;
    if (!node || !node->is_map()) return out;
    for (const auto& entry : node->entries())
        if (entry.value.is_text()) out.emplace(entry.key, entry.value.as_text());
    return out;
}

engine::Time time_from(const doc::Node& object, std::string_view key) {
    const doc::Node* node = object.find(key);
    if (!node) return {};
    if (node->is_int()) return engine::Time(std::chrono::seconds(node->as_int()));
    if (!node->is_text() || node->as_text().starts_with("0001-")) return {};
    return base::parse_rfc3339(node->as_text()).value_or(engine::Time{});
}

std::vector<std::string> keys_from(const doc::Node* node) {
    std::vector<std::string> out;
    if (!node || !node->is_map()) return out;
    for (const auto& entry : node->entries()) out.push_back(entry.key);
    return out;
}

}  // namespace tutti::docker::wire
