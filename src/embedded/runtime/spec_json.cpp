#include "embedded/runtime/spec_json.h"

#include <concepts>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

// Each struct names its fields once, for a reader and a writer alike: io("jsonName", member).

template <class Io>
void fields(Io& io, User& v) {
    io("uid", v.uid);
    io("gid", v.gid);
    io("umask", v.umask);
    io("additionalGids", v.additional_gids);
}
template <class Io>
void fields(Io& io, Capabilities& v) {
    io("bounding", v.bounding);
    io("effective", v.effective);
    io("inheritable", v.inheritable);
    io("permitted", v.permitted);
    io("ambient", v.ambient);
}
template <class Io>
void fields(Io& io, Rlimit& v) {
    io("type", v.type);
    io("hard", v.hard);
    io("soft", v.soft);
}
template <class Io>
void fields(Io& io, ConsoleSize& v) {
    io("height", v.height);
    io("width", v.width);
}
template <class Io>
void fields(Io& io, Scheduler& v) {
    io("policy", v.policy);
    io("nice", v.nice);
    io("priority", v.priority);
    io("flags", v.flags);
    io("runtime", v.runtime);
    io("deadline", v.deadline);
    io("period", v.period);
}
template <class Io>
void fields(Io& io, IoPriority& v) {
    io("class", v.io_class);
    io("priority", v.priority);
}
template <class Io>
void fields(Io& io, Process& v) {
    io("terminal", v.terminal);
    io("consoleSize", v.console_size);
    io("user", v.user, true);
    io("args", v.args);
    io("env", v.env);
    io("cwd", v.cwd);
    io("capabilities", v.capabilities);
    io("rlimits", v.rlimits);
    io("noNewPrivileges", v.no_new_privileges);
    io("apparmorProfile", v.apparmor_profile);
    io("selinuxLabel", v.selinux_label);
    io("oomScoreAdj", v.oom_score_adj);
    io("scheduler", v.scheduler);
    io("ioPriority", v.io_priority);
    io.refuse("execCPUAffinity");
}
template <class Io>
void fields(Io& io, Root& v) {
    io("path", v.path);
    io("readonly", v.readonly);
}
template <class Io>
void fields(Io& io, IdMap& v) {
    io("containerID", v.container, true);
    io("hostID", v.host, true);
    io("size", v.size, true);
}
template <class Io>
void fields(Io& io, Mount& v) {
    io("destination", v.destination);
    io("type", v.type);
    io("source", v.source);
    io("options", v.options);
    io("uidMappings", v.uid_mappings);
    io("gidMappings", v.gid_mappings);
}
template <class Io>
void fields(Io& io, Hook& v) {
    io("path", v.path);
    io("args", v.args);
    io("env", v.env);
    io("timeout", v.timeout);
}
template <class Io>
void fields(Io& io, Hooks& v) {
    io("prestart", v.prestart);
    io("createRuntime", v.create_runtime);
    io("createContainer", v.create_container);
    io("startContainer", v.start_container);
    io("poststart", v.poststart);
    io("poststop", v.poststop);
}
template <class Io>
void fields(Io& io, Namespace& v) {
    io("type", v.type);
    io("path", v.path);
}
template <class Io>
void fields(Io& io, Device& v) {
    io("path", v.path);
    io("type", v.type);
    io("major", v.major, true);
    io("minor", v.minor, true);
    io("fileMode", v.file_mode);
    io("uid", v.uid);
    io("gid", v.gid);
}
template <class Io>
void fields(Io& io, DeviceRule& v) {
    io("allow", v.allow, true);
    io("type", v.type);
    io("major", v.major);
    io("minor", v.minor);
    io("access", v.access);
}
template <class Io>
void fields(Io& io, MemoryResources& v) {
    io("limit", v.limit);
    io("reservation", v.reservation);
    io("swap", v.swap);
    io("kernel", v.kernel);
    io("kernelTCP", v.kernel_tcp);
    io("swappiness", v.swappiness);
    io("disableOOMKiller", v.disable_oom_killer);
    io("useHierarchy", v.use_hierarchy);
    io("checkBeforeUpdate", v.check_before_update);
}
template <class Io>
void fields(Io& io, CpuResources& v) {
    io("shares", v.shares);
    io("quota", v.quota);
    io("burst", v.burst);
    io("period", v.period);
    io("realtimeRuntime", v.realtime_runtime);
    io("realtimePeriod", v.realtime_period);
    io("cpus", v.cpus);
    io("mems", v.mems);
    io("idle", v.idle);
}
template <class Io>
void fields(Io& io, WeightDevice& v) {
    io("major", v.major, true);
    io("minor", v.minor, true);
    io("weight", v.weight);
    io("leafWeight", v.leaf_weight);
}
template <class Io>
void fields(Io& io, ThrottleDevice& v) {
    io("major", v.major, true);
    io("minor", v.minor, true);
    io("rate", v.rate, true);
}
template <class Io>
void fields(Io& io, BlockIoResources& v) {
    io("weight", v.weight);
    io("leafWeight", v.leaf_weight);
    io("weightDevice", v.weight_device);
    io("throttleReadBpsDevice", v.read_bps);
    io("throttleWriteBpsDevice", v.write_bps);
    io("throttleReadIOPSDevice", v.read_iops);
    io("throttleWriteIOPSDevice", v.write_iops);
}
template <class Io>
void fields(Io& io, HugepageLimit& v) {
    io("pageSize", v.page_size);
    io("limit", v.limit, true);
}
template <class Io>
void fields(Io& io, Resources& v) {
    io("devices", v.devices);
    io("memory", v.memory);
    io("cpu", v.cpu);
    io.nested("pids", "limit", v.pids_limit);
    io("blockIO", v.block_io);
    io("hugepageLimits", v.hugepage_limits);
    io.refuse("network");
    io.refuse("rdma");
    io("unified", v.unified);
}
template <class Io>
void fields(Io& io, SyscallArgument& v) {
    io("index", v.index, true);
    io("value", v.value, true);
    io("valueTwo", v.value_two);
    io("op", v.op);
}
template <class Io>
void fields(Io& io, SyscallRule& v) {
    io("names", v.names);
    io("action", v.action);
    io("errnoRet", v.errno_return);
    io("args", v.args);
}
template <class Io>
void fields(Io& io, Seccomp& v) {
    io("defaultAction", v.default_action);
    io("defaultErrnoRet", v.default_errno_return);
    io("architectures", v.architectures);
    io("flags", v.flags);
    io("listenerPath", v.listener_path);
    io("listenerMetadata", v.listener_metadata);
    io("syscalls", v.syscalls);
}
template <class Io>
void fields(Io& io, TimeOffset& v) {
    io("secs", v.seconds);
    io("nanosecs", v.nanoseconds);
}
template <class Io>
void fields(Io& io, Personality& v) {
    io("domain", v.domain);
    io("flags", v.flags);
}
template <class Io>
void fields(Io& io, Linux& v) {
    io("uidMappings", v.uid_mappings);
    io("gidMappings", v.gid_mappings);
    io("sysctl", v.sysctl);
    io("resources", v.resources);
    io("cgroupsPath", v.cgroups_path);
    io("namespaces", v.namespaces);
    io("devices", v.devices);
    io("seccomp", v.seccomp);
    io("rootfsPropagation", v.rootfs_propagation);
    io("maskedPaths", v.masked_paths);
    io("readonlyPaths", v.readonly_paths);
    io("mountLabel", v.mount_label);
    io("personality", v.personality);
    io("timeOffsets", v.time_offsets);
    io.refuse("intelRdt");
    io.refuse("netDevices");
    io.refuse("memoryPolicy");
}
template <class Io>
void fields(Io& io, Spec& v) {
    io("ociVersion", v.oci_version);
    io("process", v.process);
    io("root", v.root, true);
    io("hostname", v.hostname);
    io("domainname", v.domainname);
    io("mounts", v.mounts);
    io("hooks", v.hooks);
    io("annotations", v.annotations);
    io("linux", v.linux_, true);
    io.refuse("windows");
    io.refuse("solaris");
    io.refuse("vm");
    io.refuse("zos");
    io.refuse("freebsd");
}

class Reader {
  public:
    Reader(const Node& node, std::string path) : node_(node), path_(std::move(path)) {
        if (!node.is_map()) refuse_kind("an object");
    }

    template <class T>
    void operator()(std::string_view name, T& out, bool = false) {
        const Node* found = node_.find(name);
        if (found && !found->is_null()) read(*found, at(name), out);
    }
    template <class T>
    void nested(std::string_view outer, std::string_view inner, T& out) {
        const Node* found = node_.find(outer);
        if (!found || found->is_null()) return;
        Reader below(*found, at(outer));
        below(inner, out);
    }
    void refuse(std::string_view name) {
        const Node* found = node_.find(name);
        if (found && !found->is_null()) throw Error(ErrorKind::unsupported, cat(at(name), " is not supported"));
    }

  private:
    std::string at(std::string_view name) const { return path_.empty() ? std::string(name) : cat(path_, '.', name); }
    [[noreturn]] void refuse_kind(std::string_view needed) const {
        throw Error(ErrorKind::invalid,
                    cat(path_.empty() ? "the spec" : path_, ": ", needed, " is needed, found ", to_text(node_.kind())));
    }
    [[noreturn]] static void wrong(const Node& node, const std::string& path, std::string_view needed) {
        throw Error(ErrorKind::invalid, cat(path, ": ", needed, " is needed, found ", to_text(node.kind())));
    }

    static void read(const Node& node, const std::string& path, std::string& out) {
        if (!node.is_text()) wrong(node, path, "a string");
        if (node.as_text().find('\0') != std::string::npos) throw Error(ErrorKind::invalid, cat(path, ": a zero byte"));
        out = node.as_text();
    }
    static void read(const Node& node, const std::string& path, bool& out) {
        if (!node.is_bool()) wrong(node, path, "true or false");
        out = node.as_bool();
    }
    template <std::integral N>
    requires(!std::same_as<N, bool>) static void read(const Node& node, const std::string& path, N& out) {
        if (node.is_real() && std::same_as<N, std::uint64_t> && node.as_real() >= 9223372036854775808.0 &&
            node.as_real() <= 18446744073709551616.0) {  // above 2^63 a number arrives as a real
            out = node.as_real() >= 18446744073709551615.0 ? std::numeric_limits<N>::max()
                                                           : static_cast<N>(node.as_real());
            return;
        }
        if (!node.is_int()) wrong(node, path, "an integer");
        if (!std::in_range<N>(node.as_int()))
            throw Error(ErrorKind::invalid, cat(path, ": ", node.as_int(), " is out of range"));
        out = static_cast<N>(node.as_int());
    }
    template <class T>
    static void read(const Node& node, const std::string& path, std::optional<T>& out) {
        T value{};
        read(node, path, value);
        out = std::move(value);
    }
    template <class T>
    static void read(const Node& node, const std::string& path, std::vector<T>& out) {
        if (!node.is_list()) wrong(node, path, "an array");
        for (std::size_t i = 0; i < node.items().size(); ++i) {
            T value{};
            read(node.items()[i], cat(path, '[', i, ']'), value);
            out.push_back(std::move(value));
        }
    }
    template <class T>
    static void read(const Node& node, const std::string& path, std::map<std::string, T>& out) {
        if (!node.is_map()) wrong(node, path, "an object");
        for (const doc::Entry& entry : node.entries()) read(entry.value, cat(path, '.', entry.key), out[entry.key]);
    }
    template <class T>
    requires std::is_class_v<T>
    static void read(const Node& node, const std::string& path, T& out) {
        Reader below(node, path);
        fields(below, out);
    }

    const Node& node_;
    std::string path_;
};

class Writer {
  public:
    // What is empty is left out, unless `always`.
    template <class T>
    void operator()(std::string_view name, T& value, bool always = false) {
        if (!always && value == T{}) return;
        out.set(name, write(value));
    }
    template <class T>
    void nested(std::string_view outer, std::string_view inner, T& value) {
        if (value == T{}) return;
        Writer below;
        below(inner, value);
        out.set(outer, std::move(below.out));
    }
    void refuse(std::string_view) {}

    Node out = Node::map();

  private:
    static Node write(std::string& value) { return Node(value); }
    static Node write(bool value) { return Node(value); }
    template <std::integral N>
    requires(!std::same_as<N, bool>) static Node write(N value) {
        if (std::in_range<std::int64_t>(value)) return Node(static_cast<std::int64_t>(value));
        return Node(static_cast<double>(value));
    }
    template <class T>
    static Node write(std::optional<T>& value) {
        return write(*value);
    }
    template <class T>
    static Node write(std::vector<T>& values) {
        Node list = Node::list();
        for (T& value : values) list.push(write(value));
        return list;
    }
    template <class T>
    static Node write(std::map<std::string, T>& values) {
        Node map = Node::map();
        for (auto& [key, value] : values) map.set(key, write(value));
        return map;
    }
    template <class T>
    requires std::is_class_v<T>
    static Node write(T& value) {
        Writer below;
        fields(below, value);
        return std::move(below.out);
    }
};

template <class T>
T read_value(const Node& node, std::string path) {
    T out;
    Reader reader(node, std::move(path));
    fields(reader, out);
    return out;
}

template <class T>
Node write_value(T value) {
    Writer writer;
    fields(writer, value);
    return std::move(writer.out);
}

}  // namespace

Spec read_spec(const Node& node) {
    const Spec out = read_value<Spec>(node, {});
    if (!out.oci_version.starts_with("1."))
        throw Error(ErrorKind::unsupported, cat("ociVersion \"", out.oci_version, "\" is not 1.x"));
    return out;
}
Process read_process(const Node& node) { return read_value<Process>(node, "process"); }
Resources read_resources(const Node& node) { return read_value<Resources>(node, "resources"); }
Seccomp read_seccomp(const Node& node) { return read_value<Seccomp>(node, "seccomp"); }
Node write_spec(const Spec& spec) { return write_value(spec); }
Node write_process(const Process& process) { return write_value(process); }
Node write_seccomp(const Seccomp& seccomp) { return write_value(seccomp); }
Node write_resources(const Resources& resources) { return write_value(resources); }

}  // namespace tutti::embedded::runtime
