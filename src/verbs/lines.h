// Bytes of two streams → lines. Half a line waits for its end, or for the end of all.
// Used wherever output of a process is shown line by line.
// Keeps no text but the half lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/containers.h"

namespace tutti::verbs {

class Lines {
  public:
    using Sink = std::function<void(engine::StreamKind stream, std::string_view text)>;
    explicit Lines(Sink sink) : sink_(std::move(sink)) {}

    void add(engine::StreamKind stream, std::string_view bytes) {
        std::string& half = stream == engine::StreamKind::stderr_ ? err_ : out_;
        while (!bytes.empty()) {
            const auto end = bytes.find('\n');
            half.append(bytes.substr(0, end));
            if (end == std::string_view::npos) return;
            if (half.ends_with('\r')) half.pop_back();
            sink_(stream, half);
            half.clear();
            bytes.remove_prefix(end + 1);
        }
    }
    void finish() {
        if (!out_.empty()) sink_(engine::StreamKind::stdout_, out_);
        if (!err_.empty()) sink_(engine::StreamKind::stderr_, err_);
        out_.clear();
        err_.clear();
    }

  private:
    Sink sink_;
    std::string out_, err_;
};

}  // namespace tutti::verbs
