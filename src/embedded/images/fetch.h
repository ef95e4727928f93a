// One layer's way into the store: bytes of an archive, compressed or not, become an unpacked, verified layer.
// Used by pull, load and import. Keeps nothing of a layer that turns out wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/stream.h"
#include "embedded/store/store.h"
#include "oci/image.h"
#include "oci/unpack.h"
#include "os/scope.h"

namespace tutti::embedded::images {

struct LayerSource {
    base::Source* bytes = nullptr;          // reading gives up with Cancelled once `cancel` is
    os::Cancel cancel;                      // private to this layer: it is cancelled at the end
    std::optional<oci::Descriptor> expect;  // digest and size that the bytes must have
    std::optional<base::Digest> diff_id;    // what their uncompressed form must be
    oci::UnpackLimits limits;
    std::function<void(std::int64_t)> on_bytes;  // called with the bytes read so far
};

// Returns the diff id. Throws Error (invalid) that says which digest does not fit.
base::Digest add_layer(store::Store& store, LayerSource source);

}  // namespace tutti::embedded::images
