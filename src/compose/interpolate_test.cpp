#include "compose/interpolate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "doc/json.h"
#include "doc/yaml.h"

namespace tutti::compose {
namespace {

const Environment environment{{"A", {"a"}}, {"EMPTY", {""}}, {"B", {"${A}"}}, {"N", {"3"}}, {"YES", {"yes"}}};
const Lookup lookup = [](std::string_view name) { return find(environment, name); };

// The result, the warnings in [] and the error in !.
std::string expand(std::string_view text) {
    doc::Diagnostics diagnostics;
    const auto result = substitute(text, lookup, {}, "here", diagnostics);
    std::string out = result.value_or("");
    for (const auto& diagnostic : diagnostics.all())
        out += diagnostic.severity == doc::Severity::error ? base::cat("!", diagnostic.message)
                                                           : base::cat("[", diagnostic.message, "]");
    return out;
}

TEST(substitute, knows_the_whole_grammar) {
    EXPECT_EQ(expand("$A-${A}-$$A-$${A}"), "a-a-$A-${A}");
    EXPECT_EQ(expand("a $ b $} c$"), "a $ b $} c$");
    EXPECT_EQ(expand("${X:-d}${X-d}${EMPTY:-d}${EMPTY-d}${A:-d}"), "ddda");
    EXPECT_EQ(expand("${A:+y}${A+y}${EMPTY:+y}${EMPTY+y}${X+y}"), "yyy");
    EXPECT_EQ(expand("${X:-${Y:-${A}b}c}d"), "abcd");
    EXPECT_EQ(expand("${X:-{\"a\":1}} and ${A}"), "{\"a\":1} and a");
    EXPECT_EQ(expand("${X:-/non:-alphanumeric}"), "/non:-alphanumeric");
    EXPECT_EQ(expand("${B}"), "${A}");  // values are not expanded again
}

TEST(substitute, is_lazy_and_warns_of_unset_variables) {
    EXPECT_EQ(expand("${A:+$A,}x"), "a,x");
    EXPECT_EQ(expand("${X:+$Y}x${A:-$Y}"), "xa");
    EXPECT_EQ(expand("$X"), "[The \"X\" variable is not set. Defaulting to a blank string.]");
    EXPECT_EQ(expand("${A?$X}"), "a");
}

TEST(substitute, reports_missing_and_invalid) {
    EXPECT_EQ(expand("${X:?why $A}"), "!error while interpolating here: required variable X is missing a value: why a");
    EXPECT_EQ(expand("${EMPTY?}"), "");
    EXPECT_THAT(expand("${EMPTY:?}"), testing::EndsWith("required variable EMPTY is missing a value"));
    for (const char* bad : {"${", "${}", "${ }", "${ foo}", "${foo }", "${foo!}", "${1}", "${A:x}"})
        EXPECT_THAT(expand(bad), testing::HasSubstr("!invalid interpolation format")) << bad;
}

std::string interpolated(std::string_view yaml) {
    doc::Diagnostics diagnostics;
    auto nodes = doc::read_yaml(yaml, 0, diagnostics);
    interpolate(nodes.at(0), lookup, diagnostics);
    std::string out = doc::write_json(nodes[0]);
    for (const auto& diagnostic : diagnostics.all())
        out += base::cat("[", diagnostic.mark.line, ":", diagnostic.mark.column, " ", diagnostic.message, "]");
    return out;
}

TEST(interpolate, casts_typed_paths_only) {
    EXPECT_EQ(
        interpolated("services: {w: {scale: $N, cpus: '0.1', tty: 'true', image: $N, ports: [{target: '${N}'}]}}"),
        R"({"services":{"w":{"scale":3,"cpus":0.1,"tty":true,"image":"3","ports":[{"target":3}]}}})");
    EXPECT_THAT(interpolated("services: {w: {tty: $YES}}"),
                testing::AllOf(testing::StartsWith(R"({"services":{"w":{"tty":true}}})"),
                               testing::HasSubstr("please use `true`")));
    EXPECT_THAT(interpolated("services: {w: {scale: x}}"),
                testing::HasSubstr("error while interpolating services.w.scale: failed to cast to expected type"));
}

TEST(interpolate, reports_all_faults_with_their_places) {
    const std::string out =
        interpolated("services:\n  w:\n    image: 'x${Y'\n    user: ${Z:?no}\n    command: [a, \"b $Q\"]\n");
    EXPECT_THAT(out, testing::HasSubstr("[3:14 invalid interpolation format for services.w.image."));
    EXPECT_THAT(out, testing::HasSubstr("[4:11 error while interpolating services.w.user: required variable Z"));
    EXPECT_THAT(out, testing::HasSubstr("[5:21 The \"Q\" variable is not set."));
}

TEST(extract_variables, finds_defaults_and_alternates) {
    doc::Diagnostics diagnostics;
    const auto nodes = doc::read_yaml("a: ${X:-d}${Y:?r}$Z${W:+${V-v}}$$N", 0, diagnostics);
    std::string out;
    for (const auto& [name, variable] : extract_variables(nodes.at(0)))
        out += base::cat(name, "=", variable.default_value, "/", variable.presence_value, variable.required ? "!" : "",
                         " ");
    EXPECT_EQ(out, "V=v/ W=/${V-v} X=d/ Y=/! Z=/ ");
}

}  // namespace
}  // namespace tutti::compose
