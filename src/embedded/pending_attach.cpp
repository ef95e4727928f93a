#include "embedded/pending_attach.h"

namespace tutti::embedded {

void PendingAttaches::follow() {
    const std::lock_guard lock(mutex_);
    if (!follower_) follower_.emplace(log_.follow_from_end());
}

void PendingAttaches::add(const std::string& id, const std::shared_ptr<PendingAttach>& attach) {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [](const auto& entry) { return entry.second.expired(); });
    waiting_.emplace(id, attach);
}

std::vector<std::shared_ptr<PendingAttach>> PendingAttaches::take(const std::string& id) {
    std::vector<std::shared_ptr<PendingAttach>> taken;
    const auto [first, last] = waiting_.equal_range(id);
    for (auto it = first; it != last; ++it)
        if (auto attach = it->second.lock()) taken.push_back(std::move(attach));
    waiting_.erase(first, last);
    return taken;
}

void PendingAttaches::connect(const std::string& id) {
    std::vector<std::shared_ptr<PendingAttach>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = take(id);
    }
    for (const auto& attach : taken) attach->connect();
}

const os::Fd& PendingAttaches::news() const { return follower_->fd(); }

void PendingAttaches::read_news() {
    std::vector<std::shared_ptr<PendingAttach>> started, gone;
    {
        const std::lock_guard lock(mutex_);
        follower_->read_new([&](const engine::Event& event) {
            if (event.type != "container" || (event.action != "start" && event.action != "destroy")) return;
            auto& those = event.action == "start" ? started : gone;
            for (auto& attach : take(event.id)) those.push_back(std::move(attach));
        });
    }
    for (const auto& attach : started) attach->connect_late();
    for (const auto& attach : gone) attach->give_up();
}

}  // namespace tutti::embedded
