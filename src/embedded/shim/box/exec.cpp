#include "embedded/shim/box/modes.h"

#include "embedded/shim/box/fail.h"

namespace tutti::embedded::shim::box {

void run_exec() { fail("exec", nullptr, 0); }

}  // namespace tutti::embedded::shim::box
