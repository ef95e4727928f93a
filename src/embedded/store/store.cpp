#include "embedded/store/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/store/paths.h"

namespace tutti::embedded::store {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using doc::Node;

Store::Store(std::string root) : root_(std::move(root)) {
    for (const char* folder : {"blobs/sha256", "layers", "images", "refs", "holds", "locks"})
        os::make_folders(cat(root_, '/', folder), 0700);
    boot_id_ = base::trim(os::read_file_if_exists("/proc/sys/kernel/random/boot_id").value_or("unknown"));
}

// Blobs

static std::string blob_path(const std::string& root, const Digest& digest) {
    return cat(root, "/blobs/sha256/", file_name_of(digest));
}

bool Store::has_blob(const Digest& digest) const { return os::exists(blob_path(root_, digest)); }

std::string Store::blob(const Digest& digest) const {
    const auto bytes = os::read_file_if_exists(blob_path(root_, digest));
    if (!bytes)
        throw Error(ErrorKind::not_found, cat("blob ", digest.to_text(), " is not in the store"),
                    "pull the image again");
    base::Hasher hasher(digest.algorithm());
    hasher.add(*bytes);
    if (hasher.finish() != digest)
        throw Error(ErrorKind::invalid, cat("blob ", digest.to_text(), " in the store is damaged"),
                    "remove the image and pull it again");
    return *bytes;
}

void Store::put_blob(const Digest& digest, std::string_view bytes) {
    base::Hasher hasher(digest.algorithm());
    hasher.add(bytes);
    if (hasher.finish() != digest)
        throw Error(ErrorKind::invalid, cat("the bytes do not have the digest ", digest.to_text()));
    if (!has_blob(digest)) os::write_file(blob_path(root_, digest), bytes, 0600);
}

// Images

static std::string image_path(const std::string& root, const Digest& id) {
    return cat(root, "/images/", file_name_of(id), ".json");
}

static std::string to_json(const ImageRecord& image) {
    Node node = Node::map();
    node.set("id", Node(image.id.to_text()));
    node.set("manifest", Node(image.manifest.to_text()));
    Node& layers = node.set("layers", Node::list());
    for (const Digest& layer : image.layers) layers.push(Node(layer.to_text()));
    node.set("size", Node(image.size));
    node.set("repo_digests", Node::texts(image.repo_digests));
    node.set("stored_at", Node(image.stored_at));
    return cat(doc::write_json(node, {.pretty = true, .escape_html = false}), '\n');
}

static ImageRecord parse_record(const std::string& text, const std::string& path) {
    const Node node = doc::parse_json(text, path);
    ImageRecord image{Digest::require(node.text_or("id")),
                      Digest::require(node.text_or("manifest")),
                      {},
                      node.int_or("size"),
                      {},
                      node.int_or("stored_at")};
    for (const auto& layer : node.texts_or_empty("layers")) image.layers.push_back(Digest::require(layer));
    image.repo_digests = node.texts_or_empty("repo_digests");
    return image;
}

void Store::put_image(const ImageRecord& image) {
    for (const Digest& blob : {image.id, image.manifest})
        if (!has_blob(blob))
            throw Error(ErrorKind::internal,
                        cat("an image names the blob ", blob.to_text(), ", which is not in the store"));
    for (const Digest& layer : image.layers)
        if (!has_layer(layer))
            throw Error(ErrorKind::internal,
                        cat("an image names the layer ", layer.to_text(), ", which is not in the store"));
    make_durable(image.layers);
    os::write_file(image_path(root_, image.id), to_json(image), 0600, os::Durable::yes);
}

std::optional<ImageRecord> Store::image(const Digest& id) const {
    const std::string path = image_path(root_, id);
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    return parse_record(*text, path);
}

std::vector<ImageRecord> Store::images() const {
    std::vector<ImageRecord> all;
    for (const auto& name : os::list_folder(cat(root_, "/images"))) {
        if (!name.ends_with(".json")) continue;
        const std::string path = cat(root_, "/images/", name);
        if (const auto text = os::read_file_if_exists(path)) all.push_back(parse_record(*text, path));
    }
    return all;
}

std::string Store::places_path(const Digest& image) const { return cat(root_, "/places/", file_name_of(image)); }

void Store::remove_image(const Digest& id) {
    if (const auto who = holders(id); !who.empty())
        throw Error(ErrorKind::conflict,
                    cat("image ", id.short_text(), " is in use by ", who.size() == 1 ? "container " : "containers ",
                        who.front(), who.size() == 1 ? "" : " and others"),
                    "remove the containers first");
    for (const Ref& one : refs())
        if (one.image == id) remove_ref(one.name);
    os::remove_file(image_path(root_, id));
    os::remove_tree(places_path(id));
    sync_folder(cat(root_, "/images"));
}

std::vector<std::string> Store::lower_folders(const ImageRecord& image) const {
    std::vector<std::string> folders;
    for (auto layer = image.layers.rbegin(); layer != image.layers.rend(); ++layer) {
        if (!has_layer(*layer))
            throw Error(
                ErrorKind::not_found,
                cat("layer ", layer->short_text(), " of image ", image.id.short_text(), " is gone from the store"),
                "pull the image again");
        std::string folder = cat(layer_folder(*layer), "/diff");
        if (std::ranges::find(folders, folder) == folders.end())
            folders.push_back(std::move(folder));  // overlay takes each once
    }
    return folders;
}

// Names

static std::string ref_path(const std::string& root, const std::string& name) {
    return cat(root, "/refs/", escaped(name));
}

void Store::set_ref(const std::string& name, const Digest& image) {
    Node node = Node::map();
    node.set("name", Node(name));
    node.set("image", Node(image.to_text()));
    os::write_file(ref_path(root_, name), cat(doc::write_json(node, {.escape_html = false}), '\n'), 0600,
                   os::Durable::yes);
}

bool Store::remove_ref(const std::string& name) {
    const bool there = os::exists(ref_path(root_, name));
    os::remove_file(ref_path(root_, name));
    return there;
}

std::optional<Digest> Store::ref(const std::string& name) const {
    const auto text = os::read_file_if_exists(ref_path(root_, name));
    if (!text) return std::nullopt;
    const Node node = doc::parse_json(*text, name);
    if (node.text_or("name") != name) return std::nullopt;
    return Digest::parse(node.text_or("image"));
}

std::vector<Ref> Store::refs() const {
    std::vector<Ref> all;
    for (const auto& file : os::list_folder(cat(root_, "/refs"))) {
        if (file.find(".tmp-") != std::string::npos) continue;
        const auto text = os::read_file_if_exists(cat(root_, "/refs/", file));
        if (!text) continue;
        const Node node = doc::parse_json(*text, file);
        if (const auto image = Digest::parse(node.text_or("image"))) all.push_back({node.text_or("name"), *image});
    }
    return all;
}

// Holds

static std::string hold_folder(const std::string& root, const Digest& image) {
    return cat(root, "/holds/", file_name_of(image));
}

static void check_owner(const std::string& owner) {
    const bool good =
        !owner.empty() && owner.size() <= 128 && owner[0] != '.' && std::ranges::all_of(owner, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                   c == '-';
        });
    if (!good) throw Error(ErrorKind::invalid, cat("\"", owner, "\" cannot hold an image: it is no id"));
}

void Store::hold(const Digest& image, const std::string& owner) {
    check_owner(owner);
    const os::FileLock adding_now = adding();
    if (!os::exists(image_path(root_, image)))
        throw Error(ErrorKind::not_found, cat("No such image: ", image.to_text()));
    os::make_folders(hold_folder(root_, image), 0700);
    // A link costs no inode; where there can be no more of them it is a file.
    const std::string path = cat(hold_folder(root_, image), '/', owner);
    if (::link(image_path(root_, image).c_str(), path.c_str()) != 0 && errno != EEXIST) os::write_file(path, "", 0600);
}

void Store::release(const Digest& image, const std::string& owner) {
    check_owner(owner);
    os::remove_file(cat(hold_folder(root_, image), '/', owner));
    ::rmdir(hold_folder(root_, image).c_str());  // fails while others hold it, which is right
}

std::vector<std::string> Store::holders(const Digest& image) const {
    return os::list_folder(hold_folder(root_, image));
}

os::FileLock Store::adding() const {
    return os::FileLock::wait(cat(root_, "/locks/store"), os::FileLock::Mode::shared);
}

}  // namespace tutti::embedded::store
