#include "cli/progress_frame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace tutti::cli {
namespace {

using base::cat;
using State = base::Progress::State;

constexpr std::array<std::string_view, 10> spinner = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr std::array<std::string_view, 9> fill = {"⠀", "⡀", "⣀", "⣄", "⣤", "⣦", "⣶", "⣷", "⣿"};

struct Line {
    std::string icon, prefix, id, progress, size, status, details, timer;
    State state = State::working;

    std::size_t before_status() const {
        return 3 + visible_width(prefix) + visible_width(id) + visible_width(progress) + visible_width(size);
    }
};

class Painter {
  public:
    explicit Painter(bool colour) : colour_(colour) {}
    std::string paint(std::string_view code, std::string_view text) const {
        return colour_ && !text.empty() ? cat("\033[", code, "m", text, "\033[0m") : std::string(text);
    }
    std::string state(State state, std::string_view text) const {
        switch (state) {
            case State::done: return paint("32", text);
            case State::warning: return paint("33;1", text);
            case State::error: return paint("31;1", text);
            case State::working: break;
        }
        return std::string(text);
    }

  private:
    bool colour_;
};

std::string seconds(std::chrono::steady_clock::duration time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1fs", std::chrono::duration<double>(time).count());
    return text.data();
}

std::string padded(const std::string& text, std::size_t width, bool left) {
    const std::size_t now = visible_width(text);
    const std::string blanks(now < width ? width - now : 0, ' ');
    return left ? blanks + text : text + blanks;
}

// The layers of an image as one character each, and the sum of their sizes once all are known.
void add_children(Line& line, const Task& task, const std::vector<Task>& tasks, const Painter& painter) {
    std::int64_t current = 0, total = 0;
    bool known = true;
    std::string bar;
    for (const Task& child : tasks) {
        if (!child.parents.count(task.id)) continue;
        if (child.state == State::working && child.total == 0) known = false;
        current += child.current;
        total += child.total;
        const std::int64_t percent = child.state == State::done ? 100
                                     : child.total > 0 ? std::min<std::int64_t>(100, child.current * 100 / child.total)
                                                       : 0;
        bar += fill[static_cast<std::size_t>(percent) * (fill.size() - 1) / 100];
    }
    if (bar.empty()) return;
    line.progress = cat(" [", painter.state(State::done, bar), "]");
    if (known && total > 0)
        line.size = cat(" ", padded(human_size(static_cast<double>(current)), 7, true), " / ",
                        padded(human_size(static_cast<double>(total)), 7, false));
}

std::string cut(const std::string& text, std::size_t characters) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && characters > 0; --characters) {
        std::size_t end = i + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
        out.append(text, i, end - i);
        i = end;
    }
    return out;
}

// Details go first, then sizes, then the longest names are cut.
void fit(std::vector<Line>& lines, std::size_t timer, std::size_t width) {
    constexpr std::size_t shortest_id = 10;
    for (int rounds = 0; rounds < 100; ++rounds) {
        std::size_t before = 0, status = 0, details = 0;
        for (const Line& line : lines) {
            before = std::max(before, line.before_status());
            status = std::max(status, visible_width(line.status));
            details = std::max(details, line.details.empty() ? 0 : visible_width(line.details) + 1);
        }
        const std::size_t needed = before + 1 + status + details + 1 + timer;
        if (needed <= width) return;
        const std::size_t over = needed - width;
        const auto detailed =
            std::find_if(lines.begin(), lines.end(), [](const Line& line) { return !line.details.empty(); });
        if (detailed != lines.end()) {
            const std::size_t now = visible_width(detailed->details);
            detailed->details = now > over + 3 ? cut(detailed->details, now - over - 3) + "..." : std::string();
            continue;
        }
        const auto wide = [](const Line& a, const Line& b) { return a.before_status() < b.before_status(); };
        const auto widest = std::max_element(lines.begin(), lines.end(), wide);
        if (!widest->size.empty()) {
            widest->size.clear();
            continue;
        }
        const auto longest = std::max_element(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
            return visible_width(a.id) < visible_width(b.id);
        });
        const std::size_t now = visible_width(longest->id);
        if (now <= shortest_id) return;
        const std::size_t left = now > over + 3 ? now - over - 3 : 0;
        longest->id = cut(longest->id, std::max(left, shortest_id - 3)) + "...";
    }
}

}  // namespace

std::size_t visible_width(std::string_view text) {
    std::size_t width = 0;
    bool sequence = false;
    for (const char c : text) {
        if (c == '\033')
            sequence = true;
        else if (sequence)
            sequence = c != 'm';
        else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80)
            ++width;
    }
    return width;
}

namespace {
std::string sized(double bytes, int digits) {
    constexpr std::array<const char*, 9> units = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    std::size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < units.size(); ++unit) bytes /= 1000;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.*g%s", digits, bytes, units[unit]);
    return text.data();
}
}  // namespace

std::string human_size(double bytes) { return sized(bytes, 4); }
std::string short_size(double bytes) { return sized(bytes, 3); }

std::vector<std::string> draw_frame(const std::vector<Task>& tasks, const FrameOptions& options) {
    const Painter painter(options.colour);
    std::vector<const Task*> roots;
    std::size_t done = 0;
    for (const Task& task : tasks) {
        if (task.parents.empty()) roots.push_back(&task);
        if (task.state != State::working) ++done;
    }
    const std::size_t room = static_cast<std::size_t>(std::max(options.height - 2, 1));
    const std::size_t shown = roots.size() > room ? room - 1 : roots.size();
    std::vector<Line> lines;
    std::size_t timer = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        const Task& task = *roots[i];
        Line line;
        line.state = task.state;
        line.icon = task.state == State::working
                        ? painter.paint("33", spinner[static_cast<std::size_t>(options.spinner) % spinner.size()])
                        : painter.state(task.state, task.state == State::done      ? "✔"
                                                    : task.state == State::warning ? "!"
                                                                                   : "✘");
        if (options.dry_run) line.prefix = painter.paint("36", " DRY-RUN MODE - ");
        line.id = task.id;
        line.status = task.text;
        line.details = task.details;
        line.timer = seconds((task.state == State::working ? options.now : task.ended) - task.started);
        add_children(line, task, tasks, painter);
        timer = std::max(timer, line.timer.size());
        lines.push_back(std::move(line));
    }
    const auto width = static_cast<std::size_t>(options.width);
    fit(lines, timer, width);
    std::size_t before = 0;
    for (const Line& line : lines) before = std::max(before, line.before_status());
    std::vector<std::string> screen = {cat("[+] ", options.operation, " ", done, "/", tasks.size())};
    for (const Line& line : lines) {
        std::string text =
            cat(" ", line.icon, line.prefix, " ", line.id, line.progress, line.size,
                std::string(before - line.before_status(), ' '), " ", painter.state(line.state, line.status));
        if (!line.details.empty()) text += cat(" ", line.details);
        const std::size_t used = visible_width(text) + timer;
        text += std::string(used < width ? width - used : 1, ' ');
        screen.push_back(text + painter.paint("34", padded(line.timer, timer, true)));
    }
    if (shown < roots.size()) screen.push_back(padded(cat(" ... ", roots.size() - shown, " more"), width, false));
    return screen;
}

}  // namespace tutti::cli
