#include <gtest/gtest.h>

#include "embedded/build/instructions.h"

namespace tutti::embedded::build {
namespace {

struct Read {
    Dockerfile file;
    std::vector<Step> steps;
    std::string faults;
};

Read read(std::string_view text) {
    doc::Sources sources;
    doc::Diagnostics diagnostics;
    const std::uint32_t file = sources.add("Dockerfile", std::string(text));
    Read out;
    out.file = parse_dockerfile(text, file, diagnostics);
    out.steps = read_instructions(out.file, diagnostics);
    for (const auto& d : diagnostics.all())
        out.faults += sources.to_text(d.mark) + ": " + d.message + (d.hint.empty() ? "" : " [" + d.hint + "]") + "\n";
    return out;
}

template <class T>
const T& as(const Step& step) {
    return std::get<T>(step.meaning);
}

TEST(Dockerfile, DirectivesCountOnlyAtTheVeryTop) {
    EXPECT_EQ(read("# Escape = `\n# syntax=docker/dockerfile:1\nFROM x\n").file.escape, '`');
    EXPECT_EQ(read("# a comment\n# escape=`\nFROM x\n").file.escape, '\\');
    EXPECT_EQ(read("FROM x\n# escape=`\nRUN a").file.escape, '\\');
    EXPECT_EQ(read("# escape=x\nFROM x").faults, "Dockerfile:1:1: invalid escape token 'x' does not match ` or \\\n");
}

TEST(Dockerfile, ContinuationSkipsCommentsAndBlankLines) {
    const auto out = read("FROM x\nRUN a \\\n  # not this\n\n  && b \\\n  && c\nUSER u\n");
    ASSERT_EQ(out.steps.size(), 3U);
    EXPECT_EQ(as<build::Run>(out.steps[1]).command.line, "a   && b   && c");
    EXPECT_EQ(out.steps[2].mark.line, 7U);
}

TEST(Dockerfile, AnEscapedEscapeDoesNotContinue) {
    const auto out = read("FROM x\nRUN echo a\\\\\nUSER u\n");
    ASSERT_EQ(out.steps.size(), 3U);
    EXPECT_EQ(as<build::Run>(out.steps[1]).command.line, "echo a\\\\");
}

TEST(Dockerfile, TakesCrLfAndBom) {
    const auto out = read(
        "\xEF\xBB\xBF"
        "FROM x\r\nRUN a \\\r\n b\r\n");
    ASSERT_EQ(out.steps.size(), 2U);
    EXPECT_EQ(as<build::Run>(out.steps[1]).command.line, "a  b");
}

TEST(Dockerfile, HereDocuments) {
    const auto out = read("FROM x\nRUN <<EOF cat\n a $X\nEOF\nCOPY <<-'A' <<B /d/\n\tone\n\tA\ntwo\nB\nUSER u\n");
    ASSERT_EQ(out.faults, "");
    ASSERT_EQ(out.steps.size(), 4U);
    EXPECT_EQ(as<build::Run>(out.steps[1]).heredocs.at(0).content, " a $X\n");
    const auto& copy = as<Copy>(out.steps[2]);
    ASSERT_EQ(copy.files.size(), 2U);
    EXPECT_EQ(copy.files[0].content, "one\n");
    EXPECT_FALSE(copy.files[0].expand);
    EXPECT_EQ(copy.files[1].name, "B");
    EXPECT_TRUE(copy.files[1].expand);
    EXPECT_EQ(copy.destination, "/d/");
    EXPECT_TRUE(read("FROM x\nRUN <<EOF\nno end\n").faults.starts_with("Dockerfile:3:1: unterminated heredoc"));
}

TEST(Dockerfile, ExecFormFallsBackToShellForm) {
    const auto out = read("FROM x\nCMD [\"a\", \"b c\"]\nENTRYPOINT ['a']\n");
    EXPECT_EQ(as<Cmd>(out.steps[1]).command.words, (Texts{"a", "b c"}));
    EXPECT_FALSE(as<Entrypoint>(out.steps[2]).command.exec_form);
    EXPECT_EQ(as<Entrypoint>(out.steps[2]).command.line, "['a']");
}

TEST(Instructions, EnvInBothForms) {
    const auto out = read("FROM x\nENV A=1 B=\"x y\" C=p\\ q\nENV OLD the rest  of it\n");
    EXPECT_EQ(as<Env>(out.steps[1]).values, (KeyValues{{"A", "1"}, {"B", "\"x y\""}, {"C", "p\\ q"}}));
    EXPECT_EQ(as<Env>(out.steps[2]).values, (KeyValues{{"OLD", "the rest  of it"}}));
}

TEST(Instructions, FlagsOfCopyAndRun) {
    const auto out = read(
        "FROM --platform=$BUILDPLATFORM x AS Build\nCOPY --from=build --chown=1:2 --link a \"b c\" /d\n"
        "RUN --mount=type=cache,target=/c,sharing=locked --mount=type=secret,id=k,required --network=none go\n");
    ASSERT_EQ(out.faults, "");
    EXPECT_EQ(as<From>(out.steps[0]).name, "build");
    EXPECT_TRUE(as<Copy>(out.steps[1]).link);
    EXPECT_EQ(as<Copy>(out.steps[1]).sources, (Texts{"a", "\"b c\""}));
    const auto& run = as<build::Run>(out.steps[2]);
    ASSERT_EQ(run.mounts.size(), 2U);
    EXPECT_EQ(run.mounts[0].sharing, "locked");
    EXPECT_TRUE(run.mounts[1].required);
    EXPECT_EQ(run.command.line, "go");
}

TEST(Instructions, AllFaultsAreFoundAtOnceAndWithTheirLines) {
    const auto out = read("RUN early\nFROM x\nCOPPY a b\nRUN --mont=type=bind a\nCOPY one\nWORKDIR\nEXPOSE --x=1 80\n");
    EXPECT_EQ(out.faults,
              "Dockerfile:1:1: no build stage in current context [only ARG may stand before the first FROM]\n"
              "Dockerfile:3:1: unknown instruction: COPPY [did you mean COPY?]\n"
              "Dockerfile:4:1: unknown flag: --mont [did you mean --mount?]\n"
              "Dockerfile:5:1: COPY requires at least two arguments [COPY <source>... <destination>]\n"
              "Dockerfile:6:1: WORKDIR requires at least one argument\n"
              "Dockerfile:7:1: unknown flag: --x\n");
}

TEST(Instructions, EmptyAndBinaryFilesAreRefused) {
    EXPECT_TRUE(read("").faults.find("cannot be empty") != std::string::npos);
    EXPECT_TRUE(read("# only a comment\n").faults.find("cannot be empty") != std::string::npos);
    EXPECT_TRUE(read(std::string_view("\x7f"
                                      "ELF\0\0",
                                      6))
                    .faults.find("binary") != std::string::npos);
}

TEST(Instructions, HealthChecks) {
    const auto out = read(
        "FROM x\nHEALTHCHECK --interval=5s --retries=2 CMD curl -f x\nHEALTHCHECK NONE\nHEALTHCHECK --interval=5 CMD "
        "x\n");
    EXPECT_EQ(as<HealthCheck>(out.steps[1]).interval, std::chrono::seconds(5));
    EXPECT_EQ(as<HealthCheck>(out.steps[1]).command.line, "curl -f x");
    EXPECT_TRUE(as<HealthCheck>(out.steps[2]).none);
    EXPECT_TRUE(out.faults.starts_with("Dockerfile:4:1: Interval")) << out.faults;
}

}  // namespace
}  // namespace tutti::embedded::build
