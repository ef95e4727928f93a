// Containers as rows of tables, with the fields of docker's formats.
// Used by `container ls` and `ps`.
// Chooses no columns.
#pragma once

#include <vector>

#include "cli/table.h"
#include "engine/containers.h"

namespace tutti::cli {

doc::Node container_row(const engine::ContainerSummary& container, bool truncate, engine::Time now);
const std::vector<Titles>& container_titles();
// `.Label "key"` of one row.
Methods label_method(const engine::Labels& labels);

}  // namespace tutti::cli
