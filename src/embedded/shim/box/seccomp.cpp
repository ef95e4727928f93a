#include "embedded/shim/box/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

void load_filter(const View& view) {
    const SeccompStep& step = view.plan().process.seccomp;
    sock_fprog program{static_cast<unsigned short>(step.instructions),
                       const_cast<sock_filter*>(static_cast<const sock_filter*>(view.bytes(step.program)))};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, step.flags, &program) != 0)
        fail("loading the seccomp filter", nullptr);
}

}  // namespace tutti::embedded::shim::box
