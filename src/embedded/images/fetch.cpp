#include "embedded/images/fetch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/compress.h"
#include "oci/read_ahead.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;

namespace {

class HashingSource : public base::Source {
  public:
    HashingSource(base::Source& from, Digest::Algorithm algorithm, std::function<void(std::int64_t)> on_bytes = {})
        : from_(from), hasher_(algorithm), on_bytes_(std::move(on_bytes)) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = from_.read(into, size);
        hasher_.add({into, n});
        size_ += static_cast<std::int64_t>(n);
        if (on_bytes_) on_bytes_(size_);
        return n;
    }
    Digest finish() { return hasher_.finish(); }
    std::int64_t size() const { return size_; }

  private:
    base::Source& from_;
    base::Hasher hasher_;
    std::function<void(std::int64_t)> on_bytes_;
    std::int64_t size_ = 0;
};

class FileSink : public base::Sink {
  public:
    explicit FileSink(const std::string& path)
        : path_(path), file_(os::open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) {}
    void write(std::string_view bytes) override {
        base::in_context(path_, [&] { os::write_all(file_, bytes); });
    }

  private:
    std::string path_;
    os::Fd file_;
};

void drain(base::Source& source) {
    char rest[16384];
    while (source.read(rest, sizeof rest) != 0) {}
}

void check(const std::string& what, const Digest& is, const Digest& expected) {
    if (is == expected) return;
    throw Error(ErrorKind::invalid, cat(what, " has digest ", is.to_text(), ", not ", expected.to_text()),
                "its source sends wrong data; nothing was kept");
}

}  // namespace

// Three stages run at once: reading and hashing the blob, inflating it, hashing and unpacking the archive.
Digest add_layer(store::Store& store, LayerSource source) {
    const auto algorithm = source.expect ? source.expect->digest.algorithm() : Digest::Algorithm::sha256;
    store::NewLayer layer = store.new_layer();
    const std::string replaced_path = cat(layer.folder(), "/replaced");
    os::make_folders(replaced_path, 0700);
    oci::Unpacked unpacked;
    std::optional<Digest> blob_digest, diff_id;
    std::int64_t blob_size = 0;
    {
        HashingSource blob(*source.bytes, algorithm, source.on_bytes);
        oci::ReadAhead fetched(blob, source.cancel);
        const auto inflated = oci::decompress(fetched);
        {
            oci::ReadAhead ahead(*inflated, source.cancel);
            HashingSource archive(ahead, source.diff_id ? source.diff_id->algorithm() : Digest::Algorithm::sha256);
            FileSink skeleton_file(cat(layer.folder(), "/skeleton.zst"));
            const auto skeleton = oci::compress(oci::Compression::zstd, skeleton_file);
            const os::Fd root = os::open(layer.diff(), O_RDONLY | O_DIRECTORY);
            const os::Fd replaced = os::open(replaced_path, O_RDONLY | O_DIRECTORY);
            unpacked = oci::unpack(archive, root, source.limits, skeleton.get(), &replaced);
            skeleton->finish();
            diff_id = archive.finish();
        }
        drain(fetched);
        blob_digest = blob.finish();
        blob_size = blob.size();
    }
    if (source.expect) {
        check(cat("layer ", source.expect->digest.short_text()), *blob_digest, source.expect->digest);
        if (blob_size != source.expect->size)
            throw Error(ErrorKind::invalid, cat("layer ", blob_digest->short_text(), " has ", blob_size, " bytes, not ",
                                                source.expect->size));
    }
    if (source.diff_id) check(cat("the unpacked layer ", blob_digest->short_text()), *diff_id, *source.diff_id);
    if (os::list_folder(replaced_path).empty()) os::remove_tree(replaced_path);
    store.commit(std::move(layer), *diff_id, unpacked.bytes);
    return *diff_id;
}

}  // namespace tutti::embedded::images
