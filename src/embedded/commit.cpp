#include <fcntl.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/build/changes.h"
#include "embedded/files.h"
#include "embedded/list.h"
#include "embedded/merge.h"
#include "os/copy_tree.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

// Paused as long as its files are read, unless it is paused anyway.
class PausedMeanwhile {
  public:
    PausedMeanwhile(Parts& parts, const records::Folder& folder, bool wanted) : parts_(parts) {
        const auto evidence = evidence_of(folder);
        if (!wanted || records::view(evidence).state != engine::ContainerState::running) return;
        box_ = runtime::read_box(folder.run_path());
        parts_.runtime(box_->runtime).pause(*box_);
    }
    PausedMeanwhile(const PausedMeanwhile&) = delete;
    PausedMeanwhile& operator=(const PausedMeanwhile&) = delete;
    ~PausedMeanwhile() {
        if (!box_) return;
        try {
            parts_.runtime(box_->runtime).resume(*box_);
        } catch (const Error&) {  // it has ended meanwhile
        }
    }

  private:
    Parts& parts_;
    std::optional<runtime::Box> box_;
};

std::string commit_container(Parts& parts, const records::Folder& folder,
                             const engine::Containers::CommitOptions& options) {
    const auto lock = folder.lock();
    const auto config = folder.config();
    const auto record = parts.store().image(base::Digest::require(config.image_id));
    if (!record) throw Error(ErrorKind::not_found, cat("No such image: ", config.spec.image));
    auto image = parts.images().load_record(*record).config;
    const PausedMeanwhile paused(parts, folder, options.pause);

    // A copy, since add_layer moves what it is given into the store.
    const os::TempFolder copy(parts.paths().root, ".commit-");
    const std::string upper = copy.path() + "/upper";
    os::make_folders(upper, 0755);
    os::copy_tree(os::open(folder.file("upper"), O_RDONLY | O_DIRECTORY), os::open(upper, O_RDONLY | O_DIRECTORY),
                  os::OverlayMarks::keep);
    os::Scope scope;
    const auto adding = parts.store().adding();
    image.diff_ids.push_back(parts.images().add_layer(upper, scope));

    auto& run = image.run;
    const auto& spec = config.spec;
    run.env = spec.env;
    run.user = spec.user;
    run.working_dir = spec.working_dir;
    run.entrypoint = spec.entrypoint.value_or(std::vector<std::string>{});
    run.cmd = spec.command.value_or(std::vector<std::string>{});
    run.stop_signal = spec.stop_signal;
    run.labels = spec.labels;
    run.exposed_ports = spec.exposed_ports;
    build::apply_changes(options.changes, image);
    const std::string now = base::to_rfc3339(std::chrono::system_clock::now());
    image.created = now;
    image.author = options.author;
    image.history.push_back({.created = now,
                             .created_by = command_line(config.args),
                             .comment = options.message,
                             .author = options.author});
    const auto name =
        options.reference.empty() ? std::nullopt : std::optional(oci::Reference::parse(options.reference));
    const auto made = parts.images().add_image(image, name);
    records::tell(parts.events(), evidence_of(folder).state, folder.id(), "commit");
    return made.id().to_text();
}

}  // namespace tutti::embedded
