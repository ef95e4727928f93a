#include "embedded/shim/box/modes.h"
#include "embedded/shim/box/monitor.h"
#include "embedded/shim/box/process.h"
#include "embedded/shim/box/sys.h"

#include <new>

namespace tutti::embedded::shim::box {

alignas(Monitor) static char monitor_memory[sizeof(Monitor)];
static Monitor* monitor = nullptr;

static void hand_to_monitor(const Failure& failure) { monitor->give_up(failure); }

void run_box() {
    ::setsid();
    remember_limits();
    raise_file_limit();
    const View view(map_plan(plan_descriptor));
    monitor = new (static_cast<void*>(monitor_memory)) Monitor(view);
    monitor->adopt_creator(creator_descriptor);
    if (view.plan().console_socket) ::fcntl(console_descriptor, F_SETFD, FD_CLOEXEC);
    on_failure(hand_to_monitor);
    monitor->prepare();
    if (view.plan().external.count > 0) {
        monitor->begin_external();
        monitor->loop();
    }
    Cgroups cgroups;
    make_cgroups(view, cgroups);
    Sources sources;
    take_sources(view, sources);
    const pid_t child =
        clone_child(view, sources, cgroups, monitor->stdio(), monitor->child_socket(), monitor->report_socket());
    monitor->begin(child);
    release(view, sources);
    close_cgroups(cgroups);
    monitor->loop();
}

}  // namespace tutti::embedded::shim::box
