// Bytes that come from somewhere or go somewhere: bodies, layers, archives. The seam between http, oci and the stores.
// Blocking; errors are thrown. Not a buffer and no stdio.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace tutti::base {

class Source {
  public:
    virtual ~Source() = default;
    // Fills at most `size` bytes, at least one; 0 means the end (and stays so).
    virtual std::size_t read(char* into, std::size_t size) = 0;
};

class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(std::string_view bytes) = 0;
};

class TextSource : public Source {
  public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = text_.copy(into, size, at_);
        at_ += n;
        return n;
    }

  private:
    std::string text_;
    std::size_t at_ = 0;
};

class TextSink : public Sink {
  public:
    std::string text;
    void write(std::string_view bytes) override { text.append(bytes); }
};

std::string read_to_end(Source& source, std::size_t limit);  // throws Error (invalid) beyond the limit
void copy(Source& from, Sink& to);

}  // namespace tutti::base
