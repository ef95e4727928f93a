#include "oci/produced_source.h"

#include <algorithm>

#include "base/error.h"

namespace tutti::oci {

constexpr std::size_t high_water = std::size_t{1} << 20;

class ProducedSource::Inlet : public base::Sink {
  public:
    explicit Inlet(ProducedSource& to) : to_(to) {}
    void write(std::string_view bytes) override { to_.put(bytes); }

  private:
    ProducedSource& to_;
};

ProducedSource::ProducedSource(std::function<void(base::Sink&)> produce)
    : thread_([this, produce = std::move(produce)] {
          std::exception_ptr error;
          try {
              Inlet inlet(*this);
              produce(inlet);
          } catch (...) {  // handed to the reader
              error = std::current_exception();
          }
          const std::lock_guard lock(mutex_);
          error_ = error;
          ended_ = true;
          changed_.notify_all();
      }) {}

ProducedSource::~ProducedSource() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void ProducedSource::put(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || waiting_.size() - at_ < high_water; });
    if (stopped_) throw base::Cancelled();
    if (at_ > high_water) {
        waiting_.erase(0, at_);
        at_ = 0;
    }
    waiting_.append(bytes);
    changed_.notify_all();
}

std::size_t ProducedSource::read(char* into, std::size_t size) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || waiting_.size() > at_; });
    if (waiting_.size() == at_) {
        if (error_) std::rethrow_exception(error_);
        return 0;
    }
    const std::size_t n = waiting_.copy(into, size, at_);
    at_ += n;
    if (at_ == waiting_.size()) {
        waiting_.clear();
        at_ = 0;
    }
    changed_.notify_all();
    return n;
}

}  // namespace tutti::oci
