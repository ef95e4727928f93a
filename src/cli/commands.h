// The commands by name: one line for each file of this folder that holds one.
// Used by commands.cpp, which lists them.
// No behaviour.
#pragma once

#include "cli/command.h"

namespace tutti::cli {

extern const Command config_command;   // config.cpp
extern const Command version_command;  // version.cpp

}  // namespace tutti::cli
