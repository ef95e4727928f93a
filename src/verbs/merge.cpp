#include "verbs/merge.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace tutti::verbs {

namespace {
constexpr std::size_t ahead = 4096;  // lines
}

void Merge::add(std::size_t source, engine::LogLine line) {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [&] { return stopped_ || sources_[source].lines.size() < ahead; });
    if (stopped_) throw base::Cancelled();
    const bool first = sources_[source].lines.empty();
    sources_[source].lines.push_back(std::move(line));
    if (first) news_.notify_all();
}

void Merge::end(std::size_t source) {
    const std::lock_guard lock(mutex_);
    sources_[source].ended = true;
    news_.notify_all();
}

void Merge::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    news_.notify_all();
}

void Merge::drain(const std::function<void(std::size_t source, const engine::LogLine&)>& sink) {
    std::unique_lock lock(mutex_);
    while (true) {
        // The oldest is known once every source has shown a line or has ended.
        news_.wait(lock, [&] {
            return stopped_ || std::all_of(sources_.begin(), sources_.end(),
                                           [](const Source& one) { return one.ended || !one.lines.empty(); });
        });
        if (stopped_) return;
        std::optional<std::size_t> oldest;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (!sources_[i].lines.empty() &&
                (!oldest || sources_[i].lines.front().time < sources_[*oldest].lines.front().time))
                oldest = i;
        if (!oldest) return;
        const engine::LogLine line = std::move(sources_[*oldest].lines.front());
        sources_[*oldest].lines.pop_front();
        if (sources_[*oldest].lines.size() == ahead / 2) news_.notify_all();
        lock.unlock();
        sink(*oldest, line);
        lock.lock();
    }
}

}  // namespace tutti::verbs
