#include "embedded/supervise/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded/supervise/lean.h"
#include "embedded/supervise/member.h"
#include "embedded/supervise/membership.h"
#include "os/watch.h"

namespace tutti::embedded::supervise {

using base::cat;
using base::Error;
using base::throw_errno;

namespace {

class Supervisor {
  public:
    explicit Supervisor(const SupervisorOptions& options)
        : options_(options), membership_(options.run, options.project), lock_(take_lock(membership_)) {
        house_.tools = options.tools;
        house_.spawn = [this](const std::vector<std::string>& words) { return spawn(words); };
    }

    void run() {
        while (lock_) {
            os::make_folders(membership_.members_folder());
            watch_.emplace().add(membership_.members_folder(), IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
            try_to("firewall", [&] { firewall_ = options_.tools.networks().watch_firewall(); });
            try_to("networks", [&] { recover_networks(); });
            for (const auto& id : membership_.members()) examine(id);
            while (is_needed()) turn();
            leave();
        }
    }

  private:
    template <class Work>
    static void try_to(std::string_view what, Work&& work) {  // one container's trouble is not the others'
        try {
            work();
        } catch (const Error& error) { base::log(cat("supervisor step=", what, " error=", error.what())); }
    }

    static os::Fd take_lock(const Membership& membership) {
        if (Membership::is_inherited_lock(3, membership.lock_path())) {
            ::fcntl(3, F_SETFD, FD_CLOEXEC);
            return os::Fd(3);
        }
        return membership.try_supervise();
    }

    // Endpoints of containers that died with nobody there to give them back.
    void recover_networks() {
        options_.tools.networks().recover([&](const std::string& id) {
            const records::Folder folder(options_.root, options_.run, id);
            const auto state = folder.state();
            if (!state) return false;
            const auto now = records::look(folder, *state);
            return now.shim_alive || now.process_alive;
        });
    }

    bool is_needed() const {
        for (const auto& [id, member] : members_)
            if (member->is_needed()) return true;
        return !helpers_.empty();
    }

    // Whoever adds a member touches its file and then asks for the lock: either we see the file now, or they get it.
    void leave() {
        members_.clear();
        watch_.reset();
        lock_.reset();
        bool more = false;
        for (const auto& id : membership_.members()) {
            const records::Folder folder(options_.root, options_.run, id);
            try_to("leave", [&] {
                const auto state = folder.state();
                if (!state) membership_.forget(id);
                more = more || (state && state->phase == records::Phase::running);
            });
        }
        if (more) lock_ = membership_.try_supervise();
    }

    void examine(const std::string& id) {
        auto& member = members_[id];
        if (!member) member = std::make_unique<Member>(house_, records::Folder(options_.root, options_.run, id));
        bool stays = false, failed = true;
        try_to(id, [&] {
            stays = member->examine(os::Clock::now());
            failed = false;
        });
        if (failed) stays = member->failed(os::Clock::now());
        if (!stays) members_.erase(id);
    }

    // One turn of the loop: wait, then whoever has something to do does it.
    void turn() {
        std::vector<int> fds = {watch_->fd().get(), house_.dns.fd(), house_.relay.fd(), firewall_.get()};
        for (const auto& [id, member] : members_) member->add_fds(fds);
        for (const auto& helper : helpers_) fds.push_back(helper.pidfd.get());
        std::vector<pollfd> polled;
        for (const int fd : fds)
            if (fd >= 0) polled.push_back({fd, POLLIN, 0});
        if (wait(polled) == Turn::quiet) return;

        read_watch();
        house_.dns.serve();
        house_.relay.serve();
        reap_helpers();
        const auto now = os::Clock::now();
        std::vector<std::string> done;
        for (auto& [id, member] : members_) {
            bool stays = true;
            try_to(id, [&] {
                member->serve(now);
                stays = member->is_needed();
            });
            if (!stays) done.push_back(id);
        }
        for (const auto& id : done) members_.erase(id);
        if (firewall_ && is_readable(firewall_.get()))
            try_to("firewall", [&] { options_.tools.networks().repair_if_damaged(firewall_); });
    }

    enum class Turn { due, quiet };

    // Once nothing has happened for a while it gives back what only work needs.
    Turn wait(std::vector<pollfd>& polled) {
        static constexpr int a_while = 500;  // milliseconds
        const int most = patience();
        const bool rests = busy_ && (most < 0 || most > a_while);
        const int ready = ::poll(polled.data(), polled.size(), rests ? a_while : most);
        if (ready < 0 && errno != EINTR) throw_errno("waiting");
        if (rests && ready == 0) {
            grow_lean();
            busy_ = false;
            return Turn::quiet;
        }
        busy_ = true;
        return Turn::due;
    }

    int patience() const {
        os::Until first = house_.dns.next();
        const auto consider = [&](const os::Until& point) {
            if (point && (!first || *point < *first)) first = point;
        };
        consider(house_.relay.next());
        for (const auto& [id, member] : members_) consider(member->next());
        if (!first) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - os::Clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
    }

    static bool is_readable(int fd) {
        pollfd one{fd, POLLIN, 0};
        return ::poll(&one, 1, 0) > 0;
    }

    void read_watch() {
        std::vector<std::string> touched;
        if (!watch_->read(touched)) touched = membership_.members();
        std::ranges::sort(touched);
        touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
        for (const auto& id : touched) examine(id);
    }

    struct Helper {
        pid_t pid;
        os::Fd pidfd;
    };

    os::Fd spawn(const std::vector<std::string>& words) {
        std::vector<std::string> command = options_.helper;
        command.insert(command.end(), words.begin(), words.end());
        std::vector<char*> argv;
        for (auto& word : command) argv.push_back(word.data());
        argv.push_back(nullptr);
        char* const no_environment[] = {nullptr};
        pid_t pid = 0;
        const int failed = ::posix_spawn(&pid, argv.front(), nullptr, nullptr, argv.data(), no_environment);
        if (failed != 0) throw_errno(cat("starting ", command.front()), failed);
        os::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        if (!pidfd) throw_errno("watching a helper");
        os::Fd copy = pidfd.duplicate();
        helpers_.push_back({pid, std::move(pidfd)});
        return copy;
    }

    void reap_helpers() {
        std::erase_if(helpers_, [](const Helper& helper) { return ::waitpid(helper.pid, nullptr, WNOHANG) != 0; });
    }

    const SupervisorOptions& options_;
    Membership membership_;
    os::Fd lock_, firewall_;
    std::optional<os::Watch> watch_;
    Household house_;
    std::map<std::string, std::unique_ptr<Member>> members_;
    std::vector<Helper> helpers_;
    bool busy_ = true;  // since it last gave back memory
};

}  // namespace

void run_supervisor(const SupervisorOptions& options) { Supervisor(options).run(); }

}  // namespace tutti::embedded::supervise
