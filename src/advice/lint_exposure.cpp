#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

namespace {

// A port of the host that other machines reach; nothing: there is none.
const model::Port* open_port(const model::Service& service) {
    for (const model::Port& port : service.ports)
        if (!port.published.empty() && (port.host_ip.empty() || port.host_ip == "0.0.0.0" || port.host_ip == "::"))
            return &port;
    return nullptr;
}

bool names_a_password(std::string_view variable) {
    const std::string name = base::to_lower(variable);
    return (name.ends_with("password") || name.ends_with("_pass") || name.ends_with("secret_key")) &&
           name.find("allow") == std::string::npos;
}

bool everybody_knows(std::string_view value) {
    for (const std::string_view known :
         {"postgres",  "password", "passwd",   "admin",      "root",   "secret",     "changeme",
          "change-me", "minio",    "minio123", "minioadmin", "guest",  "example",    "test",
          "mysql",     "redis",    "1234",     "12345",      "123456", "password123"})
        if (value == known) return true;
    return false;
}

std::string opened(const std::string& name, const model::Port& port) {
    return cat("service ", name, " publishes port ", port.published, " on all addresses");
}

bool has_empty_token(const model::Service& service) {
    if (!service.command) return false;
    for (const std::string& word : *service.command)
        if (word.ends_with(".token=") || word.ends_with(".token=''")) return true;
    return false;
}

}  // namespace

void exposure(const model::Project& project, Findings& out) {
    for (const auto& [name, service] : project.services) {
        const model::Port* port = open_port(service);
        if (!port) continue;
        const std::string fix =
            cat("choose a password of your own, or publish on this machine only: \"127.0.0.1:", port->published, ":",
                port->target, "\"");
        for (const auto& [variable, value] : service.environment)
            if (value && names_a_password(variable) && everybody_knows(base::to_lower(*value))) {
                out.push_back({"default-password",
                               {"services", name, "environment", variable},
                               cat(opened(name, *port), " and its ", variable, " is one that everybody knows"),
                               fix});
                break;
            }
        if (has_empty_token(service))
            out.push_back(
                {"no-token",
                 {"services", name, "command"},
                 cat(opened(name, *port), " and asks for no token: whoever reaches it can run programs"),
                 cat("publish on this machine only: \"127.0.0.1:", port->published, ":", port->target, "\"")});
    }
}

}  // namespace tutti::advice::rules
