#include <algorithm>
#include <ctime>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/fetch.h"
#include "embedded/images/images.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

constexpr std::size_t max_config = std::size_t{8} << 20;
constexpr std::size_t layers_at_once = 6;

namespace {

// What a pull is about, once the manifests are known.
struct Wanted {
    oci::Document document;  // what the name stands for: a manifest or an index
    oci::Document manifest_document;
    oci::Manifest manifest;
};

Wanted resolve(const oci::Repository& repository, const oci::Platform& platform) {
    const oci::Reference& name = repository.name();
    oci::Document document = repository.manifest(name.digest ? name.digest->to_text() : name.tag);
    oci::Document manifest = document;
    // An index may hold an index; deeper than that nobody goes.
    for (int depth = 0; oci::classify(manifest.bytes, manifest.media_type) == oci::DocumentKind::index; ++depth) {
        const oci::Index index = oci::parse_index(manifest.bytes);
        const oci::Descriptor* entry = depth < 2 ? oci::choose(index, platform) : nullptr;
        if (!entry) {
            std::string offered;
            for (const auto& one : index.manifests)
                if (one.platform && !one.is_attestation())
                    offered += cat(offered.empty() ? "" : ", ", one.platform->to_text());
            throw Error(ErrorKind::not_found,
                        cat("no matching manifest for ", platform.to_text(), " in the manifest list entries of ",
                            name.familiar()),
                        offered.empty() ? "" : cat("it has ", offered));
        }
        manifest = repository.manifest(entry->digest.to_text());
    }
    oci::Manifest parsed = oci::parse_manifest(manifest.bytes);
    return {std::move(document), std::move(manifest), std::move(parsed)};
}

class Pull {
  public:
    Pull(store::Store& store, const oci::Repository& repository, const PullOptions& options, std::string id,
         base::Reporter& reporter)
        : store_(store), repository_(repository), options_(options), id_(std::move(id)), reporter_(reporter) {}

    void layers(const oci::Manifest& manifest, const oci::ImageConfig& config, os::Scope& scope) {
        std::set<Digest> seen;
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
            if (!seen.insert(config.diff_ids[i]).second) continue;
            order.push_back(i);
            tell(manifest.layers[i], State::working, "Pulling fs layer");
        }
        // The largest first, so that none is left over at the end.
        std::ranges::stable_sort(
            order, [&](std::size_t a, std::size_t b) { return manifest.layers[a].size > manifest.layers[b].size; });
        os::parallel(scope, order.size(), layers_at_once, [&](std::size_t k) {
            one(manifest.layers[order[k]], config.diff_ids[order[k]], scope.cancel().child());
        });
    }

  private:
    void one(const oci::Descriptor& layer, const Digest& diff_id, const os::Cancel& cancel) {
        if (store_.has_layer(diff_id)) return tell(layer, State::done, "Already exists", layer.size);
        const os::FileLock lock = store_.lock_layer(diff_id, cancel);
        if (store_.has_layer(diff_id)) return tell(layer, State::done, "Already exists", layer.size);
        const auto bytes = repository_.blob(layer, cancel);
        std::int64_t told = 0;
        LayerSource source;
        source.bytes = bytes.get();
        source.cancel = cancel;
        source.expect = layer;
        source.diff_id = diff_id;
        source.limits.bytes = options_.max_layer_bytes;
        source.on_bytes = [&](std::int64_t so_far) {
            if (so_far == layer.size) {
                tell(layer, State::working, "Extracting", so_far);
            } else if (so_far - told >= std::max<std::int64_t>(layer.size / 50, 1 << 18)) {
                told = so_far;
                tell(layer, State::working, "Downloading", so_far);
            }
        };
        base::in_context(cat("pulling ", repository_.name().familiar()), [&] { add_layer(store_, std::move(source)); });
        tell(layer, State::done, "Pull complete", layer.size);
    }

    void tell(const oci::Descriptor& layer, State state, std::string text, std::int64_t current = 0) {
        reporter_.progress({layer.digest.short_text(), id_, state, std::move(text), "", current, layer.size});
    }

    store::Store& store_;
    const oci::Repository& repository_;
    const PullOptions& options_;
    std::string id_;
    base::Reporter& reporter_;
};

void check_platform(const oci::ImageConfig& config, const PullOptions& options, const oci::Reference& name,
                    base::Reporter& reporter) {
    const oci::Platform wanted = options.platform.value_or(oci::Platform::host());
    if (config.platform.os == wanted.os && config.platform.architecture == wanted.architecture) return;
    const std::string message =
        cat("image ", name.familiar(), " is for ", config.platform.to_text(), ", not for ", wanted.to_text());
    if (options.platform) throw Error(ErrorKind::not_found, message, "leave --platform out to take it all the same");
    reporter.warn(message);
}

}  // namespace

Image Images::pull(const oci::Reference& name, const PullOptions& options, base::Reporter& reporter, os::Scope& scope) {
    const std::string id = options.progress_id.empty() ? cat("Image ", name.familiar()) : options.progress_id;
    const oci::Repository repository(name, registries_, oci::Repository::Access::pull, scope.cancel());
    const Wanted wanted = resolve(repository, options.platform.value_or(oci::Platform::host()));
    const std::string config_bytes = repository.small_blob(wanted.manifest.config, max_config);
    const oci::ImageConfig config = oci::parse_config(config_bytes);
    check_platform(config, options, name, reporter);
    if (config.diff_ids.size() != wanted.manifest.layers.size())
        throw Error(ErrorKind::invalid, cat("image ", name.familiar(), " has ", wanted.manifest.layers.size(),
                                            " layers, but its config names ", config.diff_ids.size()));

    const os::FileLock adding = store_.adding();
    Pull(store_, repository, options, id, reporter).layers(wanted.manifest, config, scope);
    store_.put_blob(wanted.manifest.config.digest, config_bytes);
    store_.put_blob(wanted.manifest_document.digest, wanted.manifest_document.bytes);
    store::ImageRecord record{
        wanted.manifest.config.digest, wanted.manifest_document.digest, config.diff_ids, 0, {}, 0};
    record.repo_digests.push_back(cat(name.repository(), '@', wanted.document.digest.to_text()));
    return finish(std::move(record), name.digest ? std::nullopt : std::optional(name));
}

Digest Images::remote_digest(const oci::Reference& name, const os::Cancel& cancel) const {
    const oci::Repository repository(name, registries_, oci::Repository::Access::pull, cancel);
    return repository.manifest(name.digest ? name.digest->to_text() : name.tag).digest;
}

}  // namespace tutti::embedded::images
