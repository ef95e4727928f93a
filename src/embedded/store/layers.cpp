#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "embedded/store/paths.h"
#include "embedded/store/store.h"

namespace tutti::embedded::store {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

constexpr std::string_view staging_prefix = ".new-";

NewLayer::NewLayer(NewLayer&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), diff_(std::move(other.diff_)), lock_(std::move(other.lock_)) {}

NewLayer::~NewLayer() {
    if (folder_.empty()) return;
    try {
        os::remove_tree(folder_);
    } catch (const Error&) {  // a destructor's own clean-up; collect() takes what is left
    }
}

std::string Store::layer_path(const Digest& diff_id) const { return cat(root_, "/layers/", file_name_of(diff_id)); }
std::string Store::layer_folder(const Digest& diff_id) const { return layer_path(diff_id); }

// `pending` holds the id of the boot in which the layer was unpacked, until its files are known to be on the disk.
// After a power cut the id differs, and the layer counts as absent.
bool Store::has_layer(const Digest& diff_id) const {
    const std::string path = layer_path(diff_id);
    if (!os::exists(cat(path, "/diff"))) return false;
    const auto pending = os::read_file_if_exists(cat(path, "/pending"));
    return !pending || base::trim(*pending) == boot_id_;
}

std::int64_t Store::layer_size(const Digest& diff_id) const {
    const auto text = os::read_file_if_exists(cat(layer_path(diff_id), "/size"));
    return text ? base::to_int(base::trim(*text)).value_or(0) : 0;
}

NewLayer Store::new_layer() {
    static std::atomic<unsigned> counter{0};
    NewLayer layer;
    const std::string folder = cat(root_, "/layers/", staging_prefix, ::getpid(), '-', counter++, '-', ::random());
    if (::mkdir(folder.c_str(), 0700) != 0) throw_errno(cat("making ", folder));
    layer.folder_ = folder;
    layer.lock_ = os::open(folder, O_RDONLY | O_DIRECTORY);
    if (::flock(layer.lock_.get(), LOCK_EX) != 0) throw_errno(cat("locking ", folder));  // collect() leaves it alone
    layer.diff_ = cat(folder, "/diff");
    if (::mkdir(layer.diff_.c_str(), 0755) != 0 || ::chmod(layer.diff_.c_str(), 0755) != 0)
        throw_errno(cat("making ", layer.diff_));
    return layer;
}

void Store::commit(NewLayer layer, const Digest& diff_id, std::int64_t size) {
    os::write_file(cat(layer.folder_, "/size"), cat(size, '\n'));
    os::write_file(cat(layer.folder_, "/pending"), cat(boot_id_, '\n'));
    const std::string path = layer_path(diff_id);
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (::renameat2(AT_FDCWD, layer.folder_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
            layer.folder_.clear();
            return;
        }
        if (errno != EEXIST && errno != ENOTEMPTY)
            throw_errno(cat("putting layer ", diff_id.short_text(), " in its place"));
        if (has_layer(diff_id)) return;  // somebody else was faster
        drop_layer(diff_id);             // one that a power cut left
    }
    throw Error(ErrorKind::conflict, cat("layer ", diff_id.short_text(), " cannot be put in its place"));
}

// Moved aside first: the name must not stand for half a layer at any moment.
void Store::drop_layer(const Digest& diff_id) {
    static std::atomic<unsigned> counter{0};
    const std::string aside =
        cat(root_, "/layers/", staging_prefix, "dead-", ::getpid(), '-', counter++, '-', ::random());
    if (::rename(layer_path(diff_id).c_str(), aside.c_str()) != 0) {
        if (errno == ENOENT) return;
        throw_errno(cat("removing layer ", diff_id.short_text()));
    }
    os::remove_tree(aside);
}

os::FileLock Store::lock_layer(const Digest& diff_id, const os::Cancel& cancel) {
    const std::string path = cat(root_, "/locks/layer-", file_name_of(diff_id));
    for (;;) {
        if (auto lock = os::FileLock::try_now(path)) return std::move(*lock);
        // A lock file gives no event that could be waited for together with a cancellation.
        os::wait(os::Fd(), 0, cancel, os::Clock::now() + std::chrono::milliseconds(20));
    }
}

// Everything these layers consist of reaches the disk; only then does anything name them for good.
void Store::make_durable(const std::vector<Digest>& layers) {
    std::vector<std::string> pending;
    for (const Digest& layer : layers)
        if (os::exists(cat(layer_path(layer), "/pending"))) pending.push_back(layer_path(layer));
    const os::Fd root = os::open(root_, O_RDONLY | O_DIRECTORY);
    if (::syncfs(root.get()) != 0) throw_errno(cat("syncing ", root_));
    for (const auto& path : pending) {
        os::remove_file(cat(path, "/pending"));
        sync_folder(path);
    }
}

Store::Collected Store::collect() {
    Collected out;
    const auto lock = os::FileLock::try_now(cat(root_, "/locks/store"));
    if (!lock) return out;
    std::set<std::string> layers, blobs;
    for (const ImageRecord& image : images()) {
        for (const Digest& layer : image.layers) layers.insert(file_name_of(layer));
        blobs.insert({file_name_of(image.id), file_name_of(image.manifest)});
    }
    for (const auto& name : os::list_folder(cat(root_, "/layers"))) {
        if (layers.contains(name)) continue;
        const std::string path = cat(root_, "/layers/", name);
        if (name.starts_with(staging_prefix)) {
            const os::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) os::remove_tree(path);
            continue;
        }
        const auto id =
            Digest::parse(name.starts_with("sha512-") ? cat("sha512:", name.substr(7)) : cat("sha256:", name));
        if (!id) continue;
        out.bytes += layer_size(*id);
        out.layers.push_back(*id);
        drop_layer(*id);
        os::remove_file(cat(root_, "/locks/layer-", name));
    }
    for (const auto& name : os::list_folder(cat(root_, "/blobs/sha256")))
        if (!blobs.contains(name)) os::remove_file(cat(root_, "/blobs/sha256/", name));
    return out;
}

}  // namespace tutti::embedded::store
