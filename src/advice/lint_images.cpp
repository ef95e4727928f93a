// What well-known images ask for before they start, or where they keep what they must not lose.
#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

namespace {

bool has_any(const model::Service& service, std::initializer_list<std::string_view> variables) {
    for (const std::string_view variable : variables)
        if (!value_of(service, variable).empty()) return true;
    return false;
}

bool mentions(const model::Service& service, std::string_view variable) {
    return service.environment.count(variable) != 0 || !service.env_file.empty();
}

void postgres(const std::string& name, const model::Service& service, Findings& out) {
    if (has_any(service, {"POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"}) || !service.env_file.empty() ||
        value_of(service, "POSTGRES_HOST_AUTH_METHOD") == "trust")
        return;
    out.push_back(
        {"needs-password",
         {"services", name, "environment", "POSTGRES_PASSWORD"},
         cat(mentions(service, "POSTGRES_PASSWORD") ? "POSTGRES_PASSWORD is empty" : "POSTGRES_PASSWORD is not set",
             ": with an empty data folder ", service.image, " refuses to start"),
         "set it, in .env or the shell, or use POSTGRES_PASSWORD_FILE with a secret"});
}

void kafka_of_bitnami(const std::string& name, const model::Service& service, Findings& out) {
    if (value_of(service, "KAFKA_CFG_PROCESS_ROLES").empty()) return;
    std::vector<std::string> missing;
    for (const std::string_view variable : {"KAFKA_CFG_NODE_ID", "KAFKA_CFG_CONTROLLER_QUORUM_VOTERS"})
        if (value_of(service, variable).empty()) missing.emplace_back(variable);
    if (missing.empty()) return;
    out.push_back({"needs-variable",
                   {"services", name, "environment"},
                   cat(service.image, " in KRaft mode does not start without ", base::join(missing, " and ")),
                   cat("KAFKA_CFG_NODE_ID: \"0\", KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: \"0@", name, ":9093\"")});
}

void opensearch(const std::string& name, const model::Service& service, Findings& out) {
    const auto colon = service.image.rfind(':');
    const std::string tag = colon == std::string::npos ? "latest" : service.image.substr(colon + 1);
    const auto dot = tag.find('.');
    const auto minor = dot == std::string::npos ? std::optional<std::uint64_t>(99)
                                                : base::to_uint(tag.substr(dot + 1, tag.find('.', dot + 1) - dot - 1));
    if (tag.starts_with("1") || (tag.starts_with("2.") && minor.value_or(99) < 12)) return;
    if (has_any(service,
                {"OPENSEARCH_INITIAL_ADMIN_PASSWORD", "DISABLE_SECURITY_PLUGIN", "DISABLE_INSTALL_DEMO_CONFIG"}) ||
        !service.env_file.empty())
        return;
    out.push_back({"needs-variable",
                   {"services", name, "environment"},
                   cat(service.image, " (2.12 and later) does not start without OPENSEARCH_INITIAL_ADMIN_PASSWORD"),
                   "set it, or DISABLE_SECURITY_PLUGIN=true where nobody else reaches it"});
}

}  // namespace

bool knows_data_folder(std::string_view image) { return repository(image) == "timescale/timescaledb-ha"; }

void known_images(const model::Project& project, Findings& out) {
    for (const auto& [name, service] : project.services) {
        if (service.build) continue;  // its own image, whatever its name
        const std::string_view image = repository(service.image);
        if (image == "postgres" || image == "postgis/postgis" || image == "timescale/timescaledb" ||
            image == "timescale/timescaledb-ha")
            postgres(name, service, out);
        if (knows_data_folder(service.image) && value_of(service, "PGDATA").empty())
            data_outside_of_volume(name, service, "/home/postgres/pgdata/data", out);
        if (image == "bitnami/kafka" || image == "bitnamilegacy/kafka") kafka_of_bitnami(name, service, out);
        if (image == "opensearchproject/opensearch") opensearch(name, service, out);
    }
}

}  // namespace tutti::advice::rules
