// The checks on the tree: what single sections must not combine.
#include <array>
#include <span>

#include "base/text.h"
#include "compose/check.h"
#include "model/short_form.h"

namespace tutti::compose {

namespace {

void check_volume(const doc::Entry& volume, doc::Diagnostics& diagnostics) {
    const doc::Node* external = volume.value.find("external");
    if (external == nullptr || !external->is_bool() || !external->as_bool()) return;
    for (const doc::Entry& entry : volume.value.entries()) {
        if (entry.key == "name" || entry.key == "external" || entry.key.starts_with("x-")) continue;
        diagnostics
            .error(entry.key_mark, base::cat("volumes.", volume.key, ": conflicting parameters \"external\" and \"",
                                             entry.key, "\" specified"))
            .with_width(entry.key.size())
            .with_note(external->mark(), "declared as external here");
    }
}

// A secret or config has one source, unless a driver or somebody else brings it.
void check_sources(std::string_view section, const doc::Entry& object, std::span<const std::string> sources,
                   doc::Diagnostics& diagnostics) {
    if (!object.value.is_map()) return;
    std::size_t count = 0;
    for (const std::string& key : sources)
        if (object.value.find(key) != nullptr) ++count;
    if (count == 1) return;
    const std::string place = base::cat(section, '.', object.key, ": ");
    if (count > 1)
        diagnostics.error(object.value,
                          base::cat(place, base::join(sources, "|"), " attributes are mutually exclusive"));
    else if (object.value.find("driver") == nullptr && object.value.find("external") == nullptr)
        diagnostics.error(object.value, base::cat(place, "one of ", base::join(sources, "|"), " must be set"));
}

void check_devices(const doc::Node* devices, const std::string& place, doc::Diagnostics& diagnostics) {
    if (devices == nullptr || !devices->is_list()) return;
    for (const doc::Node& device : devices->items())
        if (device.find("count") != nullptr && device.find("device_ids") != nullptr)
            diagnostics.error(device, base::cat(place, R"(: "count" and "device_ids" attributes are exclusive)"));
}

void check_ports(const doc::Node& ports, std::string_view service, doc::Diagnostics& diagnostics) {
    if (!ports.is_list()) return;
    for (const doc::Node& port : ports.items()) {
        const doc::Node* address = port.find("host_ip");
        if (address != nullptr && address->is_text() && !model::is_ip_address(address->as_text()))
            diagnostics
                .error(*address, base::cat("services.", service, ".ports: invalid ip address: ", address->as_text()))
                .with_hint(address->as_text().starts_with('[') ? "no brackets in the long form" : "");
    }
}

void check_watch(const doc::Node& develop, std::string_view service, doc::Diagnostics& diagnostics) {
    const doc::Node* watch = develop.find("watch");
    if (watch == nullptr || !watch->is_list()) return;
    for (const doc::Node& trigger : watch->items())
        if (const doc::Node* path = trigger.find("path"); path != nullptr && path->is_text() && path->as_text().empty())
            diagnostics.error(*path, base::cat("services.", service, ".develop.watch.path: value can't be blank"));
}

void check_service(const doc::Entry& service, doc::Diagnostics& diagnostics) {
    if (!service.value.is_map()) return;
    for (const doc::Entry& entry : service.value.entries()) {
        if (entry.key == "ports")
            check_ports(entry.value, service.key, diagnostics);
        else if (entry.key == "develop")
            check_watch(entry.value, service.key, diagnostics);
        else if (entry.key == "gpus")
            check_devices(&entry.value, base::cat("services.", service.key, ".gpus"), diagnostics);
        else if (entry.key == "deploy")
            check_devices(entry.value.find_path({"resources", "reservations", "devices"}),
                          base::cat("services.", service.key, ".deploy.resources.reservations.devices"), diagnostics);
    }
}

template <class Work>
void for_each(const doc::Node& model, std::string_view section, Work work) {
    const doc::Node* entries = model.find(section);
    if (entries == nullptr || !entries->is_map()) return;
    for (const doc::Entry& entry : entries->entries()) work(entry);
}

}  // namespace

bool validate_tree(const doc::Node& model, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    const std::array<std::string, 2> secret_sources = {"file", "environment"};
    const std::array<std::string, 3> config_sources = {"file", "environment", "content"};
    for_each(model, "volumes", [&](const doc::Entry& entry) { check_volume(entry, diagnostics); });
    for_each(model, "secrets",
             [&](const doc::Entry& entry) { check_sources("secrets", entry, secret_sources, diagnostics); });
    for_each(model, "configs",
             [&](const doc::Entry& entry) { check_sources("configs", entry, config_sources, diagnostics); });
    for_each(model, "services", [&](const doc::Entry& entry) { check_service(entry, diagnostics); });
    return diagnostics.errors() == before;
}

}  // namespace tutti::compose
