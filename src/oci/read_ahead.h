// A source that is read on a thread of its own, a few pieces ahead of whoever reads here: one stage of a pipeline.
// Used to let download, inflating and unpacking of one layer overlap.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "base/stream.h"
#include "os/scope.h"

namespace tutti::oci {

class ReadAhead : public base::Source {
  public:
    // `from` must outlive this object and give up with Cancelled once `cancel` is: the destructor cancels and joins.
    ReadAhead(base::Source& from, os::Cancel cancel, std::size_t pieces = 8,
              std::size_t piece_size = std::size_t{256} << 10);
    ~ReadAhead() override;
    std::size_t read(char* into, std::size_t size) override;  // rethrows what `from` threw

  private:
    void run();
    base::Source& from_;
    os::Cancel cancel_;
    const std::size_t pieces_, piece_size_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> full_, empty_;
    bool ended_ = false, stopped_ = false;
    std::exception_ptr error_;
    std::string current_;
    std::size_t at_ = 0;
    std::thread thread_;
};

}  // namespace tutti::oci
