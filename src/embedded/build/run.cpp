#include "embedded/build/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/shim/client.h"
#include "oci/inside.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;

namespace {

// Mount points that the box needs and the image lacks are made in its root; a layer must not show them.
class Stubs {
  public:
    Stubs(const RunRequest& request, const StepFolder& step) : upper_(step.upper()) {
        std::vector<std::string> wanted{"etc/hosts", "etc/resolv.conf", "proc", "sys", "dev"};
        wanted.insert(wanted.end(), request.stubs.begin(), request.stubs.end());
        for (const auto& path : wanted) {
            // The folders on the way count as well.
            for (std::string at = path; !at.empty() && at != "."; at = base::path::folder(at))
                if (!in_any(request.lower, at) && std::ranges::find(made_, at) == made_.end()) made_.push_back(at);
        }
        std::ranges::sort(made_, std::greater<>());  // deepest first
    }

    void remove() const {
        const os::Fd upper = os::open(upper_, O_RDONLY | O_DIRECTORY);
        for (const auto& path : made_) {
            const auto parent = oci::open_inside(
                upper, path.find('/') == std::string::npos ? "" : base::path::folder(path), O_RDONLY | O_DIRECTORY);
            if (!parent) continue;
            const std::string name(base::path::last(path));
            struct stat st {};
            if (::fstatat(parent->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
            if (S_ISDIR(st.st_mode))
                ::unlinkat(parent->get(), name.c_str(), AT_REMOVEDIR);  // stays if the step filled it
            else if (S_ISREG(st.st_mode) && st.st_size == 0)
                ::unlinkat(parent->get(), name.c_str(), 0);
        }
    }

  private:
    static bool in_any(const std::vector<std::string>& lower, const std::string& path) {
        return std::ranges::any_of(lower, [&](const std::string& folder) {
            const os::Fd root = os::open(folder, O_RDONLY | O_DIRECTORY);
            return oci::open_inside(root, path, O_PATH | O_NOFOLLOW).has_value();
        });
    }
    std::string upper_;
    std::vector<std::string> made_;
};

runtime::BoxMount bound_file(const std::string& source, const std::string& target) {
    return {.kind = runtime::BoxMount::Kind::bind, .source = source, .target = target};
}

runtime::BoxRequest box_of(const RunRequest& request, const StepFolder& step) {
    runtime::BoxRequest box;
    box.id = request.id;
    box.args = request.words;
    box.env = request.environment;
    box.cwd = request.working_dir.empty() ? "/" : request.working_dir;
    box.hostname = request.hostname.empty() ? "buildkitsandbox" : request.hostname;
    box.root = step.root();
    box.network = request.network->share;
    box.security.privileged = request.privileged;
    box.shm_size = request.shm_size;
    box.ulimits = request.ulimits;
    const std::string etc = step.make("etc");
    std::string hosts = request.network->hosts;
    for (const auto& [name, address] : request.extra_hosts) hosts += cat(address, '\t', name, '\n');
    os::write_file(etc + "/hosts", hosts, 0644);
    os::write_file(etc + "/resolv.conf", request.network->resolv_conf, 0644);
    box.mounts.push_back(bound_file(etc + "/hosts", "/etc/hosts"));
    box.mounts.push_back(bound_file(etc + "/resolv.conf", "/etc/resolv.conf"));
    box.mounts.insert(box.mounts.end(), request.mounts.begin(), request.mounts.end());
    return box;
}

// A box that is taken away however the step ends.
class BoxGuard {
  public:
    BoxGuard(runtime::Runtime& runtime, runtime::Box box) : runtime_(runtime), box_(std::move(box)) {}
    BoxGuard(const BoxGuard&) = delete;
    ~BoxGuard() {
        try {
            runtime_.remove(box_, true);
        } catch (const Error&) {  // a destructor's own clean-up
        }
    }
    const runtime::Box& box() const { return box_; }

  private:
    runtime::Runtime& runtime_;
    runtime::Box box_;
};

int follow(shim::Client& client, const std::function<void(std::string_view)>& output, const os::Cancel& cancel) {
    std::optional<int> code;
    int open_streams = 2;
    while (!code || open_streams > 0) {
        // Once it has ended, what is still in the pipes comes at once; a process left behind must not hold the build
        // up.
        const os::Until until = code ? os::Until(os::Clock::now() + std::chrono::seconds(1)) : std::nullopt;
        const auto event = client.next(cancel, until);
        if (!event) break;
        if (const auto* bytes = std::get_if<shim::Output>(&*event)) {
            if (bytes->bytes.empty())
                --open_streams;
            else
                output(bytes->bytes);
        } else if (const auto* exited = std::get_if<shim::Exited>(&*event)) {
            code = exited->record.code;
        } else {
            break;
        }
    }
    if (!code) throw Error(base::ErrorKind::internal, "the step's shim went away before it told how the step ended");
    return *code;
}

}  // namespace

int run_step(runtime::Runtime& runtime, const runtime::Machine& machine, const std::string& run_folder,
             const StepFolder& step, const RunRequest& request, const std::function<void(std::string_view)>& output,
             const os::Cancel& cancel) {
    const Stubs stubs(request, step);
    const os::TempFolder folder(run_folder, "build-");
    runtime::CreateOptions options;
    options.id = request.id;
    options.folder = folder.path();
    options.overlay =
        runtime::Overlay{.lower = request.lower, .upper = step.upper(), .work = step.work(), .options = {}};
    if (options.overlay->lower.empty()) options.overlay->lower.push_back(step.empty());
    options.user = runtime::NamedUser{.text = request.user, .groups = {}};
    int code = 0;
    {
        const BoxGuard guard(runtime,
                             runtime.create(runtime::to_spec(box_of(request, step), machine), std::move(options)));
        shim::Client client = shim::Client::connect(guard.box().folder);
        client.subscribe(shim::Role::observer);
        client.attach(shim::attach_stdout | shim::attach_stderr);
        client.start();
        try {
            code = follow(client, output, cancel);
        } catch (const base::Cancelled&) {  // the box must not go on without anybody waiting for it
            runtime.signal(guard.box(), SIGKILL, true);
            throw;
        }
    }
    stubs.remove();
    return code;
}

}  // namespace tutti::embedded::build
