// How long the steps take. Not run by default: --gtest_also_run_disabled_tests --gtest_filter='*Timing*', built with
// -O2.
#include <gtest/gtest.h>

#include <cstdio>

#include "embedded/network/lab_test.h"

namespace tutti::embedded::network {
namespace {

using namespace lab;

class Stopwatch {
  public:
    // Processor time is what it costs; wall clock also waits for the kernel's workers and for whoever else uses the
    // machine.
    template <class Work>
    void time(const char* what, int count, Work&& work) {
        const auto wall = os::Clock::now();
        const double before = processor_ms();
        for (int i = 0; i < count; ++i) work(i);
        const double used = processor_ms() - before;
        const double passed = std::chrono::duration<double, std::milli>(os::Clock::now() - wall).count();
        std::printf("%-42s %4d: %8.3f ms each of processor, %8.2f ms all; wall %8.2f ms\n", what, count, used / count,
                    used, passed);
    }

  private:
    static double processor_ms() {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    }
};

std::string id_of(int i) {
    std::string id(64, '0');
    for (std::size_t at = 63; i != 0; --at, i /= 10) id[at] = static_cast<char>('0' + i % 10);
    return id;
}

void containers(int count, bool ports) {
    Machine machine;
    Networks networks = machine.networks();
    Stopwatch watch;
    watch.time("create a network (bridge, rules)", 1, [&](int) { networks.create(named("web")); });
    std::vector<Sandbox> boxes;
    watch.time("make a sandbox (namespace, name sockets)", count, [&](int) { boxes.push_back(make_sandbox()); });
    std::vector<Attached> attached;
    watch.time(ports ? "attach, one published port" : "attach", count, [&](int i) {
        AttachSpec spec{.container = id_of(i + 1),
                        .names = {"c" + std::to_string(i), "", ""},
                        .endpoints = {{.network = "web"}},
                        .ports = {}};
        if (ports) spec.ports.push_back({.container_port = 80});
        attached.push_back(networks.attach(boxes[static_cast<std::size_t>(i)].netns, spec));
    });
    watch.time("recover, all alive", 1, [&](int) { networks.recover([](const std::string&) { return true; }); });
    watch.time("detach", count, [&](int i) { networks.detach(id_of(i + 1)); });
    boxes.clear();
    machine.wait_for_links_to_go();
    watch.time("remove the network", 1, [&](int) { networks.remove("web"); });
}

TEST(Timing, DISABLED_TwentyContainers) { containers(20, false); }
TEST(Timing, DISABLED_TwentyContainersWithPorts) { containers(20, true); }
TEST(Timing, DISABLED_FiveHundredContainers) { containers(500, false); }

TEST(Timing, DISABLED_SandboxesBesideTheirOwnNameServer) {
    std::vector<Sandbox> boxes;
    Stopwatch().time("make a sandbox with port 53 left free", 20,
                     [&](int) { boxes.push_back(make_sandbox(Names::beside_own_server)); });
}

}  // namespace
}  // namespace tutti::embedded::network
