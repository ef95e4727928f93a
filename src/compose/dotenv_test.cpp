#include "compose/dotenv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace tutti::compose {
namespace {

const Environment shell{{"HOME", {"/home"}}, {"WIN", {"shell"}}};

template <class Read>
std::string with(Read read, std::string_view text) {
    Environment out;
    doc::Diagnostics diagnostics;
    read(
        text, 0, [](std::string_view name) { return find(shell, name); }, out, diagnostics);
    std::string result;
    for (const auto& [name, variable] : out) result += base::cat(name, "=", variable.value, ";");
    for (const auto& diagnostic : diagnostics.all())
        if (diagnostic.severity == doc::Severity::error)
            result += base::cat("!", diagnostic.mark.line, ":", diagnostic.mark.column, " ", diagnostic.message);
    return result;
}
std::string env(std::string_view text) { return with(read_dotenv, text); }
std::string raw(std::string_view text) { return with(read_raw_env, text); }

TEST(dotenv, reads_assignments) {
    EXPECT_EQ(env("A=1\nB = 2 \n C: 3\nexport D=4\n\texport\tE=5\nF.G-h[0]=6\n"), "A=1;B=2;C=3;D=4;E=5;F.G-h[0]=6;");
    EXPECT_EQ(env("\xEF\xBB\xBF# first\nA=1\r\n\r\n  # x\nB=a#b # c\n"), "A=1;B=a#b;");
    EXPECT_EQ(env("E= # text\nA=\nB="), "A=;B=;E=# text;");
    EXPECT_EQ(env("=v\nexportFOO=2"), "=v;exportFOO=2;");
}

TEST(dotenv, reads_quoted_values) {
    EXPECT_EQ(env("A='$HOME\\n\\''\nB=\"$HOME\\n\\t\\$HOME\\\"\"\n"), "A=$HOME\\n';B=/home\n\t$HOME\";");
    EXPECT_EQ(env("A=\"x\ny\"\nB='p\nq'"), "A=x\ny;B=p\nq;");
    EXPECT_EQ(env("A=\"x\" B=two\nC=\"x\" # c\n"), "A=x;B=two;C=x;");
    EXPECT_EQ(env("K=\"\\0123 \\060 \\x07 \\a\""), "K=S \\60 \\x07 \a;");
}

TEST(dotenv, expands_with_the_shell_first) {
    EXPECT_EQ(env("WIN=file\nA=$WIN\nB=${A}-${NONE:-d}\nC=$B"), "A=shell;B=shell-d;C=shell-d;WIN=file;");
    EXPECT_EQ(env("HOME\nNOT_SET\nA=1\n"), "A=1;HOME=/home;");
}

TEST(dotenv, reports_faults_with_their_places) {
    EXPECT_EQ(env("A=1\nlol$wut\n"), "A=1;!2:4 unexpected character \"$\" in variable name \"lol$wut\"");
    EXPECT_EQ(env("A B=1\n"), "!1:1 key cannot contain a space");
    EXPECT_EQ(env("A=1\n\nB=\"x\ny"), "A=1;!3:3 unterminated quoted value \"x");
}

TEST(raw_env, takes_lines_as_they_are) {
    EXPECT_EQ(raw("A=\"x\" # c\r\n  B=$HOME \n#c\nHOME\nNONE\n"), "A=\"x\" # c;B=$HOME ;HOME=/home;");
    EXPECT_EQ(raw("A B=1"), "!1:1 variable 'A B' contains whitespaces");
    EXPECT_EQ(raw("=1"), "!1:1 no variable name on line '=1'");
}

}  // namespace
}  // namespace tutti::compose
