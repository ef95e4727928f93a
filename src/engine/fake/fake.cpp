#include "engine/fake/fake.h"

#include "base/text.h"

namespace tutti::engine::fake {

struct FakeEngine::Faces {
    std::unique_ptr<Containers> containers;
    std::unique_ptr<Images> images;
    std::unique_ptr<Networks> networks;
    std::unique_ptr<Volumes> volumes;
    std::unique_ptr<System> system;
};

FakeEngine::FakeEngine() : world_(std::make_shared<World>()), faces_(std::make_unique<Faces>()) {
    faces_->containers = make_containers(*world_);
    faces_->images = make_images(*world_);
    faces_->networks = make_networks(*world_);
    faces_->volumes = make_volumes(*world_);
    faces_->system = make_system(*world_);
}
FakeEngine::~FakeEngine() = default;

Containers& FakeEngine::containers() { return *faces_->containers; }
Images& FakeEngine::images() { return *faces_->images; }
Networks& FakeEngine::networks() { return *faces_->networks; }
Volumes& FakeEngine::volumes() { return *faces_->volumes; }
System& FakeEngine::system() { return *faces_->system; }

namespace {
Image complete(const std::string& reference, Image image, const std::string& id) {
    if (image.id.empty()) image.id = "sha256:" + id;
    if (image.tags.empty()) image.tags = {reference};
    if (image.os.empty()) image.os = "linux";
    if (image.architecture.empty()) image.architecture = "amd64";
    if (image.command.empty() && image.entrypoint.empty()) image.command = {"sh"};
    return image;
}
}  // namespace

void FakeEngine::add_image(const std::string& reference, Image image) {
    const std::lock_guard lock(world_->mutex);
    world_->images[reference] = complete(reference, std::move(image), world_->new_id());
}

void FakeEngine::add_remote_image(const std::string& reference, Image image) {
    const std::lock_guard lock(world_->mutex);
    world_->remote[reference] = complete(reference, std::move(image), world_->new_id());
}

void FakeEngine::on_start(const std::string& image, Behaviour behaviour) {
    const std::lock_guard lock(world_->mutex);
    world_->behaviours[image] = std::move(behaviour);
}

void FakeEngine::exit(const std::string& container, int code) {
    const std::lock_guard lock(world_->mutex);
    world_->end(world_->find(container), code);
}

void FakeEngine::set_health(const std::string& container, Health health, ProbeResult probe) {
    const std::lock_guard lock(world_->mutex);
    Thing& thing = world_->find(container);
    thing.container.health = health;
    thing.container.probes.push_back(std::move(probe));
    world_->emit(thing, base::cat("health_status: ", to_text(health)));
}

void FakeEngine::write_log(const std::string& container, StreamKind stream, std::string text) {
    const std::lock_guard lock(world_->mutex);
    world_->find(container).log->push_back({world_->now(), stream, std::move(text), false});
    world_->changed.notify_all();
}

void FakeEngine::fail_next(const std::string& call, base::Error error) {
    const std::lock_guard lock(world_->mutex);
    world_->failures.insert_or_assign(call, std::move(error));
}

std::vector<std::string> FakeEngine::calls() const {
    const std::lock_guard lock(world_->mutex);
    return world_->calls;
}

void FakeEngine::forget_calls() {
    const std::lock_guard lock(world_->mutex);
    world_->calls.clear();
}

}  // namespace tutti::engine::fake
