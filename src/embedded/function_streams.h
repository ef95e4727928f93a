// The contract's functions as the byte streams of our rooms. Used by the files that move archives in and out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/stream.h"

namespace tutti::embedded {

class FunctionSource final : public base::Source {
  public:
    explicit FunctionSource(const std::function<std::string()>& source) : source_(source) {}
    std::size_t read(char* into, std::size_t size) override {
        if (at_ == pending_.size()) {
            pending_ = source_();
            at_ = 0;
        }
        const auto n = pending_.copy(into, size, at_);
        at_ += n;
        return n;
    }

  private:
    const std::function<std::string()>& source_;
    std::string pending_;
    std::size_t at_ = 0;
};

// Gathers small writes; flush() at the end.
class FunctionSink final : public base::Sink {
  public:
    explicit FunctionSink(const std::function<void(std::string_view)>& sink) : sink_(sink) {}
    void write(std::string_view bytes) override {
        pending_.append(bytes);
        if (pending_.size() >= at_once) flush();
    }
    void flush() {
        if (!pending_.empty()) sink_(pending_);
        pending_.clear();
    }

  private:
    static constexpr std::size_t at_once = 64 * 1024;
    const std::function<void(std::string_view)>& sink_;
    std::string pending_;
};

}  // namespace tutti::embedded
