#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "docker/client/engine.h"
#include "os/file.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr const char* default_socket = "unix:///var/run/docker.sock";

std::string variable(const std::map<std::string, std::string>& environment, const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

std::string current_context(const std::string& config_folder) {
    const auto text = os::read_file_if_exists(config_folder + "/config.json");
    if (!text) return {};
    return doc::parse_json(*text, config_folder + "/config.json").text_or("currentContext");
}

// ca.pem, cert.pem and key.pem as Docker's own programs name them; each may be missing.
http::Tls tls_of(const std::string& folder, bool verify) {
    const auto if_there = [&](const char* name) {
        std::string path = folder + name;
        return os::exists(path) ? path : std::string();
    };
    return {.verify = verify,
            .ca_file = if_there("/ca.pem"),
            .client_certificate = if_there("/cert.pem"),
            .client_key = if_there("/key.pem")};
}

// contexts/meta/<sha256 of the name>/meta.json, certificates beside it in contexts/tls/<the same>/docker/.
Options from_context(const std::string& name, const std::string& config_folder) {
    const std::string id = base::Digest::of(name).hex();
    const auto text = os::read_file_if_exists(cat(config_folder, "/contexts/meta/", id, "/meta.json"));
    if (!text)
        throw Error(ErrorKind::not_found, cat("context \"", name, "\" does not exist"),
                    cat("there is no such folder under ", config_folder, "/contexts/meta"));
    const doc::Node meta = doc::parse_json(*text, cat("context ", name));
    Options out;
    const doc::Node* endpoint = meta.find_path({"Endpoints", "docker"});
    out.host = endpoint ? endpoint->text_or("Host", default_socket) : default_socket;
    const bool skip_verify = endpoint && endpoint->bool_or("SkipTLSVerify");
    const std::string folder = cat(config_folder, "/contexts/tls/", id, "/docker");
    if (skip_verify || os::exists(folder)) out.tls = tls_of(folder, !skip_verify);
    return out;
}

}  // namespace

Options find_engine(const std::map<std::string, std::string>& environment, const std::string& config_folder) {
    Options out;
    if (const std::string host = variable(environment, "DOCKER_HOST"); !host.empty()) {
        out.host = host.starts_with('/') ? "unix://" + host : host;
        const bool verify = !variable(environment, "DOCKER_TLS_VERIFY").empty();
        if (verify || !variable(environment, "DOCKER_TLS").empty()) {
            const std::string folder = variable(environment, "DOCKER_CERT_PATH");
            if (!folder.empty() && !os::exists(folder))
                throw Error(ErrorKind::not_found, cat("DOCKER_CERT_PATH names ", folder, ", which is not there"),
                            "it has to hold ca.pem, cert.pem and key.pem");
            out.tls = tls_of(folder.empty() ? config_folder : folder, verify);
            for (const auto& [name, file] : {std::pair{"TUTTI_TLS_CA", &out.tls->ca_file},
                                             std::pair{"TUTTI_TLS_CERTIFICATE", &out.tls->client_certificate},
                                             std::pair{"TUTTI_TLS_KEY", &out.tls->client_key}})
                if (const std::string given = variable(environment, name); !given.empty()) *file = given;
        }
    } else {
        std::string name = variable(environment, "DOCKER_CONTEXT");
        if (name.empty()) name = current_context(config_folder);
        out = name.empty() || name == "default" ? Options{.host = default_socket} : from_context(name, config_folder);
    }
    out.api_version = variable(environment, "DOCKER_API_VERSION");
    out.environment = environment;
    return out;
}

}  // namespace tutti::docker::client
