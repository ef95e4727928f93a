#include "embedded/runtime/native/seccomp_filter.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

std::uint32_t action_of(std::string_view name, std::uint64_t value) {
    const auto low = static_cast<std::uint32_t>(value & 0xffff);
    if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
    if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(low);
    if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
    if (name == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
    if (name == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
    if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(low);
    if (name == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
    if (name == "SCMP_ACT_NOTIFY")
        throw Error(ErrorKind::unsupported, "native does not hand seccomp notifications to a listener",
                    "use an external runtime for that");
    throw Error(ErrorKind::invalid, cat("unknown seccomp action \"", name, "\""));
}

scmp_compare op_of(std::string_view name) {
    static constexpr std::pair<std::string_view, scmp_compare> ops[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                                                                        {"SCMP_CMP_LT", SCMP_CMP_LT},
                                                                        {"SCMP_CMP_LE", SCMP_CMP_LE},
                                                                        {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                                                        {"SCMP_CMP_GE", SCMP_CMP_GE},
                                                                        {"SCMP_CMP_GT", SCMP_CMP_GT},
                                                                        {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
    for (const auto& [key, value] : ops)
        if (key == name) return value;
    throw Error(ErrorKind::invalid, cat("unknown seccomp comparison \"", name, "\""));
}

std::uint32_t architecture_of(std::string_view name) {
    std::string_view word = name;
    if (word.starts_with("SCMP_ARCH_")) word.remove_prefix(10);
    const std::uint32_t token = seccomp_arch_resolve_name(base::to_lower(word).c_str());
    if (token == 0) throw Error(ErrorKind::invalid, cat("unknown seccomp architecture \"", name, "\""));
    return token;
}

void check(int result, std::string_view what) {
    if (result < 0) throw Error(ErrorKind::invalid, cat("compiling the seccomp profile: ", what), {}, -result);
}

void add_rule(scmp_filter_ctx filter, const SyscallRule& rule, std::uint32_t action, std::uint32_t fallback) {
    if (action == fallback) return;  // says nothing new
    std::vector<scmp_arg_cmp> args;
    bool repeated = false;  // conditions on the same argument are alternatives in Docker's reading
    for (const SyscallArgument& arg : rule.args) {
        if (arg.index > 5)
            throw Error(ErrorKind::invalid, cat("seccomp: there is no system call argument ", arg.index));
        for (const scmp_arg_cmp& other : args) repeated = repeated || other.arg == arg.index;
        args.push_back({static_cast<unsigned>(arg.index), op_of(arg.op), arg.value, arg.value_two});
    }
    for (const std::string& name : rule.names) {
        const int number = seccomp_syscall_resolve_name(name.c_str());
        if (number == __NR_SCMP_ERROR) continue;  // unknown to this libseccomp: the default action is what it gets
        if (!repeated) {
            check(seccomp_rule_add_array(filter, action, number, static_cast<unsigned>(args.size()), args.data()),
                  name);
            continue;
        }
        for (const scmp_arg_cmp& arg : args) check(seccomp_rule_add_array(filter, action, number, 1, &arg), name);
    }
}

std::string export_program(scmp_filter_ctx filter) {
    const os::Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file) base::throw_errno("compiling the seccomp profile");
    check(seccomp_export_bpf(filter, file.get()), "exporting");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) base::throw_errno("compiling the seccomp profile");
    return os::read_to_end(file);
}

std::uint32_t flags_of(const Seccomp& profile) {
    std::uint32_t flags = 0;
    for (const std::string& flag : profile.flags) {
        if (flag == "SECCOMP_FILTER_FLAG_LOG")
            flags |= SECCOMP_FILTER_FLAG_LOG;
        else if (flag == "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
            flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        else if (flag != "SECCOMP_FILTER_FLAG_TSYNC")  // one thread: in force anyway
            throw Error(ErrorKind::unsupported, cat("seccomp flag \"", flag, "\" is not supported"));
    }
    return flags;
}

// FNV-1a, twice with different starts: names a cache entry, guards nothing.
std::string content_name(const Seccomp& profile) {
    std::string text = cat("2|", profile.default_action, '|', profile.default_errno_return.value_or(1), '|',
                           seccomp_version()->major, '.', seccomp_version()->minor, '.', seccomp_version()->micro);
    for (const std::string& name : profile.architectures) text += cat('|', name);
    for (const SyscallRule& rule : profile.syscalls) {
        text += cat('\n', rule.action, ' ', rule.errno_return.value_or(1));
        for (const SyscallArgument& arg : rule.args) text += cat(' ', arg.index, arg.op, arg.value, ',', arg.value_two);
        for (const std::string& name : rule.names) text += cat(' ', name);
    }
    std::uint64_t a = 0xcbf29ce484222325, b = 0x9ae16a3b2f90404f;
    for (const char c : text) {
        a = (a ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        b = (b ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    unsigned char bytes[16];
    for (int i = 0; i < 8; ++i) {
        bytes[i] = static_cast<unsigned char>(a >> 8 * i);
        bytes[8 + i] = static_cast<unsigned char>(b >> 8 * i);
    }
    return base::to_hex(bytes);
}

}  // namespace

Filter compile_filter(const Seccomp& profile) {
    const std::uint32_t fallback = action_of(profile.default_action, profile.default_errno_return.value_or(EPERM));
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(fallback), seccomp_release);
    if (!filter) throw Error(ErrorKind::invalid, "compiling the seccomp profile: the default action is not possible");
    for (const std::string& name : profile.architectures) {
        const int result = seccomp_arch_add(filter.get(), architecture_of(name));
        if (result != -EEXIST) check(result, name);
    }
    check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0), "no_new_privs");
    seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree, as there are hundreds of calls
    for (const SyscallRule& rule : profile.syscalls)
        add_rule(filter.get(), rule, action_of(rule.action, rule.errno_return.value_or(EPERM)), fallback);
    return {export_program(filter.get()), flags_of(profile), {}};
}

static std::optional<std::string> read_program(const std::string& path) {
    auto program = os::read_file_if_exists(path);
    if (!program || program->empty() || program->size() % 8 != 0) return std::nullopt;
    return program;
}

Filter cached_filter(const Seccomp& profile, const std::string& cache_dir) {
    if (cache_dir.empty()) return compile_filter(profile);
    const std::string path = cat(cache_dir, "/seccomp-", content_name(profile));
    if (auto program = read_program(path)) return {std::move(*program), flags_of(profile), path};
    Filter filter = compile_filter(profile);
    os::make_folders(cache_dir);
    os::write_file(path, filter.program, 0600);
    filter.path = path;
    return filter;
}

Filter recorded_filter(const Box& box, const ProcessRecord& record, const std::string& cache_dir) {
    if (!record.has_filter) return {};
    if (!record.filter_path.empty())
        if (auto program = read_program(record.filter_path))
            return {std::move(*program), record.filter_flags, record.filter_path};
    return cached_filter(read_seccomp_record(box), cache_dir);
}

}  // namespace tutti::embedded::runtime::native
