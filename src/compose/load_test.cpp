#include "compose/load.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "doc/yaml.h"
#include "model/write.h"

namespace tutti::compose {

namespace {

// Compose files in memory below /w, loaded from there.
class LoadTest : public testing::Test {
  protected:
    LoadTest() { options.cwd = "/w"; }

    std::string load_text() {
        const Loaded loaded = load(options, files, fetch, sources, diagnostics);
        if (diagnostics.failed()) return "failed: " + doc::to_text(diagnostics, sources);
        return doc::write_yaml(options.interpolate ? model::to_node(loaded.project, model::Format::yaml) : loaded.tree);
    }
    Loaded loaded() {
        Loaded result = load(options, files, fetch, sources, diagnostics);
        EXPECT_EQ(doc::to_text(diagnostics, sources), "");
        return result;
    }
    std::string faults() {
        load(options, files, fetch, sources, diagnostics);
        return doc::to_text(diagnostics, sources);
    }
    void file(const std::string& name, std::string text) { files.files["/w/" + name] = std::move(text); }

    LoadOptions options;
    base::FilesInMemory files;
    Fetch fetch;
    doc::Sources sources;
    doc::Diagnostics diagnostics;
};

using testing::Test;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_F(LoadTest, FindsTheFileInAParentWithItsOverride) {
    options.cwd = "/w/a/b";
    file("compose.yaml", "services: {web: {image: one}}");
    file("compose.override.yaml", "services: {web: {image: two}}");
    const Loaded result = loaded();
    EXPECT_EQ(result.project.services.at("web").image, "two");
    EXPECT_EQ(result.project.name, "w");
    EXPECT_EQ(result.working_dir, "/w");
    EXPECT_EQ(result.files, (std::vector<std::string>{"/w/compose.yaml", "/w/compose.override.yaml"}));
}

TEST_F(LoadTest, SaysSoWhenThereIsNoFile) { EXPECT_TRUE(has(faults(), "no configuration file provided: not found")); }

TEST_F(LoadTest, ReadsStandardInputOnce) {
    options.files = {"-", "-"};
    files.standard_input = "services: {web: {image: x}}";
    EXPECT_EQ(loaded().project.services.size(), 1U);
}

TEST_F(LoadTest, ProcessVariablesBeatDotEnvAndComposeVariablesWork) {
    file("main.yml", "services: {web: {image: '${A}-${B}'}, extra: {image: x, profiles: [more]}}");
    file(".env", "A=file\nB=file\nCOMPOSE_FILE=main.yml\nCOMPOSE_PROFILES=more\nCOMPOSE_PROJECT_NAME=named\n");
    options.environment = {{"A", "shell"}};
    const Loaded result = loaded();
    EXPECT_EQ(result.project.services.at("web").image, "shell-file");
    EXPECT_EQ(result.project.services.size(), 2U);
    EXPECT_EQ(result.project.name, "named");
}

TEST_F(LoadTest, TheLastNameWinsAndIsRepairedButAFlagIsNot) {
    file("compose.yaml", "name: My.Shop App\nservices: {web: {image: '${COMPOSE_PROJECT_NAME}'}}");
    EXPECT_EQ(loaded().project.services.at("web").image, "myshopapp");
    options.project_name = "My.Shop";
    EXPECT_TRUE(has(faults(), "invalid project name \"My.Shop\""));
}

TEST_F(LoadTest, MergesListsAndMappingsByTheirKeys) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml", R"(services:
  web:
    image: a
    command: [one]
    environment: {A: 1, B: 2}
    ports: ["80:80", "81:81"]
    volumes: ["./x:/data", "v:/v"]
    security_opt: [a]
volumes: {v: {}}
)");
    file("b.yaml", R"(services:
  web:
    command: [two]
    environment: [B=3, C]
    ports: ["80:80"]
    volumes: ["./y:/data"]
    security_opt: [b]
)");
    const auto service = loaded().project.services.at("web");
    EXPECT_EQ(*service.command, model::Texts{"two"});
    EXPECT_EQ(service.environment.at("B"), "3");
    EXPECT_EQ(service.environment.at("C"), std::nullopt);
    EXPECT_EQ(service.ports.size(), 2U);
    ASSERT_EQ(service.volumes.size(), 2U);
    EXPECT_EQ(service.volumes[0].source, "/w/y");
    EXPECT_EQ(service.security_opt, (model::Texts{"a", "b"}));
}

TEST_F(LoadTest, ResetTakesAwayAndOverrideReplaces) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml", "services: {web: {image: a, ports: ['80:80'], labels: {a: x, b: y}, dns: [1.1.1.1]}}");
    file("b.yaml", "services: {web: {ports: !reset [], labels: {a: !reset null}, dns: !override [9.9.9.9]}}");
    const auto service = loaded().project.services.at("web");
    EXPECT_TRUE(service.ports.empty());
    EXPECT_EQ(service.labels, (model::Mapping{{"b", "y"}}));
    EXPECT_EQ(service.dns, model::Texts{"9.9.9.9"});
}

TEST_F(LoadTest, AMismatchNamesBothPlaces) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml", "services:\n  web:\n    image: a\n    healthcheck: {retries: 1}\n");
    file("b.yaml", "services:\n  web:\n    healthcheck: [x]\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "b.yaml:3:")) << text;
    EXPECT_TRUE(has(text, "cannot override services.web.healthcheck")) << text;
    EXPECT_TRUE(has(text, "a.yaml:4:")) << text;
}

TEST_F(LoadTest, TwoFilesEqualTheMergedOne) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml",
         "name: p\nservices: {web: {image: a, environment: [A=1], networks: [n]}}\nnetworks: {n: {labels: [a=1]}}");
    file("b.yaml",
         "services: {web: {build: ./b, environment: {B: 2}}, db: {image: d}}\nnetworks: {n: {labels: {b: 2}}}");
    const std::string merged = load_text();
    options.files = {"all.yaml"};
    file("all.yaml", R"(name: p
services:
  web: {image: a, build: {context: b}, environment: {A: 1, B: 2}, networks: [n]}
  db: {image: d}
networks: {n: {labels: {a: 1, b: 2}}}
)");
    EXPECT_TRUE(has(merged, "web:")) << merged;
    EXPECT_EQ(merged, load_text());
}

TEST_F(LoadTest, WhatIsPrintedLoadsToTheSame) {
    file("compose.yaml", R"(name: p
x-note: {a: [1, 2]}
services:
  web:
    build: {context: web, args: [A=1]}
    command: sh -c "echo hi"
    ports: ["127.0.0.1:8080:80/udp", "9000-9002:9000-9002"]
    volumes: ["./d:/d:ro", "v:/v", "/anon"]
    environment: {A: "yes", B: null}
    depends_on: [db]
    deploy: {resources: {limits: {memory: 1g, cpus: "0.5"}}}
    healthcheck: {test: curl x, interval: 90s}
    ulimits: {nofile: {soft: 1, hard: 2}}
    secrets: [s]
  db: {image: d, stop_grace_period: 1m30s, mem_limit: 10m}
volumes: {v: {}}
secrets: {s: {file: ./s}}
)");
    const std::string once = load_text();
    file("compose.yaml", base::replace_all(once, "$", "$$"));
    EXPECT_EQ(load_text(), once);
}

TEST_F(LoadTest, ExtendsFollowsChainsAcrossFoldersAndRebasesPaths) {
    file("compose.yaml", "services: {web: {extends: {file: sub/mid.yaml, service: mid}, environment: [A=top]}}");
    file("sub/mid.yaml",
         "services: {mid: {extends: {file: deep/base.yaml, service: base}, environment: [A=mid, B=mid]}}");
    file("sub/deep/base.yaml",
         "services: {base: {image: x, volumes: ['./data:/data'], environment: [B=base, C=base]}}");
    const auto service = loaded().project.services.at("web");
    EXPECT_EQ(service.volumes.at(0).source, "/w/sub/deep/data");
    EXPECT_EQ(service.environment.at("A"), "top");
    EXPECT_EQ(service.environment.at("B"), "mid");
    EXPECT_EQ(service.environment.at("C"), "base");
}

TEST_F(LoadTest, ExtendsCyclesAndMissingServicesAreLocated) {
    file("compose.yaml", "services:\n  a: {image: x, extends: b}\n  b: {image: x, extends: a}\n");
    EXPECT_TRUE(has(faults(), "Circular reference:"));
    diagnostics = {};
    file("compose.yaml", "services:\n  web: {image: x, extends: bace}\n  base: {image: x}\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "compose.yaml:2:")) << text;
    EXPECT_TRUE(has(text, "service \"bace\" not found")) << text;
    EXPECT_TRUE(has(text, "`base`")) << text;
}

TEST_F(LoadTest, AChainOfThousandsOfServicesIsNoTrouble) {
    std::string text = "services:\n  s0: {image: x, environment: [A=1]}\n";
    constexpr int length = 3000;
    for (int i = 1; i < length; ++i) text += base::cat("  s", i, ": {extends: s", i - 1, "}\n");
    file("compose.yaml", text);
    EXPECT_EQ(loaded().project.services.at(base::cat("s", length - 1)).image, "x");
}

TEST_F(LoadTest, IncludesBringTheirOwnEnvironmentAndFolder) {
    file(
        "compose.yaml",
        "include: [sub/compose.yaml]\nservices: {web: {image: '${V:-none}', depends_on: [db]}, db: {labels: [a=top]}}");
    file("sub/.env", "V=sub");
    file("sub/compose.yaml", "services: {db: {image: 'db:${V}', labels: [a=sub, b=sub], volumes: ['./d:/d']}}");
    const Loaded result = loaded();
    EXPECT_EQ(result.project.services.at("web").image, "none");
    const auto& db = result.project.services.at("db");
    EXPECT_EQ(db.image, "db:sub");
    EXPECT_EQ(db.labels, (model::Mapping{{"a", "top"}, {"b", "sub"}}));
    EXPECT_EQ(db.volumes.at(0).source, "/w/sub/d");
}

TEST_F(LoadTest, IncludeCyclesEndEvenThroughOverrideFiles) {
    file("compose.yaml", "include: [b.yaml]");
    file("b.yaml", "include:\n  - path: [c.yaml, compose.yaml]\n");
    file("c.yaml", "services: {c: {image: x}}");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "include cycle detected")) << text;
    EXPECT_TRUE(has(text, "b.yaml:2:")) << text;
}

TEST_F(LoadTest, IncludesThatDoubleAtEachLevelEnd) {
    constexpr int levels = 40;
    for (int i = 0; i < levels; ++i) file(base::cat("i", i), base::cat("include: [i", i + 1, ", i", i + 1, "]"));
    file(base::cat("i", levels), "services: {c: {image: x}}");
    options.files = {"i0"};
    EXPECT_TRUE(has(faults(), "files are included"));
}

TEST_F(LoadTest, AFaultInAnIncludedFileSaysWhoIncludedIt) {
    file("compose.yaml", "include: [b.yaml]\nservices: {web: {volumes: [x]}}");
    file("b.yaml", "services:\n  web:\n    image: x\n    volumes: {a: b}\n");
    EXPECT_TRUE(has(faults(), "b.yaml:4:"));
}

TEST_F(LoadTest, RemoteFilesAreFetchedOrRefusedByName) {
    file("compose.yaml", "include: ['https://example.com/x.git#main:sub']");
    EXPECT_TRUE(has(faults(), "remote file https://example.com/x.git#main:sub is not supported yet"));
    diagnostics = {};
    std::string asked;
    fetch = [&](std::string_view reference) {
        asked = reference;
        return std::string("/cache/compose.yaml");
    };
    files.files["/cache/compose.yaml"] = "services: {far: {image: x, volumes: ['./d:/d']}}";
    EXPECT_EQ(loaded().project.services.at("far").volumes.at(0).source, "/cache/d");
    EXPECT_EQ(asked, "https://example.com/x.git#main:sub");
}

TEST_F(LoadTest, FaultsOfAllFilesAreReportedTogether) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml", "services: {web: {image: '${'}}");
    file("b.yaml", "services: {db: {image: '${}'}}");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "a.yaml:1:")) << text;
    EXPECT_TRUE(has(text, "b.yaml:1:")) << text;
}

TEST_F(LoadTest, AFaultOfOneKindHidesNoneOfAnother) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml",
         "services:\n  web:\n    image: ${NEEDED:?say it}\n    imag: x\n    scale: many\n"
         "    ports: ['1:2:3:4:5']\n    depends_on: {db: {}}\n");
    file("b.yaml", "include: [c.yaml]\nservices:\n  web:\n    build: ${OTHER:-.}\n    tty: [1]\n    extends: 5\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "a.yaml:3:12: error:")) << text;
    EXPECT_TRUE(has(text, "required variable NEEDED is missing a value: say it")) << text;
    EXPECT_TRUE(has(text, "a.yaml:4:5: error: services.web additional properties 'imag'")) << text;
    EXPECT_TRUE(has(text, "a.yaml:5:12: error:")) << text;
    EXPECT_TRUE(has(text, "b.yaml:5:10: error: services.web.tty must be")) << text;
    // A part may be incomplete: what is missing in it may stand in another file.
    EXPECT_FALSE(has(text, "missing property")) << text;
    EXPECT_EQ(diagnostics.errors(), 4U) << text;
}

TEST_F(LoadTest, GrammarFaultsAreShownBesideThoseOfTheSchema) {
    file("compose.yaml", "services:\n  web:\n    imag: x\n    ports: ['1:2:3:4:5']\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "compose.yaml:3:5: error:")) << text;
    EXPECT_TRUE(has(text, "compose.yaml:4:13: error:")) << text;
}

TEST_F(LoadTest, DatesAreNoTexts) {
    file("compose.yaml", "services:\n  web:\n    image: x\n    user: 2024-01-02\n    environment: {DAY: 2024-01-02}\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "compose.yaml:4:11: error: services.web.user: expected a string, found the date")) << text;
    EXPECT_EQ(diagnostics.errors(), 1U) << text;
}

TEST_F(LoadTest, DirectoriesAndMissingFilesAreErrorsNotExceptions) {
    options.files = {"gone.yaml"};
    EXPECT_TRUE(has(faults(), "gone.yaml"));
    diagnostics = {};
    options.files = {"/w"};
    file("x", "");
    EXPECT_TRUE(has(faults(), "/w"));
    diagnostics = {};
    options.files = {"compose.yaml"};
    file("compose.yaml", "services: {web: {image: x, extends: {file: gone.yaml, service: y}}}");
    EXPECT_TRUE(has(faults(), "compose.yaml:1:"));
}

TEST_F(LoadTest, EmptyFilesAreRefusedAloneAndFineOnTop) {
    options.files = {"empty.yaml"};
    file("empty.yaml", "# nothing\n");
    EXPECT_TRUE(has(faults(), "empty compose file"));
    diagnostics = {};
    options.files = {"a.yaml", "empty.yaml"};
    file("a.yaml", "services: {web: {image: x}}");
    EXPECT_EQ(loaded().project.services.size(), 1U);
}

TEST_F(LoadTest, EnvFilesStandBelowEnvironmentAndLabelFilesBelowLabels) {
    file("compose.yaml", R"(services:
  web:
    image: x
    env_file: [a.env, {path: gone.env, required: false}]
    environment: [A=own, B]
    label_file: l.env
    labels: {x: own}
)");
    file("a.env", "A=file\nB=file\nC=${HOST}-file\n");
    file("l.env", "x=file\ny=file\n");
    options.environment = {{"HOST", "h"}};
    const auto service = loaded().project.services.at("web");
    EXPECT_EQ(service.environment.at("A"), "own");
    EXPECT_EQ(service.environment.at("B"), std::nullopt);
    EXPECT_EQ(service.environment.at("C"), "h-file");
    EXPECT_EQ(service.labels, (model::Mapping{{"x", "own"}, {"y", "file"}}));
}

TEST_F(LoadTest, AMissingEnvFileIsShownWhereItIsNamed) {
    file("compose.yaml", "services:\n  web:\n    image: x\n    env_file:\n      - gone.env\n");
    const std::string text = faults();
    EXPECT_TRUE(has(text, "compose.yaml:5:9: error: env file /w/gone.env not found")) << text;
}

TEST_F(LoadTest, SelectingAServiceBringsItsDependenciesAndDropsUnusedResources) {
    file("compose.yaml", R"(services:
  web: {image: x, depends_on: [db], networks: [front]}
  db: {image: x, volumes: ['vol:/v'], networks: [back]}
  other: {image: x, networks: [far]}
  tool: {image: x, profiles: [tools], networks: [front]}
networks: {front: {}, back: {}, far: {}}
volumes: {vol: {}, more: {}}
)");
    options.services = {"we*"};
    auto project = loaded().project;
    EXPECT_EQ(project.services.size(), 2U);
    EXPECT_EQ(project.networks.size(), 2U);
    EXPECT_EQ(project.volumes.size(), 1U);
    EXPECT_TRUE(project.disabled_services.contains("tool"));
    options.services = {"tool"};
    EXPECT_TRUE(loaded().project.services.contains("tool"));
    options.services = {"wbe"};
    const std::string text = faults();
    EXPECT_TRUE(has(text, "no such service: wbe")) << text;
}

TEST_F(LoadTest, WithoutInterpolationTheTreeIsLeftAsWritten) {
    file("compose.yaml", "name: p\nservices: {web: {image: '${X}', environment: [HOME]}}");
    options.interpolate = false;
    options.environment = {{"HOME", "/h"}, {"X", "y"}};
    const std::string text = load_text();
    EXPECT_TRUE(has(text, "${X}")) << text;
    EXPECT_TRUE(has(text, "- HOME\n")) << text;
}

TEST_F(LoadTest, ValuesRememberWhatTheyOverrodeAndWhereTheyWereExtendedFrom) {
    options.files = {"a.yaml", "b.yaml"};
    file("a.yaml", "services:\n  base: {image: one}\n  web: {extends: base}\n");
    file("b.yaml", "services:\n  web: {image: two}\n");
    const Loaded result = loaded();
    const doc::Node* image = result.tree.find_path({"services", "web", "image"});
    ASSERT_TRUE(image && image->origin());
    EXPECT_EQ(sources.to_text(image->mark()), "/w/b.yaml:2:16");
    EXPECT_EQ(image->origin()->how, doc::Origin::How::overrode);
    EXPECT_EQ(image->origin()->text, "one");
    EXPECT_EQ(sources.to_text(image->origin()->mark), "/w/a.yaml:2:17");
    ASSERT_TRUE(image->origin()->before);
    EXPECT_EQ(image->origin()->before->how, doc::Origin::How::extended_from);
}

}  // namespace tutti::compose
