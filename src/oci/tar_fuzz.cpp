#include "base/error.h"
#include "oci/tar.h"

using namespace tutti;

namespace {

class Bytes : public base::Source {
  public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = bytes_.copy(into, size);
        bytes_.remove_prefix(n);
        return n;
    }

  private:
    std::string_view bytes_;
};

}  // namespace

// Whatever the bytes are: either an error, or contents and the rest together are the bytes again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Bytes source(text);
    std::string again;
    try {
        oci::TarReader reader(source, oci::TarReader::Mode::archive, [&](std::string_view raw) { again += raw; });
        while (const auto entry = reader.next()) {
            if (entry->path.empty() || entry->size < 0) __builtin_trap();
            for (auto piece = reader.more(1000); !piece.empty(); piece = reader.more(1000)) again += piece;
        }
    } catch (const base::Error&) { return 0; }
    if (again != text) __builtin_trap();
    return 0;
}
