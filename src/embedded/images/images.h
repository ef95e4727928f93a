// What can be done with images: pull, push, list, tag, remove, save, load, import, commit; all over a store::Store.
// Used by the engine's images face, the builder and containers. Knows no Compose and prints nothing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/reporter.h"
#include "base/stream.h"
#include "embedded/store/store.h"
#include "oci/image.h"
#include "oci/reference.h"
#include "oci/registry.h"
#include "os/scope.h"

namespace tutti::embedded::images {

// An image with everything a container needs.
struct Image {
    store::ImageRecord record;
    oci::ImageConfig config;
    std::vector<std::string> names;  // canonical references

    const base::Digest& id() const { return record.id; }
};

struct PullOptions {
    std::optional<oci::Platform> platform;                   // unset: this machine's
    std::string progress_id;                                 // "Image busybox"; empty: "Image " + the familiar name
    std::int64_t max_layer_bytes = std::int64_t{256} << 30;  // unpacked; a bomb ends here
};

struct Removed {
    std::vector<std::string> untagged;  // familiar names
    std::vector<base::Digest> deleted;  // images
};

class Images {
  public:
    Images(store::Store& store, oci::Registries registries);

    // Looks a name, an id or a unique prefix of an id up. Nothing: not there.
    std::optional<Image> find(const std::string& name_or_id) const;
    Image require(const std::string& name_or_id) const;  // throws Error (not_found) "No such image: …"
    Image load_record(const store::ImageRecord& record) const;
    std::vector<Image> list() const;

    Image pull(const oci::Reference& name, const PullOptions& options, base::Reporter& reporter, os::Scope& scope);
    // What the registry says the name is now, without pulling.
    base::Digest remote_digest(const oci::Reference& name, const os::Cancel& cancel) const;
    // Layers are reported as parts of progress_id; empty: "Image " + the familiar name.
    void push(const oci::Reference& name, base::Reporter& reporter, os::Scope& scope,
              const std::string& progress_id = {});
    void tag(const std::string& name_or_id, const oci::Reference& name);
    // By a name: unties it, and removes the image with its last name. By id: Error (conflict) with several names unless
    // forced.
    Removed remove(const std::string& name_or_id, bool force);

    // A docker archive that is an OCI layout too (as docker save writes); load takes either.
    void save(const std::vector<std::string>& names, base::Sink& to, os::Scope& scope) const;
    std::vector<std::string> load(base::Source& from, base::Reporter& reporter, os::Scope& scope);  // names or ids
    // One layer from a root file system's tar (plain, gzip or zstd).
    Image import_tar(base::Source& tar, const oci::RunConfig& run, const std::optional<oci::Reference>& name,
                     const std::string& created, os::Scope& scope);

    // A folder (an overlay's upper folder with its whiteouts) becomes a layer. It is moved into the store if it lies on
    // the same file system, else copied. Returns the diff id.
    base::Digest add_layer(const std::string& folder, os::Scope& scope);
    // An image from layers that are in the store and a config; diff_ids must match them.
    Image add_image(const oci::ImageConfig& config, const std::optional<oci::Reference>& name);

    // The tar of a stored layer, byte for byte what its diff id says.
    void write_layer(const base::Digest& diff_id, base::Sink& to) const;

  private:
    std::optional<store::ImageRecord> find_record(const std::string& name_or_id) const;
    Image keep(const std::string& config_bytes, const oci::ImageConfig& config,
               const std::optional<oci::Reference>& name);
    Image finish(store::ImageRecord record, const std::optional<oci::Reference>& name);
    store::Store& store_;
    oci::Registries registries_;
};

}  // namespace tutti::embedded::images
