// The stages of a Dockerfile, what each builds on, and which of them a target needs.
// Made from the instructions; used by the builder, which runs independent stages side by side. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "embedded/build/instructions.h"

namespace tutti::embedded::build {

using Variables = std::map<std::string, std::string>;

// What a name after FROM, COPY --from or --mount=from= means.
struct FromStage {
    std::size_t index;
};
struct FromImage {
    std::string reference;  // as written, expanded
};
struct FromContext {  // a named context of the build (additional_contexts, --build-context)
    std::string name;
};
struct FromScratch {};
using Source = std::variant<FromStage, FromImage, FromContext, FromScratch>;

struct Stage {
    std::string name;  // after AS, or empty
    Source base;
    std::string platform;  // expanded; empty: the build's
    std::vector<Step> steps;
    std::vector<std::size_t> needs;  // stages, in order, each once
    doc::Mark mark;
};

struct StageRequest {
    Variables build_args;                     // --build-arg
    std::string target;                       // name or index; empty: the last
    std::vector<std::string> named_contexts;  // names that stand for contexts instead of images or stages
    std::string platform;                     // of this build: "linux/amd64"
};

struct Stages {
    Variables globals;  // ARGs before the first FROM, with their values
    std::vector<Stage> all;
    std::size_t target = 0;

    // The target and all below it, prerequisites first.
    std::vector<std::size_t> needed() const;
    // What `name` means inside stage `user`: an earlier stage by name or number, a named context, else an image.
    Source find(const std::string& name, std::size_t user, const StageRequest& request) const;
};

// Throws nothing: an unknown target, a stage that refers to itself or to a later one, a bad variable are located
// errors.
Stages split_stages(std::vector<Step> steps, const StageRequest& request, doc::Diagnostics& diagnostics);

// TARGETPLATFORM, BUILDARCH …: ARGs that are there without being given (Dockerfile reference, "Automatic platform
// ARGs").
Variables platform_args(const std::string& platform);
// HTTP_PROXY and the like: may be given without being declared and take no part in the cache key.
bool is_predefined_arg(std::string_view name);

}  // namespace tutti::embedded::build
