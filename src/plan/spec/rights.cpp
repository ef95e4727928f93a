// Namespaces, capabilities, security options and the rest of what a container may do.
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

std::string profile_path(const model::Project& project, std::string path, const Options& options) {
    if (path.starts_with('~')) path = options.home + path.substr(1);
    return path.starts_with('/') ? path : cat(project.working_dir, "/", path);
}

// "seccomp=FILE" carries the file's content; everything else stays as written.
std::string security_option(const model::Project& project, const std::string& option, const Options& options) {
    if (option == "systempaths=unconfined" || option == "no-new-privileges") return option;
    const auto separator = option.find('=') != std::string::npos ? option.find('=') : option.find(':');
    if (separator == std::string::npos) throw Error(ErrorKind::invalid, cat("invalid security-opt: \"", option, "\""));
    const std::string key = option.substr(0, separator), value = option.substr(separator + 1);
    if (key != "seccomp" || value == "unconfined" || value == "builtin" || !options.files) return option;
    return base::in_context(cat("opening seccomp profile (", value, ") failed"), [&] {
        return cat("seccomp=", options.files->read(profile_path(project, value, options)));
    });
}

}  // namespace

void add_rights(const model::Project& project, const model::Service& service, const Options& options,
                engine::ContainerSpec& spec) {
    spec.privileged = service.privileged;
    spec.cap_add = service.cap_add;
    spec.cap_drop = service.cap_drop;
    spec.group_add = service.group_add;
    spec.device_cgroup_rules = service.device_cgroup_rules;
    for (const std::string& option : service.security_opt)
        spec.security_opt.push_back(security_option(project, option, options));
    spec.sysctls.insert(service.sysctls.begin(), service.sysctls.end());
    spec.storage_opt.insert(service.storage_opt.begin(), service.storage_opt.end());
    spec.cgroup_mode = service.cgroup;
    spec.cgroup_parent = service.cgroup_parent;
    spec.ipc_mode = service.ipc;
    spec.pid_mode = service.pid;
    spec.uts_mode = service.uts;
    spec.userns_mode = service.userns_mode;
    spec.runtime = service.runtime;
    spec.isolation = service.isolation;
    spec.read_only = service.read_only;
    spec.shm_size = service.shm_size.count;
}

}  // namespace tutti::plan::spec
