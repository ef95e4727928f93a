// Turns a writer into a source: what `produce` writes on its own thread is read here.
// Used where an archive is produced by writing and consumed by reading, as in a push.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/stream.h"

namespace tutti::oci {

class ProducedSource : public base::Source {
  public:
    explicit ProducedSource(std::function<void(base::Sink&)> produce);
    ~ProducedSource() override;  // a producer that is not done gets Cancelled from its sink
    std::size_t read(char* into, std::size_t size) override;  // rethrows what the producer threw

  private:
    class Inlet;
    void put(std::string_view bytes);
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string waiting_;
    std::size_t at_ = 0;
    bool ended_ = false, stopped_ = false;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace tutti::oci
