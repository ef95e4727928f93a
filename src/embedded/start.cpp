#include "embedded/start.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "embedded/box.h"
#include "embedded/mounts.h"
#include "embedded/places.h"
#include "embedded/port_specs.h"
#include "embedded/shim/client.h"
#include "embedded/supervise/kept.h"
#include "embedded/supervise/membership.h"
#include "embedded/wiring.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

supervise::Tools tools_of(Parts& parts) {
    return {.events = &parts.events(),
            .networks = [&parts]() -> network::Networks& { return parts.networks(); },
            .runtime = [&parts](const std::string& name) -> runtime::Runtime& { return parts.runtime(name); }};
}

namespace {

// One start. What it has made is taken back by its destructor unless done() was reached.
class Start {
  public:
    Start(Parts& parts, const records::Folder& folder, const records::Config& config, records::State& state)
        : parts_(parts),
          folder_(folder),
          config_(config),
          state_(state),
          membership_(parts.paths().run, config.project) {}
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;
    ~Start() {
        if (!done_) supervise::give_back(folder_, tools_of(parts_));
    }

    // What it notes is for the user.
    std::vector<std::string> run() {
        if (os::exists(folder_.run_path())) supervise::give_back(folder_, tools_of(parts_));  // of a killed start
        if (::mkdir(folder_.run_path().c_str(), 0700) != 0) base::throw_errno(cat("making ", folder_.run_path()));
        step("network", [&] { wiring_ = wire(parts_, config_, folder_); });
        step("box", [&] { make_box(); });
        step("sockets", [&] { keep_sockets(); });
        step("record", [&] { write_down(); });
        step("supervisor", [&] {
            membership_.touch(config_.id);
            membership_.ensure_supervisor(supervisor_command());
        });
        step("go", [&] {
            parts_.pending().connect(config_.id);
            client_->start();
        });
        done_ = true;
        std::vector<std::string> notes = std::move(wiring_.attached.notes);
        notes.insert(notes.end(), box_.notes.begin(), box_.notes.end());
        return notes;
    }

  private:
    template <class Do>
    void step(std::string_view name, Do&& work) const {
        const base::Span span(name, config_.spec.name);
        work();
    }

    void make_box() {
        const auto& spec = config_.spec;
        auto mounts = resolve_mounts(parts_, config_, folder_.run_path(), wiring_.files);
        auto request = box_request(parts_, config_);
        request.root = parts_.paths().run + "/rootfs";  // empty, only to mount on
        if (!os::exists(request.root)) os::make_folders(request.root, 0755);
        request.network = wiring_.share;
        for (auto& mount : mounts.mounts) request.mounts.push_back(std::move(mount));

        runtime::CreateOptions options;
        options.id = config_.id;
        options.folder = folder_.run_path();
        const auto image = parts_.store().image(base::Digest::require(config_.image_id));
        if (!image) throw Error(ErrorKind::not_found, cat("No such image: ", spec.image), "it was removed by force");
        options.overlay = runtime::Overlay{
            .lower = layers_with_places(parts_, *image), .upper = folder_.file("upper"), .work = folder_.file("work")};
        options.user = runtime::NamedUser{.text = spec.user, .groups = spec.group_add};
        options.log = log_target(spec, folder_.file("json.log"));
        options.open_stdin = spec.open_stdin;
        options.stdin_once = spec.stdin_once;
        options.wait_acknowledge = true;
        options.supervisor = supervisor_command();
        options.supervisor_lock = membership_.lock_path();
        const base::Span span("shim and box", spec.name);
        box_ = parts_.runtime(spec.runtime).create(runtime::to_spec(request, parts_.machine()), std::move(options));
        client_ = shim::Client::connect(folder_.run_path());
    }

    // The shim holds the sockets of the name server and of published ports: they outlive every supervisor.
    void keep_sockets() {
        if (wiring_.sandbox.dns_udp)
            client_->keep(supervise::dns_sockets, {wiring_.sandbox.dns_udp.get(), wiring_.sandbox.dns_tcp.get()});
        for (const auto& port : wiring_.attached.sockets)
            client_->keep(supervise::port_name(port.port), {port.socket.get()});
    }

    void write_down() {
        state_.phase = records::Phase::running;
        ++state_.run;
        state_.pid = box_.pid;
        state_.pid_started = box_.pid_started;
        state_.shim_pid = box_.shim_pid;
        state_.shim_started = records::process_start_time(box_.shim_pid);
        state_.boot_id = parts_.boot_id();
        state_.started = std::chrono::system_clock::now();
        state_.finished = {};
        state_.exit_code = 0;
        state_.oom_killed = state_.paused = state_.stop_wanted = false;
        state_.error.clear();
        state_.ports = published_ports(wiring_.attached.endpoints, config_.spec);
        if (!wiring_.attached.endpoints.empty()) state_.endpoints.clear();
        for (const auto& endpoint : wiring_.attached.endpoints)
            state_.endpoints.push_back(to_engine(endpoint, wanted_endpoint(endpoint)));
        folder_.save(state_);
    }

    const engine::EndpointSpec* wanted_endpoint(const network::Endpoint& endpoint) const {
        for (const auto& wanted : config_.spec.endpoints)
            if (wanted.network == endpoint.network_name || endpoint.network.starts_with(wanted.network)) return &wanted;
        return nullptr;
    }

    std::vector<std::string> supervisor_command() const {
        auto command = parts_.paths().program;
        for (const auto& word : {std::string("internal"), parts_.paths().root, parts_.paths().run,
                                 std::string("supervise"), config_.project})
            command.push_back(word);
        return command;
    }

    Parts& parts_;
    const records::Folder& folder_;
    const records::Config& config_;
    records::State& state_;
    supervise::Membership membership_;
    Wiring wiring_;
    runtime::Box box_;
    std::optional<shim::Client> client_;
    bool done_ = false;
};

}  // namespace

// To be called under the container's lock, with a state that is not running.
static std::vector<std::string> start_locked(Parts& parts, const records::Folder& folder, records::State state) {
    const auto config = folder.config();
    const auto before = state;
    std::vector<std::string> notes;
    try {
        notes = Start(parts, folder, config, state).run();
    } catch (const Error& error) {
        state = before;
        state.error = error.what();
        state.exit_code = runtime::exit_code_of(error);
        if (state.exit_code == 125) state.exit_code = 128;  // what Docker keeps for a start that failed
        folder.save(state);
        throw;
    }
    records::tell(parts.events(), state, folder.id(), "start");
    return notes;
}

static records::State require_state(const records::Folder& folder) {
    auto state = folder.state();
    if (!state) throw Error(ErrorKind::not_found, "No such container: " + folder.id());
    return std::move(*state);
}

std::vector<std::string> start_container(Parts& parts, const records::Folder& folder) {
    const auto lock = folder.lock();
    records::State state;
    supervise::settle(folder, state, tools_of(parts));
    state = require_state(folder);
    if (state.phase == records::Phase::running) {
        if (state.paused) throw Error(ErrorKind::conflict, "cannot start a paused container, try unpause instead");
        return {};
    }
    if (state.removing) throw Error(ErrorKind::conflict, "container is marked for removal and cannot be started");
    state.automatic = false;
    return start_locked(parts, folder, std::move(state));
}

bool restart_by_policy(Parts& parts, const records::Folder& folder, std::int64_t run) {
    const auto lock = folder.lock();
    auto state = require_state(folder);
    if (state.phase != records::Phase::ended || state.run != run || state.stop_wanted || state.removing) return false;
    state.automatic = true;
    start_locked(parts, folder, std::move(state));
    return true;
}

}  // namespace tutti::embedded
