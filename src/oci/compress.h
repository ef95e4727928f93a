// Streams of compressed bytes: gzip (ISA-L where it is installed, else zlib) and zstd, both ways.
// Used for layers and archives. Bounds nothing itself: whoever reads counts.
#pragma once

#include <memory>

#include "base/stream.h"

namespace tutti::oci {

enum class Compression { none, gzip, zstd };

// Looks at the first bytes and takes off what is there; plain bytes pass through. `from` must outlive the result.
// Reading throws Error (invalid) on damage and on a stream that ends early.
std::unique_ptr<base::Source> decompress(base::Source& from);

class Compressor : public base::Sink {
  public:
    virtual void finish() = 0;  // writes what is left; needed
};
std::unique_ptr<Compressor> compress(Compression how, base::Sink& to);

}  // namespace tutti::oci
