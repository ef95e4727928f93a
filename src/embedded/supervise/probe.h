// One health probe that is under way: a process in the container and what it says. Used by the supervisor's loop, which
// polls its descriptors; nothing here waits.
#pragma once

#include <memory>
#include <string>

#include "embedded/records/container.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::supervise {

class Probe {
  public:
    // A probe that cannot even be started is one that has ended, with the error as its output.
    Probe(runtime::Runtime& runtime, const records::Folder& folder, const records::Config& config,
          os::Clock::time_point deadline);
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe();  // kills what still runs

    int output_fd() const { return output_.get(); }
    int ended_fd() const { return process_ ? process_->wait_fd() : -1; }
    os::Clock::time_point deadline() const { return deadline_; }

    void read_output();  // what has come
    // Nothing: it still runs, and its time is not up.
    std::optional<engine::ProbeResult> result(os::Clock::time_point now);

  private:
    engine::ProbeResult finish(int exit_code, std::string note);

    os::Clock::time_point deadline_;
    engine::Time start_;
    std::unique_ptr<runtime::ExecProcess> process_;
    os::Fd output_;
    std::string text_, failure_;
};

}  // namespace tutti::embedded::supervise
