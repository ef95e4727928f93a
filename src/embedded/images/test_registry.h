// A registry on a free loopback port for the tests of this room: Debian's docker-registry, with its data in a folder
// that goes away.
#pragma once

#include <string>

#include "os/file.h"

namespace tutti::embedded::images {

class TestRegistry {
  public:
    TestRegistry();  // throws Error (unsupported) with what to install if docker-registry is missing
    ~TestRegistry();
    const std::string& host() const { return host_; }  // "127.0.0.1:PORT"
    const std::string& data() const { return folder_.path(); }

  private:
    os::TempFolder folder_;
    std::string host_;
    int pid_ = -1;
};

}  // namespace tutti::embedded::images
