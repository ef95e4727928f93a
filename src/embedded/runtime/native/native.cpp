#include "embedded/runtime/native/native.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/box.h"
#include "embedded/runtime/native/launch.h"
#include "embedded/runtime/native/lower.h"
#include "embedded/runtime/process_record.h"
#include "embedded/shim/plan.h"
#include "embedded/shim/program.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime {

std::unique_ptr<Runtime> make_native(const NativeOptions& options) { return std::make_unique<native::Native>(options); }

}  // namespace tutti::embedded::runtime

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

Native::Native(const NativeOptions& options)
    : options_(options), hierarchies_(Hierarchies::read()), program_(shim::open_shim_program(options.run_dir)) {}

Box Native::create(const Spec& spec, CreateOptions options) {
    Filter filter;
    if (spec.linux_.seccomp) filter = cached_filter(*spec.linux_.seccomp, options_.cache_dir);
    const Lowered lowered = lower({spec, options, hierarchies_, filter.program, filter.flags});
    Box box = describe_box(spec, options, name());
    box.cgroup = lowered.cgroup;
    box.cgroup_folders = lowered.cgroup_folders;
    write_box(box);
    write_process_record(box, spec, options.user, filter.path, filter.flags);
    launch_box(box, options, program_, lowered.plan);
    return box;
}

void Native::start(const Box& box) {
    const std::string fifo = cat(box.folder, "/exec.fifo");
    if (!os::exists(fifo)) return shim::Client::connect(box.folder).start();
    if (!os::open_process(box.pid, box.pid_started))
        throw Error(ErrorKind::conflict, cat("container ", box.id, " is stopped"));
    os::write_all(os::open(fifo, O_WRONLY | O_NONBLOCK), "s");
    os::remove_file(fifo);
}

BoxState Native::state(const Box& box) { return state_of(box); }

void Native::signal(const Box& box, int number, bool all) {
    if (all && number == SIGKILL) return kill_all(box);
    const auto process = os::open_process(box.pid, box.pid_started);
    if (!process) throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    if (all) {
        for (const pid_t pid : processes_of(box)) ::kill(pid, number);
        return;
    }
    if (::syscall(SYS_pidfd_send_signal, process->get(), number, nullptr, 0) != 0)
        base::throw_errno(cat("sending signal ", number, " to ", box.id));
}

void Native::pause(const Box& box) { freeze(box, true); }
void Native::resume(const Box& box) { freeze(box, false); }
void Native::update(const Box& box, const Resources& resources) { update_limits(box, resources, hierarchies_); }
Stats Native::stats(const Box& box) { return stats_of(box); }
std::vector<pid_t> Native::processes(const Box& box) { return processes_of(box); }
void Native::remove(const Box& box, bool force) { remove_box(box, force); }

}  // namespace tutti::embedded::runtime::native
