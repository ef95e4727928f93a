#include "embedded/bootstrapping.h"

#include "embedded/images/bootstrap.h"

namespace tutti::embedded {

std::string BootstrapFace::bootstrap(const engine::BootstrapSpec& spec, base::Reporter& reporter,
                                     const os::Cancel& cancel) {
    images::Bootstrap wanted;
    if (!spec.suite.empty()) wanted.suite = spec.suite;
    if (!spec.variant.empty()) wanted.variant = spec.variant;
    wanted.mirror = spec.mirror;
    wanted.components = spec.components;
    wanted.include = spec.include;
    wanted.copy = spec.copy;
    wanted.run = spec.run;
    wanted.config.entrypoint = spec.entrypoint;
    wanted.config.cmd = spec.command;
    wanted.config.env = spec.env;
    wanted.config.user = spec.user;
    wanted.config.working_dir = spec.working_dir;
    wanted.config.stop_signal = spec.stop_signal;
    wanted.config.exposed_ports = spec.exposed_ports;
    wanted.config.volumes = spec.volumes;
    wanted.config.labels = spec.labels;
    wanted.refresh = spec.refresh;
    wanted.environment = spec.environment;
    const auto name = oci::Reference::parse(spec.reference);
    os::Scope scope(cancel);
    const auto image = images::bootstrap(parts_.images(), parts_.store(), name, wanted, reporter, scope);
    const std::string id = image.id().to_text();
    records::tell(parts_.events(), "image", "tag", id, {{"name", name.familiar()}});
    return id;
}

}  // namespace tutti::embedded
