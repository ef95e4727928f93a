#include "embedded/build/stages.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "embedded/build/words.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

Lookup lookup_in(const Variables& variables) {
    return [&variables](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(std::string(name));
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

std::string expanded(std::string_view text, const Variables& variables, doc::Mark mark, doc::Diagnostics& diagnostics) {
    try {
        return expand(text, lookup_in(variables));
    } catch (const base::Error& error) {  // what a person wrote: reported with its place
        diagnostics.error(mark, cat("'", text, "': ", error.message()));
        return {};
    }
}

void read_globals(const Arg& arg, const StageRequest& request, Variables& globals, doc::Mark mark,
                  doc::Diagnostics& diagnostics) {
    for (const auto& [name, fallback] : arg.values) {
        const auto given = request.build_args.find(name);
        if (given != request.build_args.end())
            globals[name] = given->second;
        else if (fallback)
            globals[name] = expanded(*fallback, globals, mark, diagnostics);
    }
}

void note_use(const Source& source, std::vector<std::size_t>& needs) {
    if (const auto* stage = std::get_if<FromStage>(&source))
        if (std::ranges::find(needs, stage->index) == needs.end()) needs.push_back(stage->index);
}

void collect_needs(Stages& out, const StageRequest& request) {
    for (std::size_t i = 0; i < out.all.size(); ++i) {
        Stage& stage = out.all[i];
        note_use(stage.base, stage.needs);
        for (const Step& step : stage.steps) {
            if (const auto* copy = std::get_if<Copy>(&step.meaning); copy && !copy->from.empty())
                note_use(out.find(copy->from, i, request), stage.needs);
            if (const auto* run = std::get_if<Run>(&step.meaning))
                for (const auto& mount : run->mounts)
                    if (!mount.from.empty()) note_use(out.find(mount.from, i, request), stage.needs);
        }
    }
}

void choose_target(Stages& out, const StageRequest& request, doc::Diagnostics& diagnostics) {
    out.target = out.all.size() - 1;
    if (request.target.empty()) return;
    const std::string wanted = base::to_lower(request.target);
    for (std::size_t i = 0; i < out.all.size(); ++i)
        if (out.all[i].name == wanted) {
            out.target = i;
            return;
        }
    if (const auto index = base::to_uint(wanted); index && *index < out.all.size()) {
        out.target = *index;
        return;
    }
    std::vector<std::string_view> names;
    for (const auto& stage : out.all)
        if (!stage.name.empty()) names.push_back(stage.name);
    auto& error = diagnostics.error(doc::Mark{}, cat("target stage \"", request.target, "\" could not be found"));
    if (const auto near = base::did_you_mean(wanted, names)) error.with_hint(cat("did you mean ", *near, "?"));
}

}  // namespace

std::vector<std::size_t> Stages::needed() const {
    std::vector<std::size_t> out;
    std::set<std::size_t> seen;
    // Stages refer to earlier ones only, so going down from the target in order of numbers is a topological order.
    std::vector<std::size_t> open{target};
    while (!open.empty()) {
        const std::size_t next = open.back();
        open.pop_back();
        if (!seen.insert(next).second) continue;
        for (const std::size_t need : all[next].needs) open.push_back(need);
    }
    out.assign(seen.begin(), seen.end());
    return out;
}

Source Stages::find(const std::string& name, std::size_t user, const StageRequest& request) const {
    const std::string lower = base::to_lower(name);
    if (std::ranges::find(request.named_contexts, name) != request.named_contexts.end()) return FromContext{name};
    if (lower == "scratch") return FromScratch{};
    for (std::size_t i = std::min(user, all.size()); i-- > 0;)
        if (all[i].name == lower) return FromStage{i};
    if (const auto index = base::to_uint(lower); index && *index < user) return FromStage{*index};
    return FromImage{name};
}

Stages split_stages(std::vector<Step> steps, const StageRequest& request, doc::Diagnostics& diagnostics) {
    Stages out;
    out.globals = platform_args(request.platform);
    for (auto& [name, value] : out.globals)
        if (const auto given = request.build_args.find(name); given != request.build_args.end()) value = given->second;
    for (Step& step : steps) {
        if (const auto* from = std::get_if<From>(&step.meaning)) {
            Stage stage;
            stage.name = from->name;
            stage.mark = step.mark;
            stage.platform = expanded(from->platform, out.globals, step.mark, diagnostics);
            const std::string image = expanded(from->image, out.globals, step.mark, diagnostics);
            if (image.empty() && !diagnostics.failed())
                diagnostics.error(step.mark, cat("base name (", from->image, ") should not be blank"))
                    .with_hint("an ARG before the first FROM may give the variable a default");
            if (!stage.name.empty() && base::to_lower(image) == stage.name &&
                std::ranges::none_of(out.all, [&](const Stage& s) { return s.name == stage.name; }))
                stage.base = FromImage{image};
            else
                stage.base = out.find(image, out.all.size(), request);
            out.all.push_back(std::move(stage));
        } else if (out.all.empty()) {
            if (const auto* arg = std::get_if<Arg>(&step.meaning))
                read_globals(*arg, request, out.globals, step.mark, diagnostics);
        } else {
            out.all.back().steps.push_back(std::move(step));
        }
    }
    if (out.all.empty()) {
        if (!diagnostics.failed()) diagnostics.error(doc::Mark{}, "no build stage: the Dockerfile has no FROM");
        return out;
    }
    choose_target(out, request, diagnostics);
    collect_needs(out, request);
    return out;
}

Variables platform_args(const std::string& platform) {
    Variables out;
    const auto parts = base::split(platform, '/');
    for (const std::string prefix : {"TARGET", "BUILD"}) {
        out[prefix + "PLATFORM"] = platform;
        out[prefix + "OS"] = parts[0];
        out[prefix + "ARCH"] = parts.size() > 1 ? parts[1] : std::string_view();
        out[prefix + "VARIANT"] = parts.size() > 2 ? parts[2] : std::string_view();
    }
    return out;
}

bool is_predefined_arg(std::string_view name) {
    constexpr std::array<std::string_view, 10> names{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                                     "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                                     "ALL_PROXY",  "all_proxy"};
    return std::ranges::find(names, name) != names.end();
}

}  // namespace tutti::embedded::build
