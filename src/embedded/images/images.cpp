#include "embedded/images/images.h"

#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;

Images::Images(store::Store& store, oci::Registries registries) : store_(store), registries_(std::move(registries)) {}

static bool is_hex(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<store::ImageRecord> Images::find_record(const std::string& text) const {
    if (const auto id = Digest::parse(text)) return store_.image(*id);
    if (const auto name = oci::Reference::try_parse(text)) {
        if (name->digest) {
            const std::string wanted = cat(name->repository(), '@', name->digest->to_text());
            for (auto& record : store_.images())
                if (std::ranges::find(record.repo_digests, wanted) != record.repo_digests.end()) return record;
        } else if (const auto id = store_.ref(name->to_text())) {
            return store_.image(*id);
        }
    }
    const std::string_view prefix = text.starts_with("sha256:") ? std::string_view(text).substr(7) : text;
    if (!is_hex(prefix) || prefix.size() < 2) return std::nullopt;
    std::optional<store::ImageRecord> found;
    for (auto& record : store_.images()) {
        if (!record.id.hex().starts_with(prefix)) continue;
        if (found)
            throw Error(ErrorKind::invalid, cat("multiple images begin with ", text), "use more digits of the id");
        found = std::move(record);
    }
    return found;
}

Image Images::load_record(const store::ImageRecord& record) const {
    Image image{record, oci::parse_config(store_.blob(record.id)), {}};
    for (auto& ref : store_.refs())
        if (ref.image == record.id) image.names.push_back(std::move(ref.name));
    return image;
}

std::optional<Image> Images::find(const std::string& name_or_id) const {
    const auto record = find_record(name_or_id);
    if (!record) return std::nullopt;
    return load_record(*record);
}

Image Images::require(const std::string& name_or_id) const {
    if (auto image = find(name_or_id)) return std::move(*image);
    throw Error(ErrorKind::not_found, cat("No such image: ", name_or_id),
                "see what is there with: tutti images; or pull it");
}

std::vector<Image> Images::list() const {
    std::vector<Image> all;
    for (const auto& record : store_.images()) all.push_back({record, oci::parse_config(store_.blob(record.id)), {}});
    for (auto& ref : store_.refs())
        for (Image& image : all)
            if (image.id() == ref.image) image.names.push_back(ref.name);
    std::ranges::stable_sort(all, [](const Image& a, const Image& b) { return a.config.created > b.config.created; });
    return all;
}

// Writes the record, together with what an earlier one of the same image knew, and ties the name to it.
Image Images::finish(store::ImageRecord record, const std::optional<oci::Reference>& name) {
    record.size = 0;
    for (const Digest& layer : record.layers) record.size += store_.layer_size(layer);
    record.stored_at = std::time(nullptr);
    if (const auto before = store_.image(record.id)) {
        record.stored_at = before->stored_at;
        for (const auto& digest : before->repo_digests)
            if (std::ranges::find(record.repo_digests, digest) == record.repo_digests.end())
                record.repo_digests.push_back(digest);
    }
    store_.put_image(record);
    if (name) store_.set_ref(name->to_text(), record.id);
    return load_record(record);
}

void Images::tag(const std::string& name_or_id, const oci::Reference& name) {
    if (name.digest)
        throw Error(ErrorKind::invalid, cat("refusing to create a tag with a digest reference: ", name.familiar()));
    const Image image = require(name_or_id);
    const os::FileLock adding = store_.adding();
    store_.set_ref(name.to_text(), image.id());
}

Removed Images::remove(const std::string& name_or_id, bool force) {
    const Image image = require(name_or_id);
    Removed out;
    const auto name = oci::Reference::try_parse(name_or_id);
    const bool by_name = name && !name->digest && std::ranges::find(image.names, name->to_text()) != image.names.end();
    const auto untag = [&](const std::string& one) {
        store_.remove_ref(one);
        out.untagged.push_back(oci::Reference::parse(one).familiar());
    };
    if (by_name && image.names.size() > 1) {
        untag(name->to_text());
        return out;
    }
    if (!by_name && image.names.size() > 1 && !force)
        throw Error(ErrorKind::conflict,
                    cat("unable to delete ", image.id().short_text(),
                        " (must be forced) - image is referenced in multiple repositories"),
                    "remove its names one by one, or use --force");
    const auto holders = store_.holders(image.id());
    if (!holders.empty() && !force)
        throw Error(
            ErrorKind::conflict,
            cat("conflict: unable to remove repository reference \"", name_or_id, "\" (must force) - container ",
                holders.front().substr(0, 12), " is using its referenced image ", image.id().short_text()),
            "remove the container first");
    for (const auto& one : image.names) untag(one);
    if (!holders.empty()) return out;  // it stays, without a name, as long as the container needs it
    store_.remove_image(image.id());
    out.deleted.push_back(image.id());
    store_.collect();
    return out;
}

}  // namespace tutti::embedded::images
