// A run that has ended becomes history: its end is written down and told, its addresses, ports, cgroups and files in
// memory are given back, its shim may leave. Used by whoever comes first: the supervisor, stop, remove, the next start.
#pragma once

#include <functional>

#include "embedded/network/network.h"
#include "embedded/records/event_log.h"
#include "embedded/records/view.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::supervise {

struct Tools {
    const records::EventLog* events = nullptr;
    std::function<network::Networks&()> networks;
    std::function<runtime::Runtime&(const std::string& name)> runtime;
};

// To be called under the container's lock. False: there was nothing to settle. `state` is read anew.
bool settle(const records::Folder& folder, records::State& state, const Tools& tools);

// What a run holds is given back, whatever it had come to; kills what lives. For a start that failed or was killed.
void give_back(const records::Folder& folder, const Tools& tools);

}  // namespace tutti::embedded::supervise
