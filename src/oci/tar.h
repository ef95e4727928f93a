// Reading tar archives as layers use them: ustar, PAX, GNU long names, both kinds of sparse files, extended attributes.
// Used by unpack.h and by whoever takes archives from outside. Trusts nothing that it reads; touches no file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stream.h"

namespace tutti::oci {

struct TarEntry {
    enum class Kind { file, hard_link, symbolic_link, character_device, block_device, folder, fifo };
    struct Segment {  // of a sparse file: data that stands in the archive, the rest are holes
        std::int64_t offset = 0, length = 0;
    };

    Kind kind = Kind::file;
    std::string path;  // as written: may be absolute, may climb
    std::string link;  // target of a link
    unsigned mode = 0;
    std::uint32_t uid = 0, gid = 0;
    std::string user, group;
    std::int64_t mtime = 0;
    long mtime_nanos = 0;
    unsigned major = 0, minor = 0;
    std::int64_t size = 0;  // of the content in the archive
    bool sparse = false;
    std::int64_t real_size = 0;     // of the file; differs from size if sparse
    std::vector<Segment> segments;  // if sparse: ascending
    std::map<std::string, std::string> xattrs;
};

class TarReader {
  public:
    enum class Mode {
        archive,
        skeleton,  // an archive without the files' contents, as `raw` below collected it
    };
    // `raw` gets every byte that is not a file's content: headers, padding, the end. Together they are the skeleton.
    explicit TarReader(base::Source& source, Mode mode = Mode::archive, std::function<void(std::string_view)> raw = {});

    // The next entry; what is left of the one before is skipped. Nothing: the end, and the source has been read to its
    // own. Throws Error (invalid) on damage and on more than sane metadata.
    std::optional<TarEntry> next();
    // The next piece of the entry's content, valid until the next call; empty at its end.
    std::string_view more(std::size_t at_most = SIZE_MAX);

  private:
    using Records = std::map<std::string, std::string>;
    bool fill();
    std::string_view need(std::size_t bytes);  // exactly so many, consumed; throws at the end
    void consume_raw(std::string_view bytes);
    bool next_header(std::string& block);
    std::string metadata_body(std::int64_t size);
    void skip_padding(std::int64_t size);
    void read_pax(std::string_view body, Records& into) const;
    TarEntry make_entry(const std::string& block);
    void apply_pax(TarEntry& entry);
    void read_gnu_sparse(TarEntry& entry, const std::string& block);
    void read_pax_sparse(TarEntry& entry, const Records& records);
    void check_sparse(const TarEntry& entry) const;

    base::Source& source_;
    Mode mode_;
    std::function<void(std::string_view)> raw_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool source_ended_ = false;
    std::int64_t left_ = 0;     // of the current content
    std::int64_t padding_ = 0;  // after it
    Records global_, records_;
    std::int64_t metadata_ = 0, global_metadata_ = 0;  // bytes, of the next entry and of all
    std::string long_name_, long_link_;
};

// Writes archives whose bytes depend on nothing but the entries: PAX only where ustar does not suffice.
class TarWriter {
  public:
    explicit TarWriter(base::Sink& sink) : sink_(sink) {}
    void add(const TarEntry& entry);       // a file's content follows: exactly entry.size bytes through content()
    void content(std::string_view bytes);  // throws Error (internal) on too many
    void finish();                         // the two empty blocks

  private:
    void pad();
    base::Sink& sink_;
    std::int64_t left_ = 0, written_ = 0;
};

}  // namespace tutti::oci
