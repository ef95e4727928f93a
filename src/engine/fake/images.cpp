// The fake's images: `here` and `remote`, both by reference.
#include "base/text.h"
#include "engine/fake/world.h"

namespace tutti::engine::fake {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// "busybox" names "busybox:latest" too.
std::string with_tag(const std::string& reference) {
    const auto slash = reference.rfind('/');
    const bool tagged = reference.find_first_of(":@", slash == std::string::npos ? 0 : slash) != std::string::npos;
    return tagged ? reference : reference + ":latest";
}

class FakeImages final : public Images {
  public:
    explicit FakeImages(World& world) : world_(world) {}

    std::vector<ImageSummary> list(const LabelFilter& labels) override {
        const std::lock_guard lock(world_.mutex);
        std::vector<ImageSummary> all;
        for (const auto& [reference, image] : world_.images)
            if (matches(image.labels, labels)) all.push_back(image);
        return all;
    }

    std::optional<Image> find(const std::string& reference) override {
        const std::lock_guard lock(world_.mutex);
        const Image* image = lookup(world_.images, reference);
        return image ? std::optional(*image) : std::nullopt;
    }

    void pull(const std::string& reference, const PullOptions& options, base::Reporter& reporter,
              const os::Cancel& cancel) override {
        cancel.check();
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("pull ", reference));
        const Image* image = lookup(world_.remote, reference);
        if (!image)
            throw Error(ErrorKind::not_found, cat("pull access denied for ", reference,
                                                  ", repository does not exist or may require 'docker login'"));
        if (!options.quiet)
            reporter.progress(
                {"0123456789ab", options.progress_id, base::Progress::State::done, "Pull complete", {}, 1, 1});
        world_.images[with_tag(reference)] = *image;
        world_.emit("image", "pull", reference, {{"name", reference}});
    }

    void push(const std::string& reference, const PullOptions&, base::Reporter&, const os::Cancel&) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("push ", reference));
        const Image* image = lookup(world_.images, reference);
        if (!image) throw Error(ErrorKind::not_found, cat("An image does not exist locally with the tag: ", reference));
        world_.remote[with_tag(reference)] = *image;
    }

    void tag(const std::string& source, const std::string& target) override {
        const std::lock_guard lock(world_.mutex);
        const Image* image = lookup(world_.images, source);
        if (!image) throw Error(ErrorKind::not_found, cat("No such image: ", source));
        world_.images[with_tag(target)] = *image;
    }

    RemovedImage remove(const std::string& reference, bool force) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("rmi ", reference));
        for (const auto& [id, thing] : world_.containers)
            if (thing.container.image == reference && !force)
                throw Error(ErrorKind::conflict, cat("conflict: unable to remove repository reference \"", reference,
                                                     "\" (must force) - container ", id.substr(0, 12), " is using it"));
        if (world_.images.erase(with_tag(reference)) + world_.images.erase(reference) == 0)
            throw Error(ErrorKind::not_found, cat("No such image: ", reference));
        return {{reference}, {}};
    }

    std::vector<HistoryRow> history(const std::string&) override { return {}; }
    void save(const std::vector<std::string>&, const std::function<void(std::string_view)>&) override {
        unsupported("save");
    }
    std::vector<std::string> load(const std::function<std::string()>&) override { unsupported("load"); }
    std::string import(const std::function<std::string()>&, const std::string&,
                       const std::vector<std::string>&) override {
        unsupported("import");
    }
    std::string remote_digest(const std::string& reference, const os::Cancel&) override {
        const std::lock_guard lock(world_.mutex);
        const Image* image = lookup(world_.remote, reference);
        if (!image) throw Error(ErrorKind::not_found, cat("manifest unknown: ", reference));
        return image->id;
    }
    std::vector<std::string> prune(bool, const LabelFilter&) override { return {}; }

  private:
    [[noreturn]] static void unsupported(std::string_view what) {
        throw Error(ErrorKind::unsupported, cat("the fake engine has no image archives (", what, ")"));
    }
    static const Image* lookup(const std::map<std::string, Image>& images, const std::string& reference) {
        if (const auto found = images.find(reference); found != images.end()) return &found->second;
        if (const auto found = images.find(with_tag(reference)); found != images.end()) return &found->second;
        for (const auto& [name, image] : images)
            if (image.id == reference) return &image;
        return nullptr;
    }
    World& world_;
};

}  // namespace

std::unique_ptr<Images> make_images(World& world) { return std::make_unique<FakeImages>(world); }

}  // namespace tutti::engine::fake
