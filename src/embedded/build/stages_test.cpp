#include "embedded/build/stages.h"

#include <gtest/gtest.h>

namespace tutti::embedded::build {
namespace {

struct Split {
    Stages stages;
    std::string faults;
};

Split split(std::string_view text, StageRequest request = {}) {
    if (request.platform.empty()) request.platform = "linux/amd64";
    doc::Diagnostics diagnostics;
    Split out;
    out.stages =
        split_stages(read_instructions(parse_dockerfile(text, 0, diagnostics), diagnostics), request, diagnostics);
    for (const auto& d : diagnostics.all()) out.faults += d.message + "\n";
    return out;
}

constexpr std::string_view three = R"(ARG V=1
FROM golang:${V} AS build
RUN go
FROM alpine AS unused
RUN x
FROM scratch
COPY --from=build /a /b
)";

TEST(Stages, OnlyWhatTheTargetNeedsIsBuilt) {
    const auto out = split(three);
    EXPECT_EQ(out.faults, "");
    EXPECT_EQ(out.stages.needed(), (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(std::get<FromImage>(out.stages.all[0].base).reference, "golang:1");
    EXPECT_TRUE(std::holds_alternative<FromScratch>(out.stages.all[2].base));
}

TEST(Stages, GlobalArgsTakeGivenValues) {
    const auto out = split(three, {.build_args = {{"V", "2"}}, .target = "BUILD"});
    EXPECT_EQ(std::get<FromImage>(out.stages.all[0].base).reference, "golang:2");
    EXPECT_EQ(out.stages.needed(), (std::vector<std::size_t>{0}));
}

TEST(Stages, ByNumberAndByMount) {
    const auto out = split("FROM a\nFROM b\nRUN --mount=from=0,target=/x y\nCOPY --from=busybox /q /q\n");
    EXPECT_EQ(out.stages.needed(), (std::vector<std::size_t>{0, 1}));
}

TEST(Stages, ANamedContextStandsForAnImage) {
    const auto out = split("FROM base\n", {.named_contexts = {"base"}});
    EXPECT_EQ(std::get<FromContext>(out.stages.all[0].base).name, "base");
}

TEST(Stages, AStageMayBeNamedAsTheImageItIsMadeFrom) {
    const auto out = split("FROM alpine AS alpine\nFROM alpine\n");
    EXPECT_TRUE(std::holds_alternative<FromImage>(out.stages.all[0].base));
    EXPECT_TRUE(std::holds_alternative<FromStage>(out.stages.all[1].base));
}

TEST(Stages, SaysWhichTargetWasMeant) {
    EXPECT_EQ(split(three, {.target = "biuld"}).faults, "target stage \"biuld\" could not be found\n");
    EXPECT_EQ(split("FROM $NOTHING\n").faults, "base name ($NOTHING) should not be blank\n");
}

}  // namespace
}  // namespace tutti::embedded::build
