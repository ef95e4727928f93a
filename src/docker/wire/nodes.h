// Small builders and readers shared by the tables of this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "engine/values.h"

namespace tutti::docker::wire {

inline doc::Node text(std::string_view value) { return doc::Node(std::string(value)); }
inline doc::Node number(std::int64_t value) { return doc::Node(value); }
inline doc::Node flag(bool value) { return doc::Node(value); }
doc::Node mapping(const engine::Options& values);
doc::Node empty_sets(const std::vector<std::string>& keys);  // {"80/tcp": {}}

engine::Options options_from(const doc::Node* node);                    // null: empty
engine::Time time_from(const doc::Node& object, std::string_view key);  // RFC 3339 text or seconds; zero time → epoch
std::vector<std::string> keys_from(const doc::Node* node);

}  // namespace tutti::docker::wire
