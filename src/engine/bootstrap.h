// Images out of a distribution's packages: an ability that not every maker has (Engine::bootstrapper is asked for it).
// Used by `image bootstrap`: how a machine without any registry gets its first images.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/reporter.h"
#include "os/scope.h"

namespace tutti::engine {

struct BootstrapSpec {
    std::string reference;                                  // the image's name
    std::string suite, variant, mirror;                     // mmdebstrap's; empty: bookworm, minbase, Debian's mirror
    std::vector<std::string> components, include;           // empty: main; packages
    std::vector<std::pair<std::string, std::string>> copy;  // host's path → image's path; a folder's content, or a file
    std::vector<std::string> run;                           // shell commands inside, after the packages and the copies
    std::vector<std::string> entrypoint, command, env;      // of the image
    std::string user, working_dir, stop_signal;
    std::vector<std::string> exposed_ports;  // "80/tcp"
    std::vector<std::string> volumes;        // absolute paths
    std::map<std::string, std::string> labels;
    bool refresh = false;                  // made anew though it was made with the same parameters before
    std::vector<std::string> environment;  // "K=V" for what downloads: proxies
};

class Bootstrapper {
  public:
    virtual ~Bootstrapper() = default;
    // The image's id. Throws Error: unsupported (a program is missing), invalid (packages or copies that fail).
    virtual std::string bootstrap(const BootstrapSpec& spec, base::Reporter& reporter, const os::Cancel& cancel) = 0;
};

}  // namespace tutti::engine
