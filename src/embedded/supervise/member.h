// One container in the supervisor's care: its living run (connection to the shim, health), its end, its next restart.
// Used by supervisor.cpp only. Nothing here waits; what has to be waited for is named by fds() and next().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "embedded/dns/dns.h"
#include "embedded/network/port_relay.h"
#include "embedded/records/container.h"
#include "embedded/shim/client.h"
#include "embedded/supervise/health.h"
#include "embedded/supervise/kept.h"
#include "embedded/supervise/probe.h"
#include "embedded/supervise/settle.h"

namespace tutti::embedded::supervise {

// What members share: the rooms, the servers of the loop, and a way to have heavy work done by another process.
struct Household {
    Tools tools;
    dns::Server dns;
    network::PortRelay relay;
    // Runs `internal WORDS…`; the descriptor is readable when it has ended.
    std::function<os::Fd(const std::vector<std::string>& words)> spawn;
};

class Member {
  public:
    using Point = os::Clock::time_point;

    Member(Household& household, records::Folder folder) : house_(household), folder_(std::move(folder)) {}
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member();

    // Looks at its records: something may have changed. False: it is gone, or asks for nothing any more.
    bool examine(Point now);
    void add_fds(std::vector<int>& fds) const;
    os::Until next() const;
    void serve(Point now);  // something of fds() is ready, or next() has come

    bool failed(Point now);  // examine() threw: it is tried again, but not for ever. False: no more
    bool is_needed() const { return living_ || restart_due_ || restarting_ || look_again_; }

  private:
    bool adopt(Point now);
    void take_sockets();
    void resolve_names(os::Fd udp, os::Fd tcp);
    void let_go();  // of a run that ended
    void look_again(Point now);
    void watch_health(Point now);
    void serve_health(Point now);
    void save_health() const;
    void run_ended(Point now);
    void decide_restart(Point now, std::chrono::nanoseconds ran_for, int exit_code, bool automatic);
    void restart_now(Point now);
    void restart_finished(Point now);

    Household& house_;
    records::Folder folder_;
    records::State state_;
    records::Config config_;
    bool living_ = false, paused_ = false;
    std::optional<shim::Client> shim_;
    os::Fd process_;  // a pidfd, where the shim was killed
    std::optional<HealthWatch> health_;
    std::unique_ptr<Probe> probe_;
    os::Fd restarting_;
    os::Until restart_due_, look_again_;
    std::chrono::nanoseconds patience_ = std::chrono::milliseconds(20);
    int failures_ = 0;
    records::RestartRecord restart_;
};

}  // namespace tutti::embedded::supervise
