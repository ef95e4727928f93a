#include "embedded/system.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/list.h"

namespace tutti::embedded {

engine::EngineInfo SystemFace::info() {
    engine::EngineInfo info;
    utsname name{};
    ::uname(&name);
    info.name = "tutti";
    info.version = parts_.paths().version;
    info.os = "linux";
    info.architecture = name.machine;
    info.kernel = name.release;
    info.root_dir = parts_.paths().root;
    info.cgroup_version = os::exists("/sys/fs/cgroup/cgroup.controllers") ? "2" : "1";
    info.storage_driver = "overlay2";
    info.default_runtime = "native";
    info.runtimes = {"native"};
    info.security_options = {"name=seccomp,profile=builtin"};
    info.cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    info.memory = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE);
    for_each_container(parts_, [&](const records::Folder&, const records::Evidence& evidence) {
        ++info.containers;
        switch (records::view(evidence).state) {
            case engine::ContainerState::running: ++info.running; break;
            case engine::ContainerState::paused: ++info.paused; break;
            default: ++info.stopped; break;
        }
    });
    info.images = static_cast<int>(parts_.images().list().size());
    return info;
}

void SystemFace::events(const engine::EventOptions& options, const engine::EventSink& sink, const os::Cancel& cancel) {
    const bool past = options.since != engine::Time{};
    auto follower = past ? parts_.events().follow_from_start() : parts_.events().follow_from_end();
    if (options.ready) options.ready();
    os::Until until;
    if (options.until != engine::Time{}) {
        const auto left = options.until - std::chrono::system_clock::now();
        until = os::Clock::now() + std::chrono::duration_cast<os::Clock::duration>(left);
    }
    const auto give = [&](const engine::Event& event) {
        if (past && event.time < options.since) return true;
        if (until && event.time > options.until) return false;
        if (engine::matches(event.attributes, options.labels)) sink(event);
        return true;
    };
    follower.wait(give, cancel, until);
}

engine::LoginAnswer SystemFace::check_credentials(const engine::Credentials& credentials) {
    oci::Credentials who;
    who.user = credentials.username;
    who.password = credentials.password;
    who.identity_token = credentials.identity_token;
    return {"Login Succeeded", oci::check_login(credentials.server, who, parts_.paths().registries, os::Cancel())};
}

}  // namespace tutti::embedded
