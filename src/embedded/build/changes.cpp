#include "embedded/build/changes.h"

#include "base/error.h"
#include "base/text.h"
#include "doc/diagnostics.h"
#include "embedded/build/state.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// Sources' names and marks mean nothing to who typed one line: the message alone is told.
std::string first_fault(const doc::Diagnostics& diagnostics, const doc::Sources& sources) {
    return std::string(base::split(base::trim(doc::to_text(diagnostics, sources)), '\n')[0]);
}

bool is_allowed(const Step& step) {
    return !std::holds_alternative<From>(step.meaning) && !std::holds_alternative<Run>(step.meaning) &&
           !std::holds_alternative<Copy>(step.meaning) && !std::holds_alternative<Arg>(step.meaning) &&
           !std::holds_alternative<Shell>(step.meaning) && !std::holds_alternative<Maintainer>(step.meaning);
}

std::vector<Step> steps_of(const std::string& change) {
    doc::Sources sources;
    doc::Diagnostics diagnostics;
    const std::string text = cat("FROM scratch\n", change);  // an instruction stands in a stage
    const Dockerfile parsed = parse_dockerfile(text, sources.add("change", text), diagnostics);
    std::vector<Step> steps;
    if (!diagnostics.failed()) steps = read_instructions(parsed, diagnostics);
    if (diagnostics.failed()) throw Error(ErrorKind::invalid, cat(first_fault(diagnostics, sources), ": ", change));
    steps.erase(steps.begin());
    return steps;
}

}  // namespace

void apply_changes(const std::vector<std::string>& changes, oci::ImageConfig& config) {
    StageState state;
    state.config = std::move(config);
    const auto history = state.config.history;
    const Variables none;
    for (const std::string& change : changes)
        for (const Step& step : steps_of(change)) {
            if (!is_allowed(step))
                throw Error(ErrorKind::invalid, cat("--change cannot do this: ", step.original),
                            "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or "
                            "WORKDIR");
            if (const auto* workdir = std::get_if<Workdir>(&step.meaning))
                state.config.run.working_dir = next_workdir(state, state.expanded(workdir->path));
            else
                apply(step, state, {none, none, state.config.created});
        }
    state.config.history = history;
    config = std::move(state.config);
}

}  // namespace tutti::embedded::build
