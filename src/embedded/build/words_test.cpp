#include "embedded/build/words.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::embedded::build {
namespace {

std::optional<std::string> variable(std::string_view name) {
    if (name == "PWD") return "/home";
    if (name == "EMPTY") return "";
    if (name == "V") return "foo-bar-bar";
    return std::nullopt;
}

TEST(Expand, TakesQuotesAwayAndKeepsWhatIsLiteral) {
    const std::pair<const char*, const char*> rows[] = {
        {"he'llo'", "hello"},
        {R"(he"ll"o)", "hello"},
        {R"(he\'llo)", "he'llo"},
        {R"(he"\$PWD"o)", "he$PWDo"},
        {"'$PWD'", "$PWD"},
        {R"("$PWD")", "/home"},
        {R"("a\b")", R"(a\b)"},
        {R"(a\b)", "ab"},
        {"$", "$"},
        {"a$", "a$"},
        {"$PWD/x", "/home/x"},
        {"${PWD}x", "/homex"},
        {"$UNSET", ""},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(expand(text, variable), want) << text;
}

TEST(Expand, KnowsTheModifiers) {
    const std::pair<const char*, const char*> rows[] = {
        {"${UNSET:-d}", "d"},        {"${EMPTY:-d}", "d"},
        {"${EMPTY-d}", ""},          {"${PWD:+yes}", "yes"},
        {"${UNSET:+yes}", ""},       {"${UNSET:-${PWD}}", "/home"},
        {"${V#*-}", "bar-bar"},      {"${V##*-}", "bar"},
        {"${V%-*}", "foo-bar"},      {"${V%%-*}", "foo"},
        {"${V/bar/x}", "foo-x-bar"}, {"${V//bar/x}", "foo-x-x"},
        {"${V/-*/}", "foo"},         {"${V:-a'b c'd}", "foo-bar-bar"},
        {"${UNSET:-\"q}\"}", "q}"},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(expand(text, variable), want) << text;
}

TEST(Expand, RefusesWhatIsBroken) {
    for (const char* text :
         {"${", "${}", "${:x}", "${PWD", "'open", "\"open", "${UNSET:?must be set}", "${PWD!}", "${PWD:#x}"})
        EXPECT_THROW(expand(text, variable), base::Error) << text;
}

TEST(Expand, TheEscapeCharacterCanBeChanged) { EXPECT_EQ(expand("c:\\x`$y", variable, {'`'}), "c:\\x$y"); }

TEST(ExpandWords, SplitsAfterExpansionButNotInsideQuotes) {
    const auto spaced = [](std::string_view) { return std::optional<std::string>("a b"); };
    EXPECT_EQ(expand_words("x $V 'y z' \"$V\" p\\ q", spaced),
              (std::vector<std::string>{"x", "a", "b", "y z", "a b", "p q"}));
}

TEST(ExpandWords, DeepNestingEnds) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "${X:-";
    EXPECT_THROW(expand(text, variable), base::Error);
}

}  // namespace
}  // namespace tutti::embedded::build
