#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/config.h"

namespace tutti::cli {

namespace {

void pin(std::string& image, const Session& session) {
    if (!image.empty()) image = session.pin_image(image);
}

void warn_hooks(const Session& session, std::string_view service) {
    session.err(base::cat("warning: service \"", service,
                          "\": pre_start hook images are not pinned in the override file produced by "
                          "--lock-image-digests, use the full --resolve-image-digests output to pin them\n"));
}

doc::Node* services_of(doc::Node& tree) {
    doc::Node* services = tree.find("services");
    return services && services->is_map() ? services : nullptr;
}

bool is_image_volume(const doc::Node& volume) { return volume.text_or("type") == "image"; }

void pin_text(doc::Node* node, const Session& session) {
    if (node && node->is_text()) pin(node->as_text(), session);
}

}  // namespace

void pin_images(model::Project& project, const Session& session) {
    for (auto& [name, service] : project.services) {
        pin(service.image, session);
        for (auto& hook : service.pre_start) pin(hook.image, session);
        for (auto& volume : service.volumes) {
            const bool of_service =
                project.services.contains(volume.source) || project.disabled_services.contains(volume.source);
            if (volume.type == "image" && !of_service) pin(volume.source, session);
        }
    }
}

void pin_images(doc::Node& tree, const Session& session) {
    doc::Node* services = services_of(tree);
    if (!services) return;
    for (doc::Entry& entry : services->entries()) {
        pin_text(entry.value.find("image"), session);
        if (doc::Node* hooks = entry.value.find("pre_start"); hooks && hooks->is_list())
            for (doc::Node& hook : hooks->items()) pin_text(hook.find("image"), session);
        if (doc::Node* volumes = entry.value.find("volumes"); volumes && volumes->is_list())
            for (doc::Node& volume : volumes->items())
                if (is_image_volume(volume) && !services->find(volume.text_or("source")))
                    pin_text(volume.find("source"), session);
    }
}

void keep_only_images(model::Project& project, const Session& session) {
    model::Project out;
    for (auto& [name, service] : project.services) {
        if (std::ranges::any_of(service.pre_start, [](const auto& hook) { return !hook.image.empty(); }))
            warn_hooks(session, name);
        model::Service& kept = out.services[name];
        kept.image = service.image;
        for (auto& volume : service.volumes)
            if (volume.type == "image") kept.volumes.push_back(std::move(volume));
    }
    project = std::move(out);
}

void keep_only_images(doc::Node& tree, const Session& session) {
    std::erase_if(tree.entries(), [](const doc::Entry& entry) { return entry.key != "services"; });
    doc::Node* services = services_of(tree);
    if (!services) return;
    for (doc::Entry& service : services->entries()) {
        const doc::Node* hooks = service.value.find("pre_start");
        if (hooks && hooks->is_list() &&
            std::ranges::any_of(hooks->items(), [](const doc::Node& hook) { return !hook.text_or("image").empty(); }))
            warn_hooks(session, service.key);
        std::erase_if(service.value.entries(),
                      [](const doc::Entry& entry) { return entry.key != "image" && entry.key != "volumes"; });
        doc::Node* volumes = service.value.find("volumes");
        if (volumes && volumes->is_list())
            std::erase_if(volumes->items(), [](const doc::Node& volume) { return !is_image_volume(volume); });
        if (volumes && volumes->size() == 0) service.value.erase("volumes");
    }
}

}  // namespace tutti::cli
