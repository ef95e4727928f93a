// The state of one reconciliation: the plan so far and the last step of each thing, for the edges.
// Used by the files reconcile_*.cpp, one a kind of thing.
// Not seen outside this room.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/reconcile.h"

namespace tutti::plan {

// A container that a service will have once the plan has run.
struct Slot {
    std::string name;
    int number = 0;
    bool starts = false;  // does not run by then
    bool paused = false;
    bool made = false;  // by this plan
};

class Reconciler {
  public:
    Reconciler(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options);

    Plan create_and_start();
    Plan start_only();

  private:
    // reconcile_resources.cpp
    void check_external() const;
    void networks();
    void recreate_network(const std::string& key, const state::Resource& there);
    void volumes();
    void recreate_volumes(const std::vector<std::string>& keys);
    std::vector<std::string> services_using_volume(const std::string& key) const;

    // reconcile_containers.cpp
    void containers();
    void service(const model::Service& wanted);
    std::string why_recreate(const model::Service& wanted, const std::string& hash, const state::Container& there,
                             Recreate policy) const;
    std::string why_configuration(const model::Service& wanted, const state::Container& there) const;
    std::string expected_hash(const model::Service& wanted) const;
    void create(const std::shared_ptr<const model::Service>& wanted, int number, std::vector<StepId> after);
    void recreate(const std::shared_ptr<const model::Service>& wanted, const state::Container& there,
                  const std::string& cause, std::vector<StepId> after);
    void remove(const state::Container& there, const std::string& cause);
    StepId stop(const state::Container& there, const std::string& cause, std::vector<StepId> after = {});
    std::vector<StepId> stop_dependents(const model::Service& wanted);
    CreateContainer creation(const std::shared_ptr<const model::Service>& wanted, const spec::Replica& replica) const;
    std::vector<StepId> prerequisites(const model::Service& wanted) const;
    std::vector<const state::Container*> there_of(const std::string& service) const;

    // reconcile_start.cpp
    void starts(const std::vector<StepId>& before);
    void start_service(const model::Service& wanted, const std::vector<StepId>& before);
    std::vector<StepId> waits(const model::Service& wanted, const std::vector<StepId>& before);
    std::vector<StepId> pre_start(const model::Service& wanted, const std::vector<StepId>& after);
    StepId wait_for(const std::string& service, Condition condition, bool required, const std::vector<StepId>& before);
    void await_all(const std::vector<StepId>& before);
    void slots_from_state();

    const model::Project& project_;
    const state::ProjectState& state_;
    const ReconcileOptions& options_;
    Plan plan_;

    std::map<std::string, const state::Resource*> network_there_, volume_there_;  // the one chosen per key
    std::map<std::string, std::string> volume_names_;                             // per key, what containers must mount
    std::map<std::string, StepId> network_steps_, volume_steps_, last_step_;      // by key, key, service
    std::map<std::string, StepId> stopped_;                                       // by container id
    std::map<std::string, std::vector<StepId>> reconnected_;                      // by container id
    std::set<std::string> recreated_;                                             // services
    std::set<std::string> cleared_;                           // services whose containers went with their volume
    std::map<std::string, std::vector<Slot>> slots_;          // by service
    std::map<std::string, std::vector<StepId>> start_steps_;  // by service
    std::map<std::string, StepId> wait_steps_;
};

// The live resource that a key stands for: the one with the wanted name, else the first by name.
const state::Resource* choose(const std::vector<state::Resource>& all, const std::string& key, const std::string& name);

}  // namespace tutti::plan
