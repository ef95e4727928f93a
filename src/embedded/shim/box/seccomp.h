// Loads the system call filter of a plan: BPF that the big program compiled.
#pragma once

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

void load_filter(const View& view);  // ends in fail() if it cannot

}  // namespace tutti::embedded::shim::box
