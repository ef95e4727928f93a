// What the static program can be. None of them returns but init.
#pragma once

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

[[noreturn]] void run_box();
[[noreturn]] void run_exec();
int run_init(int argc, char** argv);

constexpr int plan_descriptor = 3, creator_descriptor = 4, console_descriptor = 5;
const void* map_plan(int fd);

}  // namespace tutti::embedded::shim::box
