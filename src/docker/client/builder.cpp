#include "docker/client/builder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

std::string find_program(const std::map<std::string, std::string>& environment, std::string_view name) {
    const auto path = environment.find("PATH");
    if (auto program = os::find_program(path == environment.end() ? "/usr/bin:/bin" : path->second, name))
        return *program;
    throw Error(ErrorKind::unsupported,
                cat("building on a Docker engine goes through `docker buildx`, and ", name, " is not installed"),
                "install it, or build with tutti's own engine: --engine embedded");
}

// Hands on what the program says, line by line, and keeps the last lines for the error.
std::string follow(os::Process& process, const os::Fd& said, const std::function<void(std::string_view)>& output,
                   const os::Cancel& cancel) {
    std::string tail;
    std::string buffer(16384, '\0');
    for (;;) {
        try {
            os::wait(said, POLLIN, cancel);
        } catch (const base::Cancelled&) {
            process.signal(SIGINT);
            throw;
        }
        const ssize_t n = ::read(said.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return tail;
        const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
        output(text);
        tail += text;
        if (tail.size() > 4096) tail.erase(0, tail.size() - 4096);
    }
}

}  // namespace

std::vector<std::string> buildx_words(const engine::BuildSpec& spec, const std::string& iid_file,
                                      std::map<std::string, std::string>& environment) {
    std::vector<std::string> words{"buildx", "build",     "--progress", spec.quiet ? "quiet" : "plain",
                                   "--load", "--iidfile", iid_file};
    const auto add = [&](std::string_view flag, const std::string& value) {
        if (!value.empty()) words.insert(words.end(), {std::string(flag), value});
    };
    const auto each = [&](std::string_view flag, const std::vector<std::string>& values) {
        for (const auto& value : values) add(flag, value);
    };
    const auto pairs = [&](std::string_view flag, const std::map<std::string, std::string>& values) {
        for (const auto& [key, value] : values) words.insert(words.end(), {std::string(flag), cat(key, '=', value)});
    };
    if (!spec.dockerfile_inline.empty())
        add("--file", "-");
    else if (!spec.dockerfile.empty() && spec.dockerfile.starts_with('/'))
        add("--file", spec.dockerfile);
    else if (!spec.dockerfile.empty())
        add("--file", base::path::join(spec.context, spec.dockerfile));
    each("--tag", spec.tags);
    pairs("--build-arg", spec.args);
    each("--build-arg", spec.inherited_args);
    pairs("--label", spec.labels);
    pairs("--build-context", spec.contexts);
    add("--target", spec.target);
    add("--network", spec.network);
    if (spec.platforms.empty())
        add("--platform", spec.platform);
    else
        add("--platform", spec.platform.empty() ? base::join(spec.platforms, ",") : spec.platform);
    each("--cache-from", spec.cache_from);
    each("--cache-to", spec.cache_to);
    each("--no-cache-filter", spec.no_cache_filter);
    each("--add-host", spec.extra_hosts);
    each("--allow", spec.entitlements);
    if (spec.privileged) add("--allow", "security.insecure");
    for (const auto& limit : spec.ulimits) add("--ulimit", cat(limit.name, '=', limit.soft, ':', limit.hard));
    if (spec.shm_size != 0) add("--shm-size", std::to_string(spec.shm_size));
    for (const auto& [id, path] : spec.ssh) add("--ssh", path.empty() ? id : cat(id, '=', path));
    for (std::size_t i = 0; i < spec.secrets.size(); ++i) {
        const auto& secret = spec.secrets[i];
        if (!secret.has_value) {
            add("--secret", cat("id=", secret.id, ",type=file,src=", secret.file));
            continue;
        }
        const std::string name = cat("TUTTI_BUILD_SECRET_", i);
        environment[name] = secret.environment_value;
        add("--secret", cat("id=", secret.id, ",type=env,env=", name));
    }
    add("--provenance", spec.provenance);
    add("--sbom", spec.sbom);
    if (spec.pull) words.emplace_back("--pull");
    if (spec.no_cache) words.emplace_back("--no-cache");
    if (spec.check_only) words.emplace_back("--check");
    words.push_back(spec.context.empty() ? "." : spec.context);
    return words;
}

std::string BuildxBuilder::build(const engine::BuildSpec& spec, base::Reporter&,
                                 const std::function<void(std::string_view)>& output, const os::Cancel& cancel) {
    const os::TempFolder folder;
    const std::string iid_file = folder.path() + "/iid";
    std::map<std::string, std::string> environment = api_.options().environment;
    os::Command command;
    command.argv = {find_program(environment, "docker")};
    const auto buildkit = environment.find("DOCKER_BUILDKIT");
    const bool classic = buildkit != environment.end() && buildkit->second == "0";
    if (classic && (spec.privileged || spec.platforms.size() > 1))
        throw Error(ErrorKind::unsupported, cat("the classic builder doesn't support ",
                                                spec.privileged ? "privileged mode" : "multi-arch build",
                                                ", set DOCKER_BUILDKIT=1 to use BuildKit"));
    environment["DOCKER_HOST"] = api_.options().host;
    for (const char* name : {"DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"})
        environment.erase(name);
    if (const auto& tls = api_.options().tls) {
        environment[tls->verify ? "DOCKER_TLS_VERIFY" : "DOCKER_TLS"] = "1";
        for (const auto& file : {tls->ca_file, tls->client_certificate, tls->client_key})
            if (!file.empty()) environment["DOCKER_CERT_PATH"] = base::path::folder(file);
    }
    for (auto& word : buildx_words(spec, iid_file, environment)) command.argv.push_back(std::move(word));
    for (const auto& [name, value] : environment) command.env.push_back(cat(name, '=', value));
    os::Pipe said = os::make_pipe();
    os::Fd dockerfile;
    if (!spec.dockerfile_inline.empty()) {
        os::write_file(folder.path() + "/Dockerfile", spec.dockerfile_inline);
        dockerfile = os::open(folder.path() + "/Dockerfile", O_RDONLY);
        command.fds.emplace_back(dockerfile.get(), 0);
    }
    command.fds.emplace_back(said.write.get(), 1);
    command.fds.emplace_back(said.write.get(), 2);
    os::Process process = os::Process::spawn(command);
    said.write.reset();
    const std::string tail = follow(process, said.read, output, cancel);
    const auto status = process.wait(cancel);
    if (!status || status->code != 0) {
        // BuildKit's own last line says what failed: "ERROR: failed to solve: …".
        const auto error = tail.rfind("ERROR: ");
        throw Error(ErrorKind::invalid, error == std::string::npos
                                            ? cat("docker buildx build failed: ", base::trim(tail))
                                            : std::string(base::trim(std::string_view(tail).substr(error + 7))));
    }
    return std::string(base::trim(os::read_file_if_exists(iid_file).value_or("")));
}

}  // namespace tutti::docker::client
