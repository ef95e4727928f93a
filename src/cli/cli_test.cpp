#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/session.h"

namespace tutti::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::vector<std::string>& argv) {
    try {
        parse(argv);
    } catch (const base::Error& error) { return error.message(); }
    return "accepted";
}

TEST(parse, takes_flags_in_all_spellings) {
    const std::vector<std::string> argv{"-fa.yaml", "--file=b.yaml", "-p",   "shop", "--profile",
                                        "x",        "config",        "-qo",  "out",  "--no-normalize=false",
                                        "web",      "--format",      "json", "--",   "-x"};
    const Arguments arguments = parse(argv);
    EXPECT_THAT(arguments.texts("file"), ElementsAre("a.yaml", "b.yaml"));
    EXPECT_EQ(arguments.text("project-name"), "shop");
    EXPECT_TRUE(arguments.on("quiet"));
    EXPECT_EQ(arguments.text("output"), "out");
    EXPECT_FALSE(arguments.on("no-normalize"));
    EXPECT_TRUE(arguments.given("no-normalize"));
    EXPECT_EQ(arguments.text("format"), "json");
    EXPECT_THAT(arguments.rest(), ElementsAre("web", "-x"));
    EXPECT_EQ(arguments.number("parallel"), -1);
}

TEST(parse, refuses_with_the_words_of_pflag) {
    EXPECT_EQ(refusal({"config", "--bogus"}), "unknown flag: --bogus");
    EXPECT_EQ(refusal({"config", "--file", "x"}), "unknown flag: --file");
    EXPECT_EQ(refusal({"config", "-Z"}), "unknown shorthand flag: 'Z' in -Z");
    EXPECT_EQ(refusal({"config", "--format"}), "flag needs an argument: --format");
    EXPECT_EQ(refusal({"-f"}), "flag needs an argument: 'f' in -f");
    EXPECT_EQ(
        refusal({"config", "-q=maybe"}),
        "invalid argument \"maybe\" for \"-q, --quiet\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax");
    EXPECT_EQ(refusal({"--parallel", "x", "config"}),
              "invalid argument \"x\" for \"--parallel\" flag: strconv.ParseInt: parsing \"x\": invalid syntax");
    EXPECT_EQ(refusal({"version", "x"}), "unknown command \"x\" for \"docker compose version\"");
}

struct Outcome {
    int status = 0;
    std::string out, err;
};

Outcome run_on(const std::map<std::string, std::string>& files, const std::vector<std::string>& argv,
               std::map<std::string, std::string> environment = {}) {
    base::FilesInMemory memory;
    memory.files = files;
    Outcome outcome;
    Session session{.environment = std::move(environment), .folder = "/shop", .files = memory};
    session.version = "1";
    session.out = [&](std::string_view text) { outcome.out += text; };
    session.err = [&](std::string_view text) { outcome.err += text; };
    outcome.status = run(argv, session);
    return outcome;
}

TEST(help, of_a_command_a_noun_or_the_program) {
    EXPECT_THAT(run_on({}, {"help", "up"}).out, HasSubstr("Usage:  tutti up [OPTIONS]"));
    EXPECT_THAT(run_on({}, {"help", "image"}).out, HasSubstr("Usage:  tutti image COMMAND"));
    EXPECT_THAT(run_on({}, {"help"}).out, HasSubstr("Usage:  tutti [OPTIONS] COMMAND"));
    EXPECT_THAT(run_on({}, {"docker", "help", "ps"}).out, HasSubstr("container ls, container list"));
    EXPECT_EQ(run_on({}, {"frobnicate"}).status, 1);
}

const std::map<std::string, std::string> shop{
    {"/shop/compose.yaml", "services:\n  web:\n    image: nginx:${TAG:-1}\n    environment:\n      DB: ${DB}\n"},
    {"/shop/.env", "# ours\nDB=postgres\n"}};

TEST(config, prints_the_model_and_doubles_dollars) {
    const Outcome outcome = run_on(shop, {"config"}, {{"TAG", "a$b"}});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(
        outcome.out,
        "name: shop\nservices:\n  web:\n    environment:\n      DB: postgres\n    image: nginx:a$$b\n    networks:\n"
        "      default: null\nnetworks:\n  default:\n    name: shop_default\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(run_on(shop, {"config", "-q"}).out, "");
    EXPECT_EQ(run_on(shop, {"config", "--services"}).out, "web\n");
}

TEST(config, lists_variables) {
    EXPECT_EQ(run_on(shop, {"config", "--variables"}).out,
              "NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE\n"
              "DB                  false                                   \n"
              "TAG                 false               1                   \n");
}

TEST(config, explains_where_a_value_is_from) {
    const Outcome outcome = run_on(shop, {"config", "--explain", "services.web.environment.DB"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("services.web.environment.DB: "));
    EXPECT_THAT(outcome.out, HasSubstr("compose.yaml:5:11"));
    EXPECT_THAT(outcome.out, HasSubstr(".env:2:1"));
    EXPECT_THAT(run_on(shop, {"config", "--explain", "services.web.imag"}).err, HasSubstr("did you mean 'image'"));
}

TEST(config, explains_what_env_files_and_label_files_bring) {
    const std::map<std::string, std::string> files{{"/shop/compose.yaml",
                                                    "services:\n  web:\n    image: x\n    env_file: [a.env, b.env]\n   "
                                                    " label_file: l.env\n    environment:\n      OWN: here\n"},
                                                   {"/shop/a.env", "DB=first\nOWN=file\n"},
                                                   {"/shop/b.env", "# later\nDB=second\n"},
                                                   {"/shop/l.env", "tier=one\n"}};
    const auto explained = [&](const std::string& path) {
        const Outcome outcome = run_on(files, {"config", "--explain", "services.web." + path});
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        return outcome.out;
    };
    EXPECT_THAT(explained("environment.DB"), HasSubstr("services.web.environment.DB: second\n  written at b.env:2:1"));
    EXPECT_THAT(explained("environment.DB"), HasSubstr("overrides first at a.env:1:1"));
    EXPECT_THAT(explained("environment.OWN"), HasSubstr("OWN: here\n  written at compose.yaml:7:12"));
    EXPECT_THAT(explained("environment.OWN"), HasSubstr("overrides file at a.env:2:1"));
    EXPECT_THAT(explained("labels.tier"), HasSubstr("written at l.env:1:1"));
}

TEST(run, chooses_the_engine_by_dockers_flags) {
    EXPECT_THAT(run_on(shop, {"--tlscert", "x.pem", "config", "--environment"}).out,
                AllOf(HasSubstr("DOCKER_TLS=1\n"), HasSubstr("TUTTI_TLS_CERTIFICATE=x.pem\n")));
    EXPECT_THAT(run_on(shop, {"-H", "tcp://a", "--context", "b", "config"}).err,
                HasSubstr("cannot specify both --host and --context"));
    EXPECT_THAT(run_on(shop, {"--host", "tcp://a:1", "config", "--environment"}).out,
                HasSubstr("DOCKER_HOST=tcp://a:1\n"));
}

TEST(config, reports_all_faults_at_their_places) {
    const Outcome outcome =
        run_on({{"/shop/compose.yaml", "services:\n  web:\n    imag: x\n    prots: []\n"}}, {"config"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("compose.yaml:3:5: error:"));
    EXPECT_THAT(outcome.err, HasSubstr("compose.yaml:4:5: error:"));
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'image'?"));
}

TEST(config, says_when_there_is_no_file) {
    const Outcome outcome = run_on({}, {"config"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("no configuration file provided: not found"));
}

TEST(run, names_an_unknown_command_and_the_nearest) {
    const Outcome outcome = run_on({}, {"confg"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.err, "unknown docker command: \"compose confg\"\n  hint: did you mean 'config'?\n");
    EXPECT_THAT(run_on({}, {"--help"}).out, HasSubstr("Commands:\n"));
    EXPECT_EQ(run_on({}, {"version", "--short"}).out, "1\n");
}

}  // namespace
}  // namespace tutti::cli
