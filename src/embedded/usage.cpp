#include "embedded/usage.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;

namespace {

struct ProcessInfo {
    pid_t pid = 0, parent = 0;
    std::uint64_t ticks = 0, started = 0;  // of the CPU; since boot
    std::string terminal = "?", user, command;
};

std::string user_name(uid_t uid) {
    std::array<char, 4096> buffer;
    passwd entry{}, *found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) return found->pw_name;
    return std::to_string(uid);
}

std::optional<ProcessInfo> look(pid_t pid) {
    const auto stat = os::read_file_if_exists(cat("/proc/", pid, "/stat"));
    const auto line = os::read_file_if_exists(cat("/proc/", pid, "/cmdline"));
    struct stat info {};
    if (!stat || !line || ::stat(cat("/proc/", pid).c_str(), &info) != 0) return std::nullopt;
    const auto open = stat->find('('), close = stat->rfind(')');
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    const auto fields = base::split(std::string_view(*stat).substr(close + 2), ' ');
    if (fields.size() < 20) return std::nullopt;
    ProcessInfo out;
    out.pid = pid;
    out.parent = static_cast<pid_t>(base::to_int(fields[1]).value_or(0));
    out.ticks = base::to_uint(fields[11]).value_or(0) + base::to_uint(fields[12]).value_or(0);
    out.started = base::to_uint(fields[19]).value_or(0);
    const auto terminal = base::to_int(fields[4]).value_or(0);
    if (terminal != 0) out.terminal = cat("pts/", (terminal & 0xff) | ((terminal >> 12) & 0xfff00));
    out.user = user_name(info.st_uid);
    out.command = *line;
    while (!out.command.empty() && out.command.back() == '\0') out.command.pop_back();
    for (char& c : out.command)
        if (c == '\0') c = ' ';
    if (out.command.empty()) out.command = cat('[', stat->substr(open + 1, close - open - 1), ']');
    return out;
}

std::string two(std::uint64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string start_clock(std::uint64_t started_ticks, std::uint64_t ticks_per_second) {
    timespec up{}, now{};
    ::clock_gettime(CLOCK_BOOTTIME, &up);
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::time_t at = now.tv_sec - up.tv_sec + static_cast<std::time_t>(started_ticks / ticks_per_second);
    std::tm local{};
    ::localtime_r(&at, &local);
    return cat(two(static_cast<std::uint64_t>(local.tm_hour)), ":", two(static_cast<std::uint64_t>(local.tm_min)));
}

}  // namespace

engine::ProcessTable process_table(const std::vector<pid_t>& pids, const std::vector<std::string>& ps_args) {
    if (!ps_args.empty() && ps_args != std::vector<std::string>{"-ef"})
        throw base::Error(base::ErrorKind::unsupported,
                          cat("ps options ", base::join(ps_args, " "), " are not supported"), "leave them out");
    const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    engine::ProcessTable table;
    table.titles = {"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"};
    for (const pid_t pid : pids) {
        const auto process = look(pid);
        if (!process) continue;  // it has just ended
        const auto seconds = process->ticks / per_second;
        table.rows.push_back(
            {{process->user, std::to_string(pid), std::to_string(process->parent), "0",
              start_clock(process->started, per_second), process->terminal,
              cat(two(seconds / 3600), ":", two(seconds / 60 % 60), ":", two(seconds % 60)), process->command}});
    }
    return table;
}

// All interfaces but the loopback, as the container sees them.
static void add_network(int pid, engine::Stats& out) {
    const auto text = os::read_file_if_exists(cat("/proc/", pid, "/net/dev"));
    if (!text) return;
    for (const auto line : base::split(*text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || base::trim(line.substr(0, colon)) == "lo") continue;
        std::vector<std::uint64_t> numbers;
        for (const auto word : base::split(line.substr(colon + 1), ' '))
            if (!word.empty()) numbers.push_back(base::to_uint(word).value_or(0));
        if (numbers.size() < 9) continue;
        out.network_rx += numbers[0];
        out.network_tx += numbers[8];
    }
}

static std::uint64_t machine_cpu_time() {  // nanoseconds, of all CPUs, idle too
    const auto text = os::read_file("/proc/stat");
    std::uint64_t ticks = 0;
    int fields = 0;
    for (const auto word : base::split(std::string_view(text).substr(0, text.find('\n')), ' '))
        if (const auto number = base::to_uint(word); number && fields++ < 8) ticks += *number;
    return ticks * (1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

engine::Stats usage_of(const runtime::Stats& stats, int pid) {
    engine::Stats out;
    out.read = std::chrono::system_clock::now();
    out.cpu_total = stats.cpu_total;
    out.cpu_system = machine_cpu_time();
    out.online_cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    out.memory_usage = stats.memory_usage;
    out.memory_cache = stats.memory_cache;
    const auto whole =
        static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
    out.memory_limit = stats.memory_limit == 0 || stats.memory_limit > whole ? whole : stats.memory_limit;
    out.block_read = stats.block_read;
    out.block_write = stats.block_write;
    out.pids = stats.pids;
    add_network(pid, out);
    return out;
}

}  // namespace tutti::embedded
