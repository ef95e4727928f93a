// The file systems of a box. Sources are taken outside, before the box exists, as detached mounts; targets are found
// inside, by descriptor; a mount is the meeting of two descriptors. No path is looked at twice.
#pragma once

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// Taken by the shim, inherited by the child.
struct Sources {
    int root = -1;           // detached: the overlay or the root folder
    int* fds = nullptr;      // one a mount step: the detached bind, or -1
    int* cgroups = nullptr;  // one a cgroup step
    int* devices = nullptr;  // one a device step, or -1: the node, where the box could not make it itself
};

void take_sources(const View& view, Sources& sources);
// For a runtime that makes the box: the overlay and what it could not take itself, where its spec says they are, in a
// mount namespace of the shim's own.
void mount_for_runtime(const View& view);
void release(const View& view, Sources& sources);

// In the child, in its own mount namespace. Each ends in fail() if it cannot.
struct Root {
    int fd = -1;    // its top
    int proc = -1;  // the procfs that the box got, or one of our own: settings and labels are written through it
    int pts = -1;   // its devpts
};
void enter_root(const View& view, const Sources& sources,
                Root& root);                           // attaches the root and all mounts, devices, links
void open_root(const View& view, Root& root);          // … of a box without a mount namespace: nothing is mounted
void close_paths(const View& view, const Root& root);  // masked and read-only paths
void pivot(const View& view, const Root& root);        // leaves the host's tree
void bind_console(const Root& root, int terminal);     // /dev/console is this terminal

}  // namespace tutti::embedded::shim::box
