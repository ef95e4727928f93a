// Where images live on disk: blobs (configs, manifests), unpacked layers, image records, names, and who holds an image.
// Used by embedded/images (which fills it) and by containers (lower folders, holds). Knows no registry and no tar
// format.
//
//   ROOT/blobs/sha256/HEX      small documents, verified when written
//   ROOT/layers/HEX/diff       a layer's files, named by its diff id; overlay's own whiteouts inside
//   ROOT/images/HEX.json       an image: manifest, layers, size; HEX is the config's digest
//   ROOT/refs/NAME             a name → an image
//   ROOT/holds/HEX/OWNER       somebody (a container) needs this image
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "os/file.h"
#include "os/scope.h"

namespace tutti::embedded::store {

struct ImageRecord {
    base::Digest id;                        // of the config blob
    base::Digest manifest;                  // of the manifest blob
    std::vector<base::Digest> layers;       // diff ids, lowest first
    std::int64_t size = 0;                  // bytes of the unpacked layers
    std::vector<std::string> repo_digests;  // "docker.io/library/busybox@sha256:…"
    std::int64_t stored_at = 0;             // seconds since 1970
};

struct Ref {
    std::string name;  // canonical: "docker.io/library/busybox:latest"
    base::Digest image;
};

// A layer being made: a private folder, gone with this object unless committed.
class NewLayer {
  public:
    NewLayer(NewLayer&&) noexcept;
    ~NewLayer();
    const std::string& diff() const { return diff_; }      // unpack into this folder
    const std::string& folder() const { return folder_; }  // beside it: what is needed to write the same archive again

  private:
    friend class Store;
    NewLayer() = default;
    std::string folder_, diff_;
    os::Fd lock_;
};

class Store {
  public:
    explicit Store(std::string root);  // makes the folders
    const std::string& root() const { return root_; }

    // Blobs.
    bool has_blob(const base::Digest& digest) const;
    std::string blob(const base::Digest& digest) const;  // throws Error (not_found); verified
    void put_blob(const base::Digest& digest,
                  std::string_view bytes);  // throws Error (invalid) if it is not the digest

    // Layers. A layer that was not yet written through to the disk counts only within the boot that unpacked it.
    bool has_layer(const base::Digest& diff_id) const;
    std::string layer_folder(const base::Digest& diff_id) const;
    std::int64_t layer_size(const base::Digest& diff_id) const;  // bytes of its regular files; 0 if unknown
    NewLayer new_layer();
    // Puts the layer in its place; if another was faster, drops this one.
    void commit(NewLayer layer, const base::Digest& diff_id, std::int64_t size);
    // Only one of several processes and threads makes a layer at a time. Throws Cancelled.
    os::FileLock lock_layer(const base::Digest& diff_id, const os::Cancel& cancel);

    // Images. put: the blobs and layers it names must be there; everything is on the disk when it returns.
    void put_image(const ImageRecord& image);
    std::optional<ImageRecord> image(const base::Digest& id) const;
    std::vector<ImageRecord> images() const;
    void remove_image(const base::Digest& id);  // with its names; Error (conflict) while held
    std::vector<std::string> lower_folders(const ImageRecord& image) const;  // highest first, as overlay wants them
    // Where somebody keeps what belongs to the image and goes with it (embedded/places.h).
    std::string places_path(const base::Digest& image) const;

    // Names.
    void set_ref(const std::string& name, const base::Digest& image);
    bool remove_ref(const std::string& name);
    std::optional<base::Digest> ref(const std::string& name) const;
    std::vector<Ref> refs() const;

    // Holds: an image in use is never removed. The owner is an id of [a-zA-Z0-9_.-].
    void hold(const base::Digest& image, const std::string& owner);
    void release(const base::Digest& image, const std::string& owner);
    std::vector<std::string> holders(const base::Digest& image) const;

    // While one of these lives nothing is collected: held by those that add blobs and layers before the record naming
    // them.
    os::FileLock adding() const;
    struct Collected {
        std::vector<base::Digest> layers;
        std::int64_t bytes = 0;
    };
    // Removes what nothing names: leftovers of broken pulls, layers and blobs without an image. Nothing if somebody is
    // adding.
    Collected collect();

  private:
    std::string layer_path(const base::Digest& diff_id) const;
    void make_durable(const std::vector<base::Digest>& layers);
    void drop_layer(const base::Digest& diff_id);
    std::string root_;
    std::string boot_id_;
};

}  // namespace tutti::embedded::store
