// Times of single boxes, for scripts/bench/box: from an OCI spec to execve(2) by us, beside other runtimes on the same
// bundle. Not a test; prints medians in milliseconds.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/runtime.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"
#include "os/process.h"

using namespace tutti;
using namespace tutti::embedded::runtime;
using base::cat;

namespace {

double milliseconds(os::Clock::time_point since) {
    return std::chrono::duration<double, std::milli>(os::Clock::now() - since).count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
}

struct Bench {
    os::TempFolder temp;
    os::TempFolder run{"/dev/shm"};  // run folders lie on tmpfs, as /run is
    std::unique_ptr<Runtime> native;
    Machine machine = Machine::look();
    int count = 0;

    Bench() {
        for (const char* folder : {"/layer/bin", "/layer/etc", "/run", "/empty", "/volume"})
            os::make_folders(temp.path() + folder, 0755);
        for (const char* folder : {"/layer/proc", "/layer/sys", "/layer/dev", "/layer/data"})
            os::make_folders(temp.path() + folder, 0755);
        os::write_file(temp.path() + "/layer/bin/busybox", os::read_file("/bin/busybox"), 0755);
        if (::symlink("busybox", (temp.path() + "/layer/bin/true").c_str()) != 0 ||
            ::symlink("busybox", (temp.path() + "/layer/bin/sleep").c_str()) != 0)
            base::throw_errno("making the root");
        os::write_file(temp.path() + "/layer/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0644);
        for (const char* file : {"/hosts", "/resolv.conf", "/hostname"})
            os::write_file(temp.path() + file, "x\n", 0644);
        native = make_native({run.path(), temp.path() + "/cache"});
    }

    BoxRequest request(std::vector<std::string> args) {
        BoxRequest out;
        out.id = cat("bench", ::getpid(), '-', count++);
        out.args = std::move(args);
        out.hostname = "bench";
        out.root = temp.path() + "/empty";
        out.cgroup_parent = "/tutti-bench";
        for (const char* file : {"/hosts", "/resolv.conf", "/hostname"})
            out.mounts.push_back(
                {BoxMount::Kind::bind, temp.path() + file, cat("/etc", file), false, false, false, {}, 0, 0, {}, {}});
        return out;
    }
    CreateOptions options(const BoxRequest& request) {
        CreateOptions out;
        out.id = request.id;
        const std::string place = cat(temp.path(), "/boxes/", request.id);
        out.folder = cat(run.path(), "/", request.id);
        os::make_folders(out.folder);
        for (const char* folder : {"/upper", "/work"}) os::make_folders(place + folder);
        out.overlay = Overlay{{temp.path() + "/layer"}, place + "/upper", place + "/work", {}};
        out.log.path = out.folder + "/log";
        out.start = true;
        return out;
    }
};

void boxes(Bench& bench, int rounds) {
    std::vector<double> lowering, whole;
    std::vector<Box> made;
    for (int i = 0; i < rounds; ++i) {
        const BoxRequest request = bench.request({"/bin/sleep", "1000"});
        CreateOptions options = bench.options(request);
        const auto begin = os::Clock::now();
        const Spec spec = to_spec(request, bench.machine);
        lowering.push_back(milliseconds(begin));
        made.push_back(bench.native->create(spec, std::move(options)));
        whole.push_back(milliseconds(begin));
    }
    std::vector<double> execs;
    for (int i = 0; i < rounds; ++i) {
        ExecSpec spec;
        spec.process.args = {"/bin/true"};
        const auto begin = os::Clock::now();
        const auto process = bench.native->exec(made.front(), spec);
        process->wait(os::Cancel());
        execs.push_back(milliseconds(begin));
    }
    std::uint64_t pss = 0;
    for (const Box& box : made) {
        const auto text = os::read_file_if_exists(cat("/proc/", box.shim_pid, "/smaps_rollup")).value_or("");
        const auto at = text.find("\nPss:");
        if (at != std::string::npos) pss += std::strtoull(text.c_str() + at + 5, nullptr, 10);
    }
    const auto begin = os::Clock::now();
    for (const Box& box : made) bench.native->remove(box, true);
    std::printf("request to running, ms:      median %.2f  min %.2f   (request to spec %.2f)\n", median(whole),
                std::ranges::min(whole), median(lowering));
    std::printf("exec true, ms:               median %.2f  min %.2f\n", median(execs), std::ranges::min(execs));
    std::printf("shim of a running box, kB:   PSS %.0f with %d of them\n", static_cast<double>(pss) / rounds, rounds);
    std::printf("kill and remove, ms each:    %.2f\n", milliseconds(begin) / rounds);
}

// The same request run to its end by another runtime, from a bundle with a mounted overlay.
void other(Bench& bench, const std::string& program, int rounds) {
    BoxRequest request = bench.request({"/bin/true"});
    const CreateOptions options = bench.options(request);
    const std::string bundle = cat(bench.temp.path(), "/boxes/", request.id);
    os::make_folders(bundle + "/rootfs", 0755);
    const std::string data = cat("lowerdir=", options.overlay->lower[0], ",upperdir=", options.overlay->upper,
                                 ",workdir=", options.overlay->work);
    if (::mount("overlay", (bundle + "/rootfs").c_str(), "overlay", 0, data.c_str()) != 0)
        base::throw_errno("mounting the overlay");
    request.root = "rootfs";
    Spec spec = to_spec(request, bench.machine);
    std::erase_if(spec.linux_.namespaces,
                  [](const Namespace& space) { return space.type == "time"; });  // older runtimes know none
    os::write_file(bundle + "/config.json", doc::write_json(write_spec(spec)));
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        os::Command command;
        command.argv = {program,    "--root", bench.temp.path() + "/state", "run",
                        "--bundle", bundle,   cat(request.id, '-', i)};
        command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
        command.fds = {{1, 1}, {2, 2}};
        const auto begin = os::Clock::now();
        const auto status = os::Process::spawn(command).wait(os::Cancel());
        if (status->code != 0) break;
        times.push_back(milliseconds(begin));
    }
    ::umount2((bundle + "/rootfs").c_str(), MNT_DETACH);
    if (times.empty())
        std::printf("%s run true: it refuses\n", program.c_str());
    else
        std::printf("%s run true, ms: median %.2f  min %.2f\n", program.c_str(), median(times),
                    std::ranges::min(times));
}

// Ours in the same shape: request, run to the end, removed.
void native_run(Bench& bench, int rounds) {
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        const BoxRequest request = bench.request({"/bin/true"});
        CreateOptions options = bench.options(request);
        const auto begin = os::Clock::now();
        const Box box = bench.native->create(to_spec(request, bench.machine), std::move(options));
        bench.native->remove(box, true);
        times.push_back(milliseconds(begin));
    }
    std::printf("native run true, ms: median %.2f  min %.2f\n", median(times), std::ranges::min(times));
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
    try {
        Bench bench;
        boxes(bench, 2);  // warm: caches the filter, lays down the shim
        std::puts("");
        boxes(bench, rounds);
        native_run(bench, rounds);
        for (int i = 2; i < argc; ++i) other(bench, argv[i], rounds);
        native_run(bench, rounds);
    } catch (const base::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
