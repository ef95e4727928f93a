// Our manners as a plugin of the Docker CLI: docker holds a socket open and closes it to say that we are to stop.
// Used by main. Without the variable that names the socket nothing is done.
// A terminal's signals reach us by themselves.
#pragma once

#include <map>
#include <string>

#include "os/scope.h"

namespace tutti::app {

class PluginSocket {
  public:
    // `command` is cancelled once docker has closed its end. A socket that cannot be reached is none.
    PluginSocket(const std::map<std::string, std::string>& environment, os::Scope& command);
    ~PluginSocket();
    PluginSocket(const PluginSocket&) = delete;
    PluginSocket& operator=(const PluginSocket&) = delete;

  private:
    os::Scope listening_;
};

}  // namespace tutti::app
