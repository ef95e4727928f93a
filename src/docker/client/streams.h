// The multiplexed stream of attach, exec and logs: frames of [kind, 0, 0, 0, length big-endian] and their bytes; a
// terminal's stream is raw. Used by the containers face. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/streams.h"

namespace tutti::docker::client {

class Demultiplexer {
  public:
    explicit Demultiplexer(bool raw) : raw_(raw) {}
    // Bytes in any cut; throws invalid when they are no frames.
    void feed(std::string_view bytes, const engine::OutputSink& sink);

  private:
    static constexpr std::size_t head_size = 8;
    bool raw_;
    std::string head_;
    engine::StreamKind kind_ = engine::StreamKind::stdout_;
    std::uint32_t left_ = 0;
};

}  // namespace tutti::docker::client
