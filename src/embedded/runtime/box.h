// Writing of a box's record; the two makers use it. Reading is part of the contract (runtime.h).
#pragma once

#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime {

void write_box(const Box& box);  // FOLDER/box.json, all but the pids: those the shim writes

}  // namespace tutti::embedded::runtime
