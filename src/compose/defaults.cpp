#include <array>

#include "base/text.h"
#include "compose/canonical.h"

namespace tutti::compose {

namespace {

void add_if_absent(doc::Node& map, std::string_view key, doc::Node value) {
    if (map.find(key) != nullptr) return;
    value.set_mark(map.mark());
    map.add({std::string(key), map.mark(), std::move(value)});
}

template <class Work>
void for_each_map(doc::Node* list, Work work) {
    if (list == nullptr || !list->is_list()) return;
    for (doc::Node& item : list->items())
        if (item.is_map()) work(item);
}

void complete_device(doc::Node& device) {
    if (device.find("device_ids") == nullptr) add_if_absent(device, "count", doc::Node("all"));
}

void complete_service(doc::Node& service, std::string_view name, doc::Diagnostics& diagnostics) {
    for (doc::Entry& entry : service.entries()) {
        doc::Node& value = entry.value;
        if (entry.key == "build") {
            if (value.is_map()) add_if_absent(value, "context", doc::Node("."));
        } else if (entry.key == "secrets") {
            for_each_map(&value, [](doc::Node& secret) {
                add_if_absent(secret, "target", doc::Node(base::cat("/run/secrets/", secret.text_or("source"))));
            });
        } else if (entry.key == "ports") {
            for_each_map(&value, [](doc::Node& port) {
                add_if_absent(port, "protocol", doc::Node("tcp"));
                add_if_absent(port, "mode", doc::Node("ingress"));
            });
        } else if (entry.key == "gpus") {
            for_each_map(&value, complete_device);
        } else if (entry.key == "deploy") {
            const std::array<std::string_view, 3> path = {"resources", "reservations", "devices"};
            doc::Node* devices = &value;
            for (const std::string_view key : path) devices = devices == nullptr ? nullptr : devices->find(key);
            for_each_map(devices, complete_device);
        } else if (entry.key == "volumes") {
            for_each_map(&value, [&](doc::Node& mount) {
                doc::Node* bind = mount.find("bind");
                if (bind == nullptr) return;
                if (bind->is_map())
                    add_if_absent(*bind, "create_host_path", doc::Node(true));
                else
                    diagnostics.error(*bind, base::cat("services.", name, ".volumes: bind must be a mapping"));
            });
        }
    }
}

}  // namespace

bool set_defaults(doc::Node& model, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    doc::Node* services = model.find("services");
    if (services == nullptr || !services->is_map()) return true;
    for (doc::Entry& service : services->entries())
        if (service.value.is_map()) complete_service(service.value, service.key, diagnostics);
    return diagnostics.errors() == before;
}

}  // namespace tutti::compose
