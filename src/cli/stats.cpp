#include <array>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress_frame.h"
#include "cli/stats_rows.h"
#include "cli/table.h"
#include "cli/target.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

std::string fixed(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f%%", value);
    return text.data();
}

std::string binary_size(double bytes) {
    constexpr std::array<const char*, 6> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g%s", bytes, units[unit]);
    return text.data();
}

double cpu_percent(const engine::Stats& before, const engine::Stats& now) {
    const auto used = static_cast<double>(now.cpu_total) - static_cast<double>(before.cpu_total);
    const auto whole = static_cast<double>(now.cpu_system) - static_cast<double>(before.cpu_system);
    return used > 0 && whole > 0 ? used / whole * now.online_cpus * 100 : 0;
}

Node row_of(const StatsSource& source, const engine::Stats* before, const engine::Stats* now, bool truncate) {
    const auto size = [](std::uint64_t bytes) { return short_size(static_cast<double>(bytes)); };
    const std::string id = truncate ? source.id.substr(0, 12) : source.id;
    Node row = Node::map();
    row.set("BlockIO", Node(now ? cat(size(now->block_read), " / ", size(now->block_write)) : std::string("-- / --")));
    row.set("CPUPerc", Node(now ? fixed(before ? cpu_percent(*before, *now) : 0) : std::string("--")));
    row.set("Container", Node(id));
    row.set("ID", Node(id));
    const double used =
        now ? static_cast<double>(now->memory_usage - std::min(now->memory_cache, now->memory_usage)) : 0;
    row.set("MemPerc", Node(now ? fixed(now->memory_limit ? used / static_cast<double>(now->memory_limit) * 100 : 0)
                                : std::string("--")));
    row.set("MemUsage", Node(now ? cat(binary_size(used), " / ", binary_size(static_cast<double>(now->memory_limit)))
                                 : std::string("-- / --")));
    row.set("Name", Node(source.name));
    row.set("NetIO", Node(now ? cat(size(now->network_rx), " / ", size(now->network_tx)) : std::string("-- / --")));
    row.set("PIDs", Node(now ? std::to_string(now->pids) : std::string("--")));
    return row;
}

const std::vector<Titles>& titles() {
    static const std::vector<Titles> all = {{"Container", "CONTAINER"},
                                            {"ID", "CONTAINER ID"},
                                            {"Name", "NAME"},
                                            {"CPUPerc", "CPU %"},
                                            {"MemUsage", "MEM USAGE / LIMIT"},
                                            {"MemPerc", "MEM %"},
                                            {"NetIO", "NET I/O"},
                                            {"BlockIO", "BLOCK I/O"},
                                            {"PIDs", "PIDS"}};
    return all;
}

constexpr std::string_view table =
    "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

int stats(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    return show_stats(arguments, session, [&] {
        std::vector<StatsSource> sources;
        for (const state::Container& container : state::list_containers(session.engine(), *name, arguments.on("all")))
            if (arguments.rest().empty() || container.service == arguments.rest()[0])
                sources.push_back({container.id(), container.name(), container.running()});
        return sources;
    });
}

constexpr Flag flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all containers (default shows just running)"},
    {.name = "format",
     .kind = FlagKind::text,
     .help = "Format output using a custom template:\n'table', 'table TEMPLATE', 'json' or 'TEMPLATE'"},
    {.name = "no-stream", .help = "Disable streaming stats and only pull the first result"},
    {.name = "no-trunc", .help = "Do not truncate output"},
};

}  // namespace

int show_stats(const Arguments& arguments, Session& session, const std::function<std::vector<StatsSource>()>& sources) {
    engine::Containers& containers = session.engine().containers();
    const bool once = arguments.on("no-stream"), truncate = !arguments.on("no-trunc");
    std::map<std::string, engine::Stats> before;
    for (bool first = true;; first = false) {
        if (!first) session.scope.sleep(std::chrono::seconds(1));
        std::vector<Node> rows;
        std::map<std::string, engine::Stats> now;
        for (const StatsSource& source : sources()) {
            try {
                if (source.running) now[source.id] = containers.stats(source.id);
            } catch (const base::Error& error) {  // it has just ended
                if (error.kind() != base::ErrorKind::not_found && error.kind() != base::ErrorKind::conflict) throw;
            }
            const auto old = before.find(source.id), current = now.find(source.id);
            rows.push_back(row_of(source, old == before.end() ? nullptr : &old->second,
                                  current == now.end() ? nullptr : &current->second, truncate));
        }
        before = std::move(now);
        if (once && first) continue;  // the use of CPU is a difference of two
        if (!once && session.out_is_terminal) session.out("\033[2J\033[H");
        print_rows(session, arguments.text("format"), std::string(table), titles(), rows);
        if (once) return 0;
    }
}

constinit const Command stats_command{
    .name = "stats",
    .usage = "stats [OPTIONS] [SERVICE]",
    .help = "Display a live stream of container(s) resource usage statistics",
    .flags = flags,
    .run = stats,
    .most = 1,
    .outside = "container stats",
};

}  // namespace tutti::cli
