// The static program that is the parent of one container (run), of one process put into a container (exec),
// or the first process inside one (init). Started by runtime/native with a plan on descriptor 3 and its creator on 4.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/modes.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

const void* map_plan(int fd) {
    struct stat st {};
    if (::fstat(fd, &st) != 0 || st.st_size < static_cast<off_t>(sizeof(Plan)))
        fail("reading the plan", nullptr, EINVAL);
    const void* memory = ::mmap(nullptr, static_cast<size_t>(st.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) fail("reading the plan", nullptr);
    const Plan& plan = *static_cast<const Plan*>(memory);
    if (plan.magic != plan_magic || plan.size != static_cast<std::uint64_t>(st.st_size))
        fail("reading the plan", nullptr, EPROTO);
    ::close(fd);
    return memory;
}

}  // namespace tutti::embedded::shim::box

int main(int argc, char** argv) {
    using namespace tutti::embedded::shim::box;
    const char* mode = argc > 1 ? argv[1] : "";
    const char* name = strrchr(argv[0] ? argv[0] : "", '/');
    if (strcmp(name ? name + 1 : argv[0], "docker-init") == 0 || strcmp(mode, "init") == 0) return run_init(argc, argv);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (strcmp(mode, "run") == 0) run_box();
    if (strcmp(mode, "exec") == 0) run_exec();
    static const char usage[] = "tutti-shim: started by tutti, not by hand\n";
    write_all(2, usage, sizeof usage - 1);
    return 125;
}
