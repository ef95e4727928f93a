#include "embedded/records/container.h"

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/records/spec.h"

namespace tutti::embedded::records {

template <>
struct EnumTexts<Phase> {
    static constexpr std::pair<Phase, const char*> all[] = {{Phase::created, "created"},
                                                            {Phase::starting, "starting"},
                                                            {Phase::running, "running"},
                                                            {Phase::ended, "ended"},
                                                            {Phase::dead, "dead"}};
};
template <>
struct EnumTexts<engine::Health> {
    using Health = engine::Health;
    static constexpr std::pair<Health, const char*> all[] = {{Health::none, "none"},
                                                             {Health::starting, "starting"},
                                                             {Health::healthy, "healthy"},
                                                             {Health::unhealthy, "unhealthy"}};
};

static void describe(auto&& visit, const Config*) {
    visit("id", &Config::id);
    visit("spec", &Config::spec);
    visit("image_id", &Config::image_id);
    visit("created", &Config::created);
    visit("args", &Config::args);
    visit("shell", &Config::shell);
    visit("anonymous_volumes", &Config::anonymous_volumes);
    visit("project", &Config::project);
}
static void describe(auto&& visit, const State*) {
    visit("name", &State::name);
    visit("image", &State::image);
    visit("image_id", &State::image_id);
    visit("command", &State::command);
    visit("network_mode", &State::network_mode);
    visit("created", &State::created);
    visit("labels", &State::labels);
    visit("ports", &State::ports);
    visit("endpoints", &State::endpoints);
    visit("mounts", &State::mounts);
    visit("has_health_check", &State::has_health_check);
    visit("restarts", &State::restarts);
    visit("phase", &State::phase);
    visit("run", &State::run);
    visit("pid", &State::pid);
    visit("shim_pid", &State::shim_pid);
    visit("pid_started", &State::pid_started);
    visit("shim_started", &State::shim_started);
    visit("boot_id", &State::boot_id);
    visit("started", &State::started);
    visit("finished", &State::finished);
    visit("exit_code", &State::exit_code);
    visit("oom_killed", &State::oom_killed);
    visit("paused", &State::paused);
    visit("stop_wanted", &State::stop_wanted);
    visit("removing", &State::removing);
    visit("automatic", &State::automatic);
    visit("error", &State::error);
}
static void describe(auto&& visit, const HealthRecord*) {
    visit("run", &HealthRecord::run);
    visit("status", &HealthRecord::status);
    visit("failing_streak", &HealthRecord::failing_streak);
    visit("probes", &HealthRecord::probes);
}
static void describe(auto&& visit, const RestartRecord*) {
    visit("run", &RestartRecord::run);
    visit("count", &RestartRecord::count);
    visit("waiting", &RestartRecord::waiting);
    visit("due", &RestartRecord::due);
    visit("delay", &RestartRecord::delay);
}

Folder::Folder(const std::string& root, const std::string& run_dir, const std::string& id)
    : id_(id), path_(base::cat(root, "/containers/", id)), run_path_(base::cat(run_dir, "/containers/", id)) {}

std::string Folder::file(std::string_view name) const { return base::cat(path_, '/', name); }
bool Folder::exists() const { return os::exists(file("config.json")); }

template <class Record>
static std::optional<Record> read(const std::string& path) {
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    Record record;
    from_node(doc::parse_json(*text, path), record);
    return record;
}

template <class Record>
static void write(const std::string& path, const Record& record, os::Durable durable) {
    os::write_file(path, doc::write_json(to_node(record), {.escape_html = false}) + "\n", 0600, durable);
}

Config Folder::config() const {
    auto config = read<Config>(file("config.json"));
    if (!config) throw base::Error(base::ErrorKind::not_found, "No such container: " + id_);
    return std::move(*config);
}
std::optional<State> Folder::state() const { return read<State>(file("state.json")); }
std::optional<HealthRecord> Folder::health() const { return read<HealthRecord>(file("health.json")); }
std::optional<RestartRecord> Folder::restart() const { return read<RestartRecord>(file("restart.json")); }

// Durable::no: after a power loss a container that was just made may be missing, never half there (renames keep their
// order behind the data on ext4 and xfs, and tidy() drops what has no readable config).
void Folder::save(const Config& config) const { write(file("config.json"), config, os::Durable::no); }
void Folder::save(const State& state) const { write(file("state.json"), state, os::Durable::no); }
void Folder::save(const HealthRecord& health) const { write(file("health.json"), health, os::Durable::no); }
void Folder::save(const RestartRecord& restart) const { write(file("restart.json"), restart, os::Durable::no); }

os::FileLock Folder::lock() const {
    auto lock = os::FileLock::wait_existing(path_);
    if (!lock) throw base::Error(base::ErrorKind::not_found, "No such container: " + id_);
    return std::move(*lock);
}
std::optional<os::FileLock> Folder::try_lock() const { return os::FileLock::try_existing(path_); }

std::vector<std::string> container_ids(const std::string& root) {
    auto names = os::list_folder(root + "/containers");
    std::erase_if(names, [](const std::string& name) { return name.front() == '.'; });
    return names;
}

}  // namespace tutti::embedded::records
