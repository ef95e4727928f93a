#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/images/fetch.h"
#include "embedded/images/images.h"
#include "oci/compress.h"
#include "oci/tar.h"
#include "os/file.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

constexpr std::size_t max_document = std::size_t{8} << 20;

std::string blob_name(const Digest& digest) { return cat("blobs/", digest.algorithm_name(), '/', digest.hex()); }

void add_file(oci::TarWriter& tar, const std::string& path, std::string_view content) {
    oci::TarEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = entry.real_size = static_cast<std::int64_t>(content.size());
    tar.add(entry);
    if (!content.empty()) tar.content(content);
}

// A sink that only counts: archives want the size before the content.
class Counter : public base::Sink {
  public:
    std::int64_t bytes = 0;
    void write(std::string_view piece) override { bytes += static_cast<std::int64_t>(piece.size()); }
};

class Content : public base::Sink {
  public:
    explicit Content(oci::TarWriter& tar) : tar_(tar) {}
    void write(std::string_view piece) override { tar_.content(piece); }

  private:
    oci::TarWriter& tar_;
};

// Writes one archive; what several images share goes in once.
class Saver {
  public:
    Saver(const Images& images, const store::Store& store, base::Sink& to) : images_(images), store_(store), tar_(to) {}

    void add(const std::string& asked) {
        const Image image = images_.require(asked);
        const std::string config = store_.blob(image.id());
        blob(image.id(), config);
        oci::Manifest manifest{
            std::string(oci::media::oci_manifest),
            {std::string(oci::media::oci_config), image.id(), static_cast<std::int64_t>(config.size()), {}, {}, {}},
            {},
            {}};
        for (const Digest& diff_id : image.record.layers)
            manifest.layers.push_back({std::string(oci::media::oci_layer), diff_id, layer(diff_id), {}, {}, {}});
        const std::string manifest_bytes = oci::to_json(manifest);
        blob(Digest::of(manifest_bytes), manifest_bytes);

        // By name: that name. By id: every name it has.
        std::vector<std::string> names = image.names;
        const auto reference = oci::Reference::try_parse(asked);
        if (reference && std::ranges::find(names, reference->to_text()) != names.end()) names = {reference->to_text()};
        describe(image, manifest, names, manifest_bytes);
    }

    void finish() {
        add_file(tar_, "index.json", oci::to_json(index_));
        add_file(tar_, "manifest.json", doc::write_json(docker_, {.escape_html = false}));
        add_file(tar_, "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        tar_.finish();
    }

  private:
    void blob(const Digest& digest, std::string_view bytes) {
        if (written_.emplace(digest, bytes.size()).second) add_file(tar_, blob_name(digest), bytes);
    }

    // Returns its size.
    std::int64_t layer(const Digest& diff_id) {
        if (const auto known = written_.find(diff_id); known != written_.end()) return known->second;
        Counter size;
        images_.write_layer(diff_id, size);
        oci::TarEntry entry;
        entry.path = blob_name(diff_id);
        entry.mode = 0644;
        entry.size = entry.real_size = size.bytes;
        tar_.add(entry);
        Content content(tar_);
        images_.write_layer(diff_id, content);
        written_.emplace(diff_id, size.bytes);
        return size.bytes;
    }

    void describe(const Image& image, const oci::Manifest& manifest, const std::vector<std::string>& names,
                  const std::string& manifest_bytes) {
        oci::Descriptor entry{manifest.media_type,
                              Digest::of(manifest_bytes),
                              static_cast<std::int64_t>(manifest_bytes.size()),
                              image.config.platform,
                              {},
                              {}};
        for (const auto& name : names) {
            oci::Descriptor named = entry;
            named.annotations = {{"io.containerd.image.name", name},
                                 {"org.opencontainers.image.ref.name", oci::Reference::parse(name).tag}};
            index_.manifests.push_back(std::move(named));
        }
        if (names.empty()) index_.manifests.push_back(entry);
        Node& docker = docker_.push(Node::map());
        docker.set("Config", Node(blob_name(image.id())));
        Node& tags = docker.set("RepoTags", Node::list());
        for (const auto& name : names) tags.push(Node(oci::Reference::parse(name).familiar()));
        Node& layers = docker.set("Layers", Node::list());
        for (const auto& one : manifest.layers) layers.push(Node(blob_name(one.digest)));
    }

    const Images& images_;
    const store::Store& store_;
    oci::TarWriter tar_;
    std::map<Digest, std::int64_t> written_;
    oci::Index index_{std::string(oci::media::oci_index), {}};
    Node docker_ = Node::list();
};

// The content of the archive's current entry.
class EntrySource : public base::Source {
  public:
    explicit EntrySource(oci::TarReader& tar) : tar_(tar) {}
    std::size_t read(char* into, std::size_t size) override {
        const auto piece = tar_.more(size);
        return piece.copy(into, size);
    }

  private:
    oci::TarReader& tar_;
};

bool is_document(const std::string& path, std::string_view start) {
    return path.ends_with(".json") || start.starts_with('{') || start.starts_with('[');
}

// A source with some bytes put back at its beginning.
class Prefixed : public base::Source {
  public:
    Prefixed(std::string start, base::Source& rest) : start_(std::move(start)), rest_(rest) {}
    std::size_t read(char* into, std::size_t size) override {
        if (at_ == start_.size()) return rest_.read(into, size);
        const std::size_t n = start_.copy(into, size, at_);
        at_ += n;
        return n;
    }

  private:
    std::string start_;
    std::size_t at_ = 0;
    base::Source& rest_;
};

// Reads an archive in one pass: layers are unpacked as they come by, documents are kept until all is known.
class Loader {
  public:
    Loader(store::Store& store, os::Scope& scope) : store_(store), scope_(scope) {}

    void read(base::Source& archive) {
        const auto plain = oci::decompress(archive);
        oci::TarReader tar(*plain);
        while (const auto entry = tar.next()) {
            scope_.cancel().check();
            if (entry->kind == oci::TarEntry::Kind::symbolic_link) aliases_[entry->path] = target_of(*entry);
            if (entry->kind != oci::TarEntry::Kind::file || entry->size == 0) continue;
            EntrySource content(tar);
            std::string start(std::min<std::int64_t>(entry->size, 512), '\0');
            std::size_t filled = 0;
            while (filled < start.size()) {
                const std::size_t n = content.read(start.data() + filled, start.size() - filled);
                if (n == 0) break;
                filled += n;
            }
            Prefixed whole(start, content);
            if (is_document(entry->path, start)) {
                if (entry->size > static_cast<std::int64_t>(max_document))
                    continue;  // no manifest and no config is that large
                documents_[entry->path] = base::read_to_end(whole, max_document);
            } else if (looks_like_layer(start)) {
                LayerSource source;
                source.bytes = &whole;
                source.cancel = scope_.cancel().child();
                layers_.emplace(entry->path, add_layer(store_, std::move(source)));
            }
        }
    }

    const std::string* document(const std::string& path) const {
        const auto found = documents_.find(path);
        return found == documents_.end() ? nullptr : &found->second;
    }
    // Where old archives link one layer to another of the same content.
    std::optional<Digest> layer(std::string path) const {
        for (int hops = 0; hops < 8; ++hops) {
            if (const auto found = layers_.find(path); found != layers_.end()) return found->second;
            const auto alias = aliases_.find(path);
            if (alias == aliases_.end()) break;
            path = alias->second;
        }
        return std::nullopt;
    }

  private:
    static std::string target_of(const oci::TarEntry& link) {
        std::string path = link.link;
        return path.starts_with("../") ? path.substr(3) : path;
    }
    static bool looks_like_layer(std::string_view start) {
        const bool packed = start.starts_with("\x1f\x8b") || start.starts_with("\x28\xb5\x2f\xfd");
        return packed || (start.size() == 512 &&
                          (start.substr(257, 5) == "ustar" || start.find_first_not_of('\0') == std::string_view::npos));
    }

    store::Store& store_;
    os::Scope& scope_;
    std::map<std::string, std::string> documents_, aliases_;
    std::map<std::string, Digest> layers_;
};

struct Found {
    std::string config_path;
    std::vector<std::string> layer_paths, names;
};

std::vector<Found> docker_images(const std::string& manifest_json) {
    std::vector<Found> all;
    const Node node = doc::parse_json(manifest_json, "manifest.json");
    if (!node.is_list()) throw Error(ErrorKind::invalid, "manifest.json in the archive is no list");
    for (const Node& one : node.items())
        all.push_back({one.text_or("Config"), one.texts_or_empty("Layers"), one.texts_or_empty("RepoTags")});
    return all;
}

void add_oci_images(const Loader& loader, const oci::Index& index, std::vector<Found>& all, int depth) {
    for (const oci::Descriptor& entry : index.manifests) {
        const std::string* bytes = loader.document(blob_name(entry.digest));
        if (!bytes || entry.is_attestation() || depth > 2) continue;
        if (Digest::of(*bytes) != entry.digest)
            throw Error(ErrorKind::invalid,
                        cat("the archive's ", entry.digest.to_text(), " does not have that digest"));
        if (oci::classify(*bytes, entry.media_type) == oci::DocumentKind::index) {
            add_oci_images(loader, oci::parse_index(*bytes), all, depth + 1);
            continue;
        }
        const oci::Manifest manifest = oci::parse_manifest(*bytes);
        Found found{blob_name(manifest.config.digest), {}, {}};
        for (const auto& layer : manifest.layers) found.layer_paths.push_back(blob_name(layer.digest));
        if (const auto name = entry.annotations.find("io.containerd.image.name"); name != entry.annotations.end())
            found.names.push_back(name->second);
        all.push_back(std::move(found));
    }
}

}  // namespace

void Images::save(const std::vector<std::string>& names, base::Sink& to, os::Scope& scope) const {
    Saver saver(*this, store_, to);
    for (const auto& name : names) {
        scope.cancel().check();
        saver.add(name);
    }
    saver.finish();
}

std::vector<std::string> Images::load(base::Source& from, base::Reporter& reporter, os::Scope& scope) {
    const os::FileLock adding = store_.adding();
    Loader loader(store_, scope);
    loader.read(from);
    std::vector<Found> found;
    if (const std::string* docker = loader.document("manifest.json"))
        found = docker_images(*docker);
    else if (const std::string* index = loader.document("index.json"))
        add_oci_images(loader, oci::parse_index(*index), found, 0);
    else
        throw Error(ErrorKind::invalid, "the archive holds no image: neither manifest.json nor index.json is in it",
                    "a root file system is taken in with: tutti image import");

    std::vector<std::string> loaded;
    for (const Found& one : found) {
        const std::string* config_bytes = loader.document(one.config_path);
        if (!config_bytes) throw Error(ErrorKind::invalid, cat("the archive lacks ", one.config_path));
        const oci::ImageConfig config = oci::parse_config(*config_bytes);
        if (config.diff_ids.size() != one.layer_paths.size())
            throw Error(ErrorKind::invalid, "an image in the archive has other layers than its config names");
        for (std::size_t i = 0; i < one.layer_paths.size(); ++i) {
            const auto layer = loader.layer(one.layer_paths[i]);
            if (!layer) throw Error(ErrorKind::invalid, cat("the archive lacks ", one.layer_paths[i]));
            if (*layer != config.diff_ids[i])
                throw Error(ErrorKind::invalid, cat("layer ", one.layer_paths[i], " has digest ", layer->to_text(),
                                                    ", not ", config.diff_ids[i].to_text()));
        }
        const Image image = keep(*config_bytes, config, {});
        for (const auto& name : one.names) {
            const oci::Reference reference = oci::Reference::parse(name);
            store_.set_ref(reference.to_text(), image.id());
            loaded.push_back(reference.familiar());
        }
        if (one.names.empty()) loaded.push_back(image.id().to_text());
        reporter.note(cat("Loaded image: ", loaded.back()));
    }
    return loaded;
}

Image Images::import_tar(base::Source& tar, const oci::RunConfig& run, const std::optional<oci::Reference>& name,
                         const std::string& created, os::Scope& scope) {
    const os::FileLock adding = store_.adding();
    LayerSource source;
    source.bytes = &tar;
    source.cancel = scope.cancel().child();
    const Digest layer = images::add_layer(store_, std::move(source));
    oci::ImageConfig config;
    config.platform = oci::Platform::host();
    config.created = created;
    config.run = run;
    config.diff_ids = {layer};
    config.history = {{created, "", "Imported from a tar archive", "", false}};
    return keep(oci::to_json(config), config, name);
}

}  // namespace tutti::embedded::images
