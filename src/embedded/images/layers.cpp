#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/fetch.h"
#include "embedded/images/images.h"
#include "oci/compress.h"
#include "oci/pack.h"
#include "os/copy_tree.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;

namespace {

class HashSink : public base::Sink {
  public:
    explicit HashSink(Digest::Algorithm algorithm = Digest::Algorithm::sha256) : hasher_(algorithm) {}
    void write(std::string_view bytes) override {
        hasher_.add(bytes);
        size_ += static_cast<std::int64_t>(bytes.size());
    }
    Digest finish() { return hasher_.finish(); }
    std::int64_t size() const { return size_; }

  private:
    base::Hasher hasher_;
    std::int64_t size_ = 0;
};

class TeeSink : public base::Sink {
  public:
    TeeSink(base::Sink& one, base::Sink& other) : one_(one), other_(other) {}
    void write(std::string_view bytes) override {
        one_.write(bytes);
        other_.write(bytes);
    }

  private:
    base::Sink &one_, &other_;
};

class FdSource : public base::Source {
  public:
    explicit FdSource(const os::Fd& fd) : fd_(fd) {}
    std::size_t read(char* into, std::size_t size) override {
        for (;;) {
            const ssize_t n = ::read(fd_.get(), into, size);
            if (n >= 0) return static_cast<std::size_t>(n);
            if (errno != EINTR) base::throw_errno("reading a stored layer");
        }
    }

  private:
    const os::Fd& fd_;
};

}  // namespace

// Layers that came as archives keep their skeleton; those made here are packed by the same rules each time.
void Images::write_layer(const Digest& diff_id, base::Sink& to) const {
    if (!store_.has_layer(diff_id))
        throw Error(ErrorKind::not_found, cat("layer ", diff_id.to_text(), " is not in the store"));
    const std::string folder = store_.layer_folder(diff_id);
    const os::Fd root = os::open(cat(folder, "/diff"), O_RDONLY | O_DIRECTORY);
    HashSink hash(diff_id.algorithm());
    TeeSink both(hash, to);
    const os::Fd skeleton(::open(cat(folder, "/skeleton.zst").c_str(), O_RDONLY | O_CLOEXEC));
    if (skeleton) {
        const os::Fd replaced(::open(cat(folder, "/replaced").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        FdSource bytes(skeleton);
        const auto plain = oci::decompress(bytes);
        oci::write_from_skeleton(*plain, root, replaced ? &replaced : nullptr, both);
    } else {
        oci::pack(root, both);
    }
    if (hash.finish() != diff_id)
        throw Error(ErrorKind::invalid,
                    cat("layer ", diff_id.short_text(), " in the store was changed and no longer has its digest"),
                    "remove the image and pull it again");
}

Digest Images::add_layer(const std::string& folder, os::Scope& scope) {
    const os::FileLock adding = store_.adding();
    HashSink hash;
    {
        const os::Fd root = os::open(folder, O_RDONLY | O_DIRECTORY);
        oci::pack(root, hash);
    }
    const std::int64_t size = hash.size();
    const Digest diff_id = hash.finish();
    const os::FileLock lock = store_.lock_layer(diff_id, scope.cancel());
    if (store_.has_layer(diff_id)) return diff_id;
    store::NewLayer layer = store_.new_layer();
    if (::rmdir(layer.diff().c_str()) != 0) base::throw_errno(cat("making room for ", folder));
    if (::rename(folder.c_str(), layer.diff().c_str()) != 0) {
        if (errno != EXDEV) base::throw_errno(cat("moving ", folder, " into the store"));
        if (::mkdir(layer.diff().c_str(), 0755) != 0) base::throw_errno(cat("making ", layer.diff()));
        os::copy_tree(os::open(folder, O_RDONLY | O_DIRECTORY), os::open(layer.diff(), O_RDONLY | O_DIRECTORY),
                      os::OverlayMarks::keep);
        os::remove_tree(folder);
    }
    store_.commit(std::move(layer), diff_id, size);
    return diff_id;
}

Image Images::add_image(const oci::ImageConfig& config, const std::optional<oci::Reference>& name) {
    const os::FileLock adding = store_.adding();
    return keep(oci::to_json(config), config, name);
}

// The layers' blobs are made when they are pushed; until then their uncompressed form describes them.
Image Images::keep(const std::string& config_bytes, const oci::ImageConfig& config,
                   const std::optional<oci::Reference>& name) {
    const Digest id = Digest::of(config_bytes);
    const auto config_size = static_cast<std::int64_t>(config_bytes.size());
    oci::Manifest manifest{std::string(oci::media::oci_manifest),
                           {std::string(oci::media::oci_config), id, config_size, {}, {}, {}},
                           {},
                           {}};
    for (const Digest& layer : config.diff_ids)
        manifest.layers.push_back({std::string(oci::media::oci_layer), layer, store_.layer_size(layer), {}, {}, {}});
    const std::string manifest_bytes = oci::to_json(manifest);
    const auto known = store_.image(id);  // pulled before: that manifest knows more
    store_.put_blob(id, config_bytes);
    if (!known) store_.put_blob(Digest::of(manifest_bytes), manifest_bytes);
    return finish({id, known ? known->manifest : Digest::of(manifest_bytes), config.diff_ids, 0, {}, 0}, name);
}

}  // namespace tutti::embedded::images
