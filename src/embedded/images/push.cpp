#include "base/error.h"
#include "base/text.h"
#include "embedded/images/images.h"
#include "oci/compress.h"
#include "oci/produced_source.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

// The layer's descriptor as it stands in the registry now. A layer that was pulled from somewhere is offered by its old
// digest first; one that has to be sent is compressed on the way.
static oci::Descriptor push_layer(const Images& images, const oci::Repository& repository, const Image& image,
                                  const oci::Descriptor& known, const Digest& diff_id, bool& existed) {
    existed = true;
    const bool compressed = known.digest != diff_id;
    if (compressed && repository.has_blob(known.digest)) return known;
    if (compressed)
        for (const auto& one : image.record.repo_digests) {
            const auto from = oci::Reference::try_parse(one);
            if (from && from->domain == repository.name().domain && from->path != repository.name().path &&
                repository.mount_blob(known.digest, from->path))
                return known;
        }
    existed = false;
    oci::ProducedSource bytes([&](base::Sink& to) {
        const auto gzip = oci::compress(oci::Compression::gzip, to);
        images.write_layer(diff_id, *gzip);
        gzip->finish();
    });
    const auto sent = repository.upload(bytes);
    return {std::string(oci::media::oci_layer_gzip), sent.digest, sent.size, {}, {}, {}};
}

void Images::push(const oci::Reference& name, base::Reporter& reporter, os::Scope& scope,
                  const std::string& progress_id) {
    const std::string id = progress_id.empty() ? cat("Image ", name.familiar()) : progress_id;
    const Image image = require(name.to_text());
    const oci::Repository repository(name, registries_, oci::Repository::Access::push, scope.cancel());
    oci::Manifest manifest = oci::parse_manifest(store_.blob(image.record.manifest));
    if (manifest.layers.size() != image.record.layers.size())
        throw Error(ErrorKind::internal, cat("the stored manifest of ", name.familiar(), " does not fit its layers"));
    bool unchanged = true;
    std::vector<oci::Descriptor> pushed = manifest.layers;
    os::parallel(scope, pushed.size(), 3, [&](std::size_t i) {
        const std::string layer = image.record.layers[i].short_text();
        reporter.progress({layer, id, State::working, "Pushing", "", 0, 0});
        bool existed = false;
        pushed[i] = push_layer(*this, repository, image, manifest.layers[i], image.record.layers[i], existed);
        reporter.progress(
            {layer, id, State::done, existed ? "Layer already exists" : "Pushed", "", pushed[i].size, pushed[i].size});
    });
    for (std::size_t i = 0; i < pushed.size(); ++i)
        unchanged = unchanged && pushed[i].digest == manifest.layers[i].digest;
    if (!repository.has_blob(manifest.config.digest))
        repository.upload(manifest.config.digest, store_.blob(manifest.config.digest));

    std::string bytes = store_.blob(image.record.manifest);
    if (!unchanged) {
        const bool docker = manifest.media_type == oci::media::docker_manifest;
        for (oci::Descriptor& layer : pushed)
            if (docker && layer.media_type == oci::media::oci_layer_gzip)
                layer.media_type = oci::media::docker_layer_gzip;
        manifest.layers = std::move(pushed);
        bytes = oci::to_json(manifest);
    }
    const Digest digest = Digest::of(bytes);
    repository.put_manifest(name.digest ? name.digest->to_text() : name.tag, manifest.media_type, bytes);

    const os::FileLock adding = store_.adding();
    store_.put_blob(digest, bytes);
    store::ImageRecord record = image.record;
    record.manifest = digest;
    record.repo_digests = {cat(name.repository(), '@', digest.to_text())};
    finish(std::move(record), std::nullopt);
}

}  // namespace tutti::embedded::images
