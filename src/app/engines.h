// Which engine a command drives, and where our own things live: read off the environment, once.
// Used by main.
// Knows no command.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/kept_files.h"

namespace tutti::app {

using Environment = std::map<std::string, std::string>;

class Engines {
  public:
    engine::Engine& open(const Environment& environment);  // the same one at every call

  private:
    std::unique_ptr<engine::Engine> engine_;
};

// External secrets and configs, kept under TUTTI_ROOT; their key lies with the user's settings.
std::unique_ptr<engine::KeptFiles> kept_files(const Environment& environment);

// The Docker Engine that a Docker CLI would talk to, whatever engine is chosen.
std::unique_ptr<engine::Engine> docker_engine(const Environment& environment);

bool engine_is_here(const Environment& environment);  // its ports are this machine's
std::string lock_folder(const Environment& environment);

// `tutti internal …`: the embedded engine's own work in a process of its own. What follows "internal".
int run_internal(const std::vector<std::string>& arguments);

}  // namespace tutti::app
