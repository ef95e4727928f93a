#include "compose/interpolate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "base/text.h"
#include "compose/path_table.h"
#include "compose/template.h"

namespace tutti::compose {

namespace {

enum class Cast { integer, real, real32, boolean };

// The only places whose texts become numbers or booleans after interpolation.
const PathTable<Cast>& casts() {
    static const PathTable<Cast> table{
        {"services.*.cpu_count", Cast::integer},
        {"services.*.cpu_percent", Cast::real},
        {"services.*.cpu_period", Cast::integer},
        {"services.*.cpu_quota", Cast::integer},
        {"services.*.cpu_rt_period", Cast::integer},
        {"services.*.cpu_rt_runtime", Cast::integer},
        {"services.*.cpus", Cast::real32},
        {"services.*.cpu_shares", Cast::integer},
        {"services.*.init", Cast::boolean},
        {"services.*.depends_on.*.required", Cast::boolean},
        {"services.*.depends_on.*.restart", Cast::boolean},
        {"services.*.deploy.replicas", Cast::integer},
        {"services.*.deploy.update_config.parallelism", Cast::integer},
        {"services.*.deploy.update_config.max_failure_ratio", Cast::real},
        {"services.*.deploy.rollback_config.parallelism", Cast::integer},
        {"services.*.deploy.rollback_config.max_failure_ratio", Cast::real},
        {"services.*.deploy.restart_policy.max_attempts", Cast::integer},
        {"services.*.deploy.placement.max_replicas_per_node", Cast::integer},
        {"services.*.healthcheck.retries", Cast::integer},
        {"services.*.healthcheck.disable", Cast::boolean},
        {"services.*.oom_kill_disable", Cast::boolean},
        {"services.*.oom_score_adj", Cast::integer},
        {"services.*.pids_limit", Cast::integer},
        {"services.*.ports.[].target", Cast::integer},
        {"services.*.privileged", Cast::boolean},
        {"services.*.read_only", Cast::boolean},
        {"services.*.scale", Cast::integer},
        {"services.*.stdin_open", Cast::boolean},
        {"services.*.tty", Cast::boolean},
        {"services.*.ulimits.*", Cast::integer},
        {"services.*.ulimits.*.hard", Cast::integer},
        {"services.*.ulimits.*.soft", Cast::integer},
        {"services.*.volumes.[].read_only", Cast::boolean},
        {"services.*.volumes.[].volume.nocopy", Cast::boolean},
        {"networks.*.external", Cast::boolean},
        {"networks.*.internal", Cast::boolean},
        {"networks.*.attachable", Cast::boolean},
        {"networks.*.enable_ipv4", Cast::boolean},
        {"networks.*.enable_ipv6", Cast::boolean},
        {"volumes.*.external", Cast::boolean},
        {"secrets.*.external", Cast::boolean},
        {"configs.*.external", Cast::boolean},
    };
    return table;
}

std::optional<double> to_double(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const bool negative = text.starts_with('-');
    const std::string_view digits = text.substr(negative ? 1 : 0);
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) text = digits.substr(2);
    const auto format = hex ? std::chars_format::hex : std::chars_format::general;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
    if (hex && negative) value = -value;
    const bool finite = value - value == 0;
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || !finite) return std::nullopt;
    return value;
}

// The number that prints as the nearest 32-bit number does.
double as_32_bit(double value) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.begin(), buffer.end(), static_cast<float>(value)).ptr;
    return to_double({buffer.data(), end}).value_or(value);
}

std::string describe(const UsedVariable& used) {
    if (!used.variable) return base::cat(used.name, ", which is not set");
    switch (used.variable->source) {
        case Variable::Source::shell: return base::cat(used.name, " of the shell");
        case Variable::Source::env_file: return used.name;
        case Variable::Source::flag: return base::cat(used.name, " of the command line");
        case Variable::Source::computed: return used.name;
    }
    return used.name;
}

// The place of a piece of a scalar, as far as the scalar's own place tells it.
doc::Mark place_in(const doc::Node& node, std::string_view text, std::string_view piece) {
    doc::Mark mark = node.mark();
    if (!mark || piece.data() < text.data() || piece.data() > text.data() + text.size()) return mark;
    const std::string_view before = text.substr(0, static_cast<std::size_t>(piece.data() - text.data()));
    if (node.style() == doc::Style::literal) {
        const auto lines = static_cast<std::size_t>(std::ranges::count(before, '\n'));
        return {mark.line + 1 + lines, 0, mark.file};
    }
    if (node.style() == doc::Style::folded || text.find('\n') != std::string_view::npos) return mark;
    const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    const bool quoted = node.style() == doc::Style::single_quoted || node.style() == doc::Style::double_quoted;
    const auto characters = static_cast<std::size_t>(std::ranges::count_if(before, starts));
    return {mark.line, mark.column + characters + (quoted ? 1 : 0), mark.file};
}

doc::Diagnostic& warn_unset(doc::Diagnostics& diagnostics, doc::Mark mark, std::string_view name,
                            std::string_view where) {
    return diagnostics.warning(mark, base::cat("The \"", name, "\" variable is not set. Defaulting to a blank string."))
        .with_width(where.size())
        .with_hint(base::cat("set it, write ${", name, ":-default}, or double the dollar: $", where));
}

void report(doc::Diagnostics& diagnostics, const TemplateFault& fault, doc::Mark mark, std::string_view path) {
    if (!fault.invalid) {
        diagnostics.error(mark, base::cat("error while interpolating ", path, ": ", fault.message))
            .with_width(fault.where.size());
        return;
    }
    diagnostics
        .error(mark, base::cat("invalid interpolation format for ", path,
                               ".\nYou may need to escape any $ with another $.\n", fault.message))
        .with_hint("a dollar that is meant as such is written $$");
}

class Walk {
  public:
    Walk(const Lookup& lookup, doc::Diagnostics& diagnostics) : lookup_(lookup), diagnostics_(diagnostics) {}

    void node(doc::Node& node, PathTable<Cast>::Place place) {
        if (node.is_map()) {
            for (doc::Entry& entry : node.entries()) {
                path_.push_back(entry.key);
                this->node(entry.value, place.down(entry.key));
                path_.pop_back();
            }
        } else if (node.is_list()) {
            path_.push_back("[]");
            for (doc::Node& item : node.items()) this->node(item, place.down("[]"));
            path_.pop_back();
        } else if (node.is_text() && node.tag() != doc::Tag::timestamp) {
            if (node.as_text().find('$') != std::string::npos && !expand(node)) return;
            if (const Cast* wanted = place.rule()) cast(node, *wanted);
        }
    }

  private:
    std::string path() const {
        std::string out;
        for (const std::string_view part : path_) out += base::cat(out.empty() ? "" : ".", part);
        return out;
    }

    bool expand(doc::Node& node) {
        const std::string& text = node.as_text();
        Template work(lookup_, [&](std::string_view name, std::string_view where) {
            warn_unset(diagnostics_, place_in(node, text, where), name, where);
        });
        std::string value = work.substitute(text);
        if (work.fault()) {
            report(diagnostics_, *work.fault(), place_in(node, text, work.fault()->where), path());
            return false;
        }
        set(node, doc::Node(std::move(value)));
        for (const UsedVariable& used : work.used())
            node.set_origin(
                doc::OriginRef({doc::Origin::How::interpolated, used.variable ? used.variable->mark : doc::Mark(),
                                describe(used), node.origin()}));
        return true;
    }

    // The value alone changes.
    static void set(doc::Node& node, doc::Node value) {
        value.set_mark(node.mark());
        value.set_style(node.style());
        value.set_tag(node.tag());
        value.set_origin(node.origin());
        node = std::move(value);
    }

    void cast(doc::Node& node, Cast cast) {
        const std::string text = node.as_text();
        const auto fail = [&](std::string_view wanted) {
            diagnostics_.error(node, base::cat("error while interpolating ", path(),
                                               ": failed to cast to expected type: invalid ", wanted, ": ", text));
        };
        switch (cast) {
            case Cast::integer: {
                const auto number = base::to_int(text.starts_with('+') ? std::string_view(text).substr(1) : text);
                if (!number || text.starts_with("+-")) return fail("number");
                return set(node, doc::Node(*number));
            }
            case Cast::real:
            case Cast::real32: {
                const auto number = to_double(text);
                if (!number) return fail("number");
                return set(node, doc::Node(cast == Cast::real ? *number : as_32_bit(*number)));
            }
            case Cast::boolean: break;
        }
        const std::string word = base::to_lower(text);
        const bool yes = word == "y" || word == "yes" || word == "on";
        const bool no = word == "n" || word == "no" || word == "off";
        if (yes || no)
            diagnostics_.warning(node,
                                 base::cat("\"", text, "\" for boolean is not supported by YAML 1.2, please use `",
                                           yes ? "true" : "false", "`"));
        if (yes || no || word == "true" || word == "false") return set(node, doc::Node(yes || word == "true"));
        fail("boolean");
    }

    const Lookup& lookup_;
    doc::Diagnostics& diagnostics_;
    std::vector<std::string_view> path_;
};

}  // namespace

bool interpolate(doc::Node& root, const Lookup& lookup, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    Walk(lookup, diagnostics).node(root, casts().root());
    return diagnostics.errors() == before;
}

std::optional<std::string> substitute(std::string_view text, const Lookup& lookup, doc::Mark mark,
                                      std::string_view path, doc::Diagnostics& diagnostics) {
    Template work(lookup,
                  [&](std::string_view name, std::string_view where) { warn_unset(diagnostics, mark, name, where); });
    std::string value = work.substitute(text);
    if (!work.fault()) return value;
    report(diagnostics, *work.fault(), mark, path);
    return std::nullopt;
}

}  // namespace tutti::compose
