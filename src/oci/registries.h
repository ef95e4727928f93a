// How this machine reaches registries, from its files: mirrors, insecure hosts, certificates.
// Used by app to make a Registries. Reads registries.conf (containers tools), daemon.json (Docker) and certs.d folders.
#pragma once

#include <string>
#include <vector>

#include "oci/registry.h"

namespace tutti::oci {

struct RegistryFiles {
    std::vector<std::string> registries_conf;  // the first that exists counts, with the *.conf of its `.d` folder
    std::string daemon_json;                   // "registry-mirrors", "insecure-registries"
    std::vector<std::string> certificates;     // ".../certs.d": HOST[:PORT]/{*.crt,client.cert,client.key}
};

// Credentials and proxies are left for the caller to set. Throws Error (invalid) that names the file.
Registries read_registries(const RegistryFiles& files);

}  // namespace tutti::oci
