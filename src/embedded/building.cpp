#include "embedded/building.h"

#include <unistd.h>

#include <atomic>

#include "base/digest.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/dns/files.h"
#include "embedded/wiring.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;

namespace {

std::string host_resolv_conf() { return os::read_file_if_exists("/etc/resolv.conf").value_or(""); }

// A RUN's place on the default bridge, given back when the step has ended.
struct BuildEndpoint {
    Parts& parts;
    std::string id;
    network::Sandbox sandbox;
    explicit BuildEndpoint(Parts& all) : parts(all), sandbox(network::make_sandbox(network::Names::none)) {
        static std::atomic<unsigned> counter{0};
        id = base::Digest::of(
                 cat("build ", ::getpid(), ' ', counter++, ' ', base::to_rfc3339(std::chrono::system_clock::now())))
                 .hex();
    }
    BuildEndpoint(const BuildEndpoint&) = delete;
    ~BuildEndpoint() {
        try {
            parts.networks().detach(id);
        } catch (const base::Error&) {  // a destructor's own clean-up; the next one finds what stays
        }
    }
};

build::RunNetwork host_network() {
    build::RunNetwork out;
    out.share.kind = runtime::Share::Kind::host;
    out.hosts = os::read_file_if_exists("/etc/hosts").value_or("127.0.0.1\tlocalhost\n");
    out.resolv_conf = host_resolv_conf();
    return out;
}

build::RunNetwork bridge_network(Parts& parts) {
    ensure_default_network(parts, "bridge");
    auto endpoint = std::make_shared<BuildEndpoint>(parts);
    const network::AttachSpec spec{
        .container = endpoint->id,
        .names = {.name = "buildkitsandbox", .hostname = "buildkitsandbox", .domainname = {}},
        .endpoints = {{.network = "bridge"}},
        .ports = {}};
    const network::Attached attached = parts.networks().attach(endpoint->sandbox.netns, spec);
    build::RunNetwork out;
    out.share = {.kind = runtime::Share::Kind::path,
                 .path = cat("/proc/", ::getpid(), "/fd/", endpoint->sandbox.netns.get())};
    dns::HostsFile hosts;
    hosts.hostname = "buildkitsandbox";
    for (const auto& one : attached.endpoints)
        if (one.ipv4) hosts.addresses.push_back(one.ipv4->address);
    out.hosts = dns::to_text(hosts);
    out.resolv_conf = dns::to_text(dns::conf_without_names(dns::parse_resolv_conf(host_resolv_conf()), {}, false));
    out.hold = std::move(endpoint);
    return out;
}

}  // namespace

std::unique_ptr<build::Builder> make_builder(Parts& parts) {
    build::BuilderOptions options;
    options.folder = parts.paths().root + "/build";
    options.run_folder = parts.paths().run + "/build";
    options.environment = parts.paths().environment;
    options.network = [&parts](const std::string& mode) {
        return mode == "host" ? host_network() : bridge_network(parts);
    };
    options.fetch = parts.paths().fetch;
    return std::make_unique<build::Builder>(std::move(options), parts.store(), parts.images(), parts.runtime());
}

}  // namespace tutti::embedded
