#include "embedded/create.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <random>

#include "base/error.h"
#include "base/text.h"
#include "embedded/box.h"
#include "embedded/merge.h"
#include "embedded/mounts.h"
#include "embedded/port_specs.h"
#include "embedded/supervise/health.h"
#include "embedded/tidy.h"
#include "embedded/wiring.h"

namespace tutti::embedded {

using base::cat;

static std::string invent_name(const std::string& id) {
    static constexpr std::array tempi = {"allegro", "andante", "adagio", "vivace", "presto",  "largo",
                                         "lento",   "grave",   "dolce",  "brioso", "giocoso", "mosso",
                                         "animato", "sereno",  "soave",  "calmo"};
    static constexpr std::array voices = {"alto",   "basso",   "cello",   "viola",  "oboe", "tuba",
                                          "corno",  "flauto",  "tromba",  "arpa",   "lira", "piano",
                                          "organo", "fagotto", "violino", "timpani"};
    const auto digit = [&](std::size_t at) { return *base::to_uint(id.substr(at, 2), 16); };
    return cat(tempi[digit(0) % tempi.size()], "_", voices[digit(2) % voices.size()], "_", id.substr(4, 6));
}

// A folder that is whole or not there: made aside and locked, then put in its place. Gone with the object unless kept.
class NewFolder {
  public:
    NewFolder(const std::string& root, const std::string& id)
        : aside_(cat(root, "/containers/.new-", id)), path_(cat(root, "/containers/", id)) {
        do {  // between the two tidy() may take it for a leftover
            if (::mkdir(aside_.c_str(), 0700) != 0) base::throw_errno(cat("making ", aside_));
            lock_ = os::FileLock::wait_existing(aside_);
        } while (!lock_);
        for (const char* name : {"/upper", "/work"})
            if (::mkdir((aside_ + name).c_str(), 0755) != 0) base::throw_errno(cat("making ", aside_, name));
        if (::rename(aside_.c_str(), path_.c_str()) != 0) base::throw_errno(cat("making ", path_));
    }
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;
    ~NewFolder() {
        if (kept_) return;
        try {
            os::remove_tree(aside_);
            os::remove_tree(path_);
        } catch (const base::Error&) {  // tidy() finds it: it has no state
        }
    }
    void keep() { kept_ = true; }

  private:
    std::string aside_, path_;
    std::optional<os::FileLock> lock_;
    bool kept_ = false;
};

static records::State first_state(Parts& parts, const records::Config& config) {
    const auto& spec = config.spec;
    records::State state;
    state.name = spec.name;
    state.image = spec.image;
    state.image_id = config.image_id;
    state.command = command_column(config.args);
    state.created = config.created;
    state.labels = spec.labels;
    state.mounts = mount_points(parts, spec);
    state.has_health_check = supervise::is_wanted(spec.health_check);
    state.restarts = spec.restart.kind != engine::RestartPolicy::Kind::no;
    const auto choice = network_choice(spec);
    for (const auto& endpoint : choice.endpoints)
        state.endpoints.push_back({.network = endpoint.network, .aliases = endpoint.aliases});
    state.network_mode = !spec.network_mode.empty()              ? spec.network_mode
                         : choice.mode == NetworkMode::endpoints ? choice.endpoints.front().network
                                                                 : "";
    return state;
}

std::string create_container(Parts& parts, const engine::ContainerSpec& wanted) {
    refuse_unsupported(wanted);
    if (parts.is_first_change()) tidy(parts);
    const auto image = parts.images().find(wanted.image);
    if (!image)
        throw base::Error(base::ErrorKind::not_found, cat("No such image: ", wanted.image), "pull the image first");
    records::Config config;
    config.id = records::random_id();
    config.spec = merge_image(wanted, image->config.run);
    if (config.spec.name.empty()) config.spec.name = invent_name(config.id);
    config.image_id = image->id().to_text();
    config.created = std::chrono::system_clock::now();
    config.args = arguments(config.spec);
    config.shell = image->config.run.shell;
    const auto project = config.spec.labels.find(project_label);
    if (project != config.spec.labels.end()) config.project = project->second;
    port_specs(config.spec);  // what it would refuse at the start is refused now
    if (const auto choice = network_choice(config.spec); choice.mode == NetworkMode::container)
        parts.resolve(choice.container);

    NewFolder folder(parts.paths().root, config.id);
    const auto here = parts.folder(config.id);
    parts.names().take(config.spec.name, config.id);
    try {
        parts.store().hold(image->id(), config.id);
        prepare_mounts(parts, config, parts.store().lower_folders(image->record));
        here.save(config);
        const auto state = first_state(parts, config);
        here.save(state);  // from here on it is there
        folder.keep();
        records::tell(parts.events(), state, config.id, "create");
    } catch (...) {
        for (const auto& volume : config.anonymous_volumes)
            if (parts.volumes().find(volume)) parts.volumes().remove(volume);
        parts.store().release(image->id(), config.id);
        parts.names().give_up(config.spec.name, config.id);
        throw;
    }
    return config.id;
}

}  // namespace tutti::embedded
