// Who we are at a registry: Docker's config.json, its credential helpers, and the auth.json of the containers tools.
// Used for pulls and pushes, by `login` and `logout`. Asks no registry.
#pragma once

#include <string>
#include <vector>

#include "oci/registry.h"
#include "os/scope.h"

namespace tutti::oci {

struct CredentialPlaces {
    std::string docker_config;  // ".../.docker/config.json"; read and written
    std::vector<std::string>
        auth_files;           // "${XDG_RUNTIME_DIR}/containers/auth.json", …; only read; the first that knows wins
    std::string search_path;  // where docker-credential-NAME is looked for, as in $PATH
    std::vector<std::string> environment;  // "K=V", what helpers run with
};

class CredentialStore {
  public:
    explicit CredentialStore(CredentialPlaces places) : places_(std::move(places)) {}

    // Empty: nobody. Throws Error if a file or helper is broken; a missing one is none.
    Credentials find(const std::string& domain, const os::Cancel& cancel) const;
    // Where it went: the path of the file, or the helper's name.
    std::string save(const std::string& domain, const Credentials& who, const os::Cancel& cancel) const;
    bool erase(const std::string& domain, const os::Cancel& cancel) const;  // false: was not there

  private:
    CredentialPlaces places_;
};

}  // namespace tutti::oci
