// Schema, canonical form, defaults, normalisation, reading, checking and writing of one document, without files around
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "compose/canonical.h"
#include "compose/check.h"
#include "compose/normalize.h"
#include "compose/schema.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "model/hash.h"
#include "model/read.h"
#include "model/write.h"

namespace tutti::compose {

namespace {

using testing::HasSubstr;

struct Answer {
    model::Project project;
    std::string errors, warnings;
    doc::Node tree;

    std::string yaml() const {
        return errors.empty() ? doc::write_yaml(to_node(project, model::Format::yaml)) : errors;
    }
    std::string json() const {
        return errors.empty() ? doc::write_json(to_node(project, model::Format::json)) : errors;
    }
};

Answer load(const std::string& text, const Environment& environment = {}) {
    Answer answer;
    doc::Sources sources;
    doc::Diagnostics diagnostics;
    const std::uint32_t file = sources.add("compose.yaml", text);
    std::vector<doc::Node> documents = doc::read_yaml(sources.text(file), file, diagnostics);
    if (documents.size() == 1 && check_schema(documents[0], diagnostics) &&
        make_canonical(documents[0], false, diagnostics) && set_defaults(documents[0], diagnostics) &&
        validate_tree(documents[0], diagnostics)) {
        normalize(documents[0], "shop", environment);
        answer.project = model::read_project(documents[0], diagnostics);
        check_consistency(answer.project, documents[0], diagnostics);
        answer.tree = std::move(documents[0]);
    }
    (diagnostics.failed() ? answer.errors : answer.warnings) = to_text(diagnostics, sources);
    return answer;
}

Answer service(std::string_view lines) {
    return load(base::cat("services:\n  web:\n    image: nginx\n    ", base::replace_all(lines, "\n", "\n    "), "\n"));
}

const model::Service& web(const Answer& answer) { return answer.project.services.at("web"); }

}  // namespace

TEST(Schema, NamesTheKeyAndWhatWasMeant) {
    const std::string errors = service("enviroment: {A: b}\nports: 80\nuser: 5").errors;
    EXPECT_THAT(errors,
                HasSubstr("compose.yaml:4:5: error: services.web additional properties 'enviroment' not allowed"));
    EXPECT_THAT(errors, HasSubstr("did you mean 'environment'?"));
    EXPECT_THAT(errors, HasSubstr("services.web.ports must be a array"));
    EXPECT_THAT(errors, HasSubstr("services.web.user must be a string"));
}

TEST(Schema, ChecksTypesPatternsRangesAndUniqueItems) {
    EXPECT_THAT(service("cap_add: [A, B, A]").errors, HasSubstr("services.web.cap_add items at 0 and 2 are equal"));
    EXPECT_THAT(service("oom_score_adj: 2000").errors, HasSubstr("must be less than or equal to 1000"));
    EXPECT_THAT(service("container_name: o").errors, HasSubstr("does not match pattern"));
    EXPECT_THAT(service("depends_on: {db: {condition: service_startd}}").errors,
                HasSubstr("did you mean 'service_started'?"));
    EXPECT_THAT(service("develop: {watch: [{path: a}]}").errors, HasSubstr("missing property 'action'"));
    EXPECT_EQ(service("x-mine: {anything: [1]}\nscale: 2.0").errors, "");
    EXPECT_THAT(load("services: {'a b': {image: x}}").errors,
                HasSubstr("services additional properties 'a b' not allowed"));
}

TEST(Canonical, ShortFormsBecomeLong) {
    EXPECT_EQ(service("build: ./app").yaml(), R"(name: shop
services:
  web:
    build:
      context: ./app
      dockerfile: Dockerfile
    image: nginx
    networks:
      default: null
networks:
  default:
    name: shop_default
)");
    const model::Service service = web(load(R"(
services:
  web:
    image: nginx
    devices: [/dev/a, "/dev/b:/dev/c:r"]
    env_file: a.env
    gpus: all
    secrets: [s]
    ports: ["8080:80", {target: 90}]
    volumes: ["./a:/b:ro", {type: bind, source: /x, target: /y, bind: {propagation: shared}}]
secrets: {s: {file: s}}
)"));
    EXPECT_EQ(service.devices[1].permissions, "r");
    EXPECT_EQ(service.devices[0].target, "/dev/a");
    EXPECT_TRUE(service.env_file[0].required);
    EXPECT_EQ(service.gpus[0].count, -1);
    EXPECT_EQ(service.secrets[0].target, "/run/secrets/s");
    EXPECT_EQ(service.ports[1].protocol, "tcp");
    EXPECT_EQ(service.ports[1].mode, "ingress");
    EXPECT_TRUE(service.volumes[0].bind->create_host_path);
    EXPECT_TRUE(service.volumes[1].bind->create_host_path);
}

TEST(Canonical, ListAndMapSpellingsAgree) {
    const auto same = [](std::string_view list, std::string_view map) {
        const Answer a = service(list), b = service(map);
        EXPECT_EQ(a.errors, "") << list;
        EXPECT_EQ(a.yaml(), b.yaml());
        EXPECT_EQ(a.json(), b.json());
        EXPECT_EQ(model::config_hash(web(a)), model::config_hash(web(b)));
        EXPECT_EQ(a.project, b.project);
    };
    same("environment: [A=1, B=, C]", "environment: {A: 1, B: '', C: }");
    same("labels: [a=b, c]", "labels: {a: b, c: ''}");
    same("annotations: [a=b]", "annotations: {a: b}");
    same("sysctls: [net.core.somaxconn=1024]", "sysctls: {net.core.somaxconn: 1024}");
    same("extra_hosts: ['a=1.2.3.4', 'b:[::1]']", "extra_hosts: {a: 1.2.3.4, b: ['::1']}");
    same("build: {args: [A=1]}", "build: {args: {A: 1}}");
    same("build: {additional_contexts: [a=./b]}", "build: {additional_contexts: {a: ./b}}");
    same("build: {ssh: [default, k=./key]}", "build: {ssh: {default: , k: ./key}}");
    same("networks: [default]", "networks: {default: }");
    same("command: echo 'a b'", "command: [echo, a b]");
}

TEST(Normalize, ImpliesDependenciesButKeepsExplicitOnes) {
    const Answer answer = load(R"(
services:
  web:
    image: nginx
    links: ["db:database"]
    network_mode: service:cache
    volumes_from: ["store:ro", "container:other"]
    depends_on: {db: {condition: service_healthy}}
  db: {image: x}
  cache: {image: x}
  store: {image: x}
)");
    EXPECT_EQ(answer.errors, "");
    const auto& dependencies = web(answer).depends_on;
    EXPECT_EQ(dependencies.size(), 3U);
    EXPECT_EQ(dependencies.at("db").condition, "service_healthy");
    EXPECT_TRUE(dependencies.at("cache").restart);
    EXPECT_FALSE(dependencies.at("store").restart);
    EXPECT_TRUE(web(answer).networks.empty());
}

TEST(Normalize, BareVariablesTakeTheirValue) {
    const Environment environment = {{"A", {.value = "1"}}};
    const Answer answer =
        load("services: {web: {image: x, build: {args: [A, B]}, environment: {A: , B: }}}", environment);
    EXPECT_EQ(web(answer).environment, (model::Environment{{"A", "1"}, {"B", std::nullopt}}));
    EXPECT_EQ(web(answer).build->args, (model::Environment{{"A", "1"}}));
}

TEST(Check, FindsEveryFaultInOneRun) {
    const std::string errors = load(R"(
services:
  a: {image: x, depends_on: [gone], networks: [nets], volumes: ["vol:/v", {type: tmpfs, target: /v}]}
  b: {depends_on: [c], network_mode: host, networks: [default], cpus: 1, deploy: {resources: {limits: {memory: 1g}}}}
  c: {image: x, depends_on: [b], scale: 2, container_name: only, healthcheck: {test: [echo]}}
networks: {net: }
secrets: {s: {external: false}}
)")
                                   .errors;
    for (const char* text :
         {"3:30: error: service \"a\" depends on undefined service \"gone\": invalid compose project",
          "service \"a\" refers to undefined network nets: invalid compose project", "did you mean 'net'?",
          "service \"a\" refers to undefined volume vol: invalid compose project",
          "services.a.volumes[1]: target /v already mounted as services.a.volumes[0]",
          "service \"b\" has neither an image nor a build context specified: invalid compose project",
          "service b declares mutually exclusive `network_mode` and `networks`: invalid compose project",
          "services.b: can't set distinct values on 'cpus' and 'deploy.resources.limits.cpus': invalid compose project",
          "services.c: can't set container_name and scale as container name must be unique: invalid compose project",
          "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"",
          "secret \"s\" must declare either `file` or `environment`: invalid compose project",
          "dependency cycle detected: b -> c -> b"})
        EXPECT_THAT(errors, HasSubstr(text));
}

TEST(Check, ExternalVolumesHaveNothingElse) {
    EXPECT_THAT(load("services: {}\nvolumes: {v: {external: true, driver: x}}").errors,
                HasSubstr("volumes.v: conflicting parameters \"external\" and \"driver\" specified"));
}

namespace {

// Every attribute of a service once, in a form that changes something.
constexpr std::pair<std::string_view, std::string_view> attributes[] = {
    {"annotations", "{a: b}"},
    {"attach", "false"},
    {"build", "."},
    {"develop", "{watch: [{path: ., action: rebuild}]}"},
    {"blkio_config", "{weight: 300}"},
    {"cap_add", "[A]"},
    {"cap_drop", "[A]"},
    {"cgroup_parent", "p"},
    {"cgroup", "host"},
    {"cpu_count", "2"},
    {"cpu_percent", "50"},
    {"cpu_period", "1000"},
    {"cpu_quota", "1000"},
    {"cpu_rt_period", "1000"},
    {"cpu_rt_runtime", "1000"},
    {"cpus", "0.1"},
    {"cpuset", "'0'"},
    {"cpu_shares", "5"},
    {"command", "a b"},
    {"configs", "[c]"},
    {"container_name", "name"},
    {"credential_spec", "{file: f}"},
    {"depends_on", "[db]"},
    {"deploy", "{resources: {limits: {memory: 1g}}}"},
    {"device_cgroup_rules", "[c 1:3 mr]"},
    {"devices", "[/dev/a]"},
    {"dns", "1.1.1.1"},
    {"dns_opt", "[a]"},
    {"dns_search", "a"},
    {"domainname", "d"},
    {"entrypoint", "[]"},
    {"provider", "{type: t, options: {a: [1, 2]}}"},
    {"environment", "{A: }"},
    {"env_file", "[{path: a, format: raw}]"},
    {"expose", "[80]"},
    {"extends", "{service: db}"},
    {"external_links", "[a]"},
    {"extra_hosts", "{h: 1.1.1.1}"},
    {"group_add", "[1]"},
    {"gpus", "all"},
    {"hostname", "h"},
    {"healthcheck", "{test: a, interval: 90s, disable: true}"},
    {"init", "false"},
    {"ipc", "host"},
    {"isolation", "i"},
    {"labels", "{a: 1.10}"},
    {"label_file", "f"},
    {"links", "[db]"},
    {"logging", "{driver: d, options: {a: 1}}"},
    {"mem_limit", "1g"},
    {"mem_reservation", "1m"},
    {"memswap_limit", "-1"},
    {"mem_swappiness", "5"},
    {"mac_address", "02:42:ac:11:65:43"},
    {"models", "[m]"},
    {"network_mode", "host"},
    {"networks", "{n: {aliases: [a]}}"},
    {"oom_kill_disable", "true"},
    {"oom_score_adj", "5"},
    {"pid", "host"},
    {"pids_limit", "5"},
    {"platform", "linux/arm64"},
    {"ports", "['80']"},
    {"privileged", "true"},
    {"profiles", "[p]"},
    {"pull_policy", "always"},
    {"read_only", "true"},
    {"restart", "always"},
    {"runtime", "r"},
    {"scale", "3"},
    {"secrets", "[{source: s, mode: 0440}]"},
    {"security_opt", "[a]"},
    {"shm_size", "1m"},
    {"stdin_open", "true"},
    {"stop_grace_period", "1m30s"},
    {"stop_signal", "SIGINT"},
    {"storage_opt", "{size: 1G}"},
    {"sysctls", "[a=b]"},
    {"tmpfs", "/run"},
    {"tty", "true"},
    {"ulimits", "{nofile: {soft: 1, hard: 2}, nproc: 5}"},
    {"use_api_socket", "true"},
    {"user", "u"},
    {"userns_mode", "host"},
    {"uts", "host"},
    {"volumes", "['v:/v:nocopy', {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0755}}]"},
    {"volumes_from", "[db]"},
    {"working_dir", "/w"},
    {"pre_start", "[{command: a}]"},
    {"post_start", "[{command: [a]}]"},
    {"pre_stop", "[{command: a, environment: [A=b]}]"},
};

Answer with(std::string_view lines) {
    return load(base::cat(
        "services:\n  web:\n    image: nginx\n", lines,
        "  db: {image: x}\nnetworks: {n: }\nvolumes: {v: }\nsecrets: {s: {file: f}}\nconfigs: {c: {file: f}}\n"
        "models: {m: {model: x}}\n"));
}

}  // namespace

TEST(Hash, ChangesIfAndOnlyIfAHashedAttributeDoes) {
    const std::string plain = model::config_hash(web(with("")));
    for (const auto& [key, value] : attributes) {
        const Answer answer = with(base::cat("    ", key, ": ", value, "\n"));
        ASSERT_EQ(answer.errors, "") << key;
        const bool outside =
            key == "build" || key == "depends_on" || key == "profiles" || key == "pull_policy" || key == "scale";
        EXPECT_EQ(model::config_hash(web(answer)) == plain, outside) << key;
    }
    EXPECT_EQ(model::config_hash(web(with("    x-a: b\n"))), plain);
    EXPECT_EQ(model::config_hash(web(with("    deploy: {replicas: 2}\n"))),
              model::config_hash(web(with("    deploy: {}\n"))));
}

TEST(Config, OfConfigIsAFixedPoint) {
    for (const auto& [key, value] : attributes) {
        if (key == "extends") continue;  // resolved before these phases
        const std::string once = with(base::cat("    ", key, ": ", value, "\n    x-note: [{b: 1, a: 2}]\n")).yaml();
        EXPECT_EQ(load(once).yaml(), once) << key;
    }
}

TEST(Project, ReadsDefaultsAndSpecialForms) {
    const Answer answer = with("    networks: [n]\n    ulimits: {nofile: 5}\n    stop_grace_period: 1.5m\n");
    EXPECT_EQ(web(answer).name, "web");
    EXPECT_EQ(web(answer).ulimits.at("nofile").single, 5);
    EXPECT_EQ(web(answer).stop_grace_period, std::chrono::seconds(90));
    EXPECT_EQ(web(answer).replicas(), 1);
    EXPECT_EQ(answer.project.networks.at("n").name, "shop_n");
    EXPECT_EQ(answer.project.volumes.at("v").name, "shop_v");
}

TEST(Project, SaysWhatDoesNotFitAndWhatIsLost) {
    EXPECT_THAT(service("mem_limit: 5 pounds").errors, HasSubstr("services.web.mem_limit: invalid size: '5 pounds'"));
    EXPECT_THAT(service("stop_grace_period: 5").errors, HasSubstr("must be a string"));
    EXPECT_THAT(service("stop_grace_period: '5'").errors,
                HasSubstr("services.web.stop_grace_period: invalid duration \"5\""));
    EXPECT_THAT(service("environment: ['A = 1']").errors,
                HasSubstr("environment variable A  is declared with a trailing space"));
    EXPECT_THAT(service("command: echo '").errors, HasSubstr("invalid command line string"));
}

TEST(Project, WarnsWhereComposeIsSilentlyWrong) {
    const auto warnings = [](std::string_view lines) { return service(lines).warnings; };
    EXPECT_THAT(warnings("mem_limit: 1.5"), HasSubstr("services.web.mem_limit: 1.5 is ignored"));
    EXPECT_THAT(
        warnings("environment: {MODE: 0644, VERSION: 1.10, PORT: 80}"),
        AllOf(HasSubstr("warning: services.web.environment.MODE: a number without quotes: its text becomes 420"),
              HasSubstr("environment.VERSION: a number without quotes: its text becomes 1.1"),
              Not(HasSubstr("PORT: a"))));
    EXPECT_THAT(warnings("command: make && serve"),
                HasSubstr("services.web.command: no shell runs this: '&& serve' is dropped"));
    EXPECT_THAT(warnings("volumes: ['./a:/b:RO']"),
                HasSubstr("services.web.volumes.0: unknown option 'RO' is ignored"));
    EXPECT_THAT(warnings("restart: sometimes"), HasSubstr("services.web.restart: unknown policy 'sometimes'"));
    EXPECT_THAT(warnings("cpu_shares: 99.9"), HasSubstr("99.9 is cut to 99"));
    EXPECT_EQ(warnings("environment: {A: 1.5, B: -7, C: '0644'}\ncommand: echo 'a && b'\nrestart: on-failure:3"), "");
}

TEST(Project, NamesThatComposeTakesForExtensionsAreRefused) {
    EXPECT_THAT(service("extra_hosts: {x-a: 1.1.1.1}").errors, HasSubstr("'x-a' cannot be a name here"));
    EXPECT_THAT(service("networks: {x-a: }").errors, HasSubstr("'x-a' cannot be a name here"));
}

}  // namespace tutti::compose
