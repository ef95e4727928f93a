// A folder's content copied with owners, modes, times, attributes, hard links and devices.
// Used to fill volumes and to move layers across file systems. Follows no link and leaves out sockets.
#pragma once

#include "os/fd.h"

namespace tutti::os {

// Into a folder that exists; the folder itself gets the source's owner, mode and times. Data is shared where the file
// system can.
enum class OverlayMarks { drop, keep };  // trusted.overlay.*: kept only where the copy is a layer of an overlay again
void copy_tree(const Fd& from, const Fd& to, OverlayMarks marks = OverlayMarks::drop);

}  // namespace tutti::os
