// The first process of a box: cloned into its namespaces, walks the plan inside, waits for the start, becomes the
// program.
#pragma once

#include <sys/types.h>

#include "embedded/shim/box/cgroups.h"
#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/mounts.h"
#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// What child and shim say to each other over their socket pair. The end of the socket after `made` means: it runs.
struct Report {
    enum Kind : int32_t {
        failed,    // child: failure
        identity,  // child: write my id maps, run the hooks of outside; shim: done
        terminal,  // child: the master's descriptor lies beside
        made,      // child: everything is there, waiting
        start,     // shim: go
    };
    int32_t kind = failed;
    int32_t notes = 0;
    Failure failure = {};
};

struct Stdio {
    int in = -1, out = -1, err = -1;  // the child's ends; -1: a terminal or what we have ourselves
};

// Clones the child; in the parent its pid. `report`: the child's end of the socket pair, `shim_end` the other.
pid_t clone_child(const View& view, const Sources& sources, Cgroups& cgroups, const Stdio& stdio, int report,
                  int shim_end);

bool send_report(int socket, const Report& report, int fd = -1);
bool receive_report(int socket, Report& report, int* fd = nullptr);  // false: the end

// Puts descriptors in place of 0, 1, 2.
void take_stdio(const Stdio& stdio);
void reset_signals();
void become_root();  // of the user namespace we are in
// A pseudo terminal of the devpts at `pts`: its master, and its slave as descriptors 0, 1, 2 and controlling terminal.
int take_terminal(int pts, unsigned rows, unsigned columns);

}  // namespace tutti::embedded::shim::box
