// What a process that mostly sleeps need not hold: pages of its program that were only read come back from the page
// cache when they are wanted again, and freed memory goes back to the kernel.
// Used by the supervisor when nothing has happened for a while.
#pragma once

namespace tutti::embedded::supervise {

void grow_lean();

}  // namespace tutti::embedded::supervise
