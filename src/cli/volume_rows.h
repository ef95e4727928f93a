// Volumes as rows of tables, with the fields of docker's formats.
// Used by `volume ls` and `volumes`.
// Chooses no columns.
#pragma once

#include <vector>

#include "cli/table.h"
#include "engine/volumes.h"

namespace tutti::cli {

doc::Node volume_row(const engine::Volume& volume);
const std::vector<Titles>& volume_titles();

}  // namespace tutti::cli
