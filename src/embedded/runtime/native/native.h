// Our own maker of boxes: lowers, hands the plan to a shim, talks to it. See runtime.h for the contract.
#pragma once

#include <map>
#include <mutex>

#include "embedded/runtime/native/hierarchies.h"
#include "embedded/runtime/native/seccomp_filter.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::native {

class Native : public Runtime {
  public:
    explicit Native(const NativeOptions& options);

    std::string_view name() const override { return "native"; }
    Box create(const Spec& spec, CreateOptions options) override;
    void start(const Box& box) override;
    BoxState state(const Box& box) override;
    void signal(const Box& box, int number, bool all) override;
    void pause(const Box& box) override;
    void resume(const Box& box) override;
    void update(const Box& box, const Resources& resources) override;
    Stats stats(const Box& box) override;
    std::vector<pid_t> processes(const Box& box) override;
    std::unique_ptr<ExecProcess> exec(const Box& box, const ExecSpec& spec) override;
    void remove(const Box& box, bool force) override;

  private:
    NativeOptions options_;
    Hierarchies hierarchies_;
    os::Fd program_;
};

// Shared with external: what is done to cgroups, whoever made the box.
void freeze(const Box& box, bool frozen);
bool is_frozen(const Box& box);
void thaw_wherever(
    pid_t pid);  // also where somebody moved it to a freezer of his own (cgroup v1): frozen, it cannot die
std::vector<pid_t> processes_of(const Box& box);
Stats stats_of(const Box& box);
void update_limits(const Box& box, const Resources& resources, const Hierarchies& hierarchies);
void kill_all(const Box& box);
void remove_cgroup_folders(const Box& box);
BoxState state_of(const Box& box);
void remove_box(const Box& box, bool force);

}  // namespace tutti::embedded::runtime::native
