#include "advice/lint.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "advice/lint_rules.h"

namespace tutti::advice {
namespace {

class Lint : public testing::Test {
  protected:
    model::Service& service(const std::string& name, const std::string& image, const std::string& profile = {}) {
        model::Service& made = (profile.empty() ? project.services : project.disabled_services)[name];
        made.name = name;
        made.image = image;
        if (!profile.empty()) made.profiles = {profile};
        return made;
    }
    static void publish(model::Service& service, const std::string& published, std::uint32_t target,
                        const std::string& ip = {}) {
        model::Port port;
        port.published = published;
        port.target = target;
        port.protocol = "tcp";
        port.host_ip = ip;
        service.ports.push_back(port);
    }
    static void mount(model::Service& service, const std::string& type, const std::string& source,
                      const std::string& target) {
        model::Mount mount;
        mount.type = type;
        mount.source = source;
        mount.target = target;
        if (type == "bind") {
            mount.bind.emplace();
            mount.bind->create_host_path = true;
        }
        service.volumes.push_back(mount);
    }
    // The one finding of a rule; an empty one when there is none.
    Finding found(const std::string& rule, const LintOptions& options = {}) const {
        const Findings all = lint(project, files, options);
        const auto one = std::find_if(all.begin(), all.end(), [&](const Finding& f) { return f.rule == rule; });
        return one == all.end() ? Finding() : *one;
    }

    model::Project project;
    base::FilesInMemory files;
};

TEST_F(Lint, a_port_of_an_inactive_profile_clashes_with_one_that_is_always_active) {
    publish(service("clickhouse", "clickhouse", "analytics"), "9000", 9000);
    publish(service("minio", "minio/minio"), "9000", 9000);
    publish(service("console", "console"), "9001", 9001);
    EXPECT_EQ(found("port-clash"), Finding()) << "what is off is no business of up";
    const Finding clash = found("port-clash", {.other_profiles = true});
    EXPECT_EQ(clash.what, "port 9000 is published by both minio and clickhouse (profile analytics)");
    EXPECT_EQ(clash.fix, "change one, such as \"9002:9000\"");
    EXPECT_EQ(clash.place, (std::vector<std::string>{"services", "clickhouse", "ports", "9000"}));
}

TEST_F(Lint, ports_of_two_addresses_do_not_clash) {
    publish(service("a", "x"), "80", 80, "127.0.0.1");
    publish(service("b", "x"), "80", 80, "127.0.0.2");
    EXPECT_EQ(found("port-clash"), Finding());
}

TEST_F(Lint, several_containers_cannot_publish_one_port) {
    model::Service& web = service("web", "x");
    publish(web, "80", 80);
    web.scale = 3;
    EXPECT_EQ(found("scaled-port").fix, "publish a range, \"80-82:80\", or no host port");
}

TEST_F(Lint, a_file_that_is_not_there_would_become_a_folder) {
    project.working_dir = "/p";
    model::Service& web = service("web", "x");
    mount(web, "bind", "/p/conf/web.yml", "/etc/web.yml");
    mount(web, "bind", "/p/data", "/data");
    mount(web, "bind", "/p/conf.d", "/etc/conf.d");
    EXPECT_EQ(found("missing-file").what,
              "./conf/web.yml, which service web mounts at /etc/web.yml, does not exist: an empty folder will be made "
              "in its place");
    files.files["/p/conf/web.yml"] = "";
    EXPECT_EQ(found("missing-file"), Finding());
}

TEST_F(Lint, the_socket_of_an_engine_is_named) {
    mount(service("promtail", "x"), "bind", "/var/run/docker.sock", "/var/run/docker.sock");
    EXPECT_EQ(found("engine-socket").place.back(), "/var/run/docker.sock");
}

TEST_F(Lint, a_known_password_counts_only_where_others_reach_the_port) {
    model::Service& db = service("db", "postgres:16");
    db.environment["POSTGRES_PASSWORD"] = "postgres";
    EXPECT_EQ(found("default-password"), Finding());
    publish(db, "5432", 5432, "127.0.0.1");
    EXPECT_EQ(found("default-password"), Finding());
    publish(db, "5433", 5432);
    EXPECT_EQ(found("default-password").what,
              "service db publishes port 5433 on all addresses and its POSTGRES_PASSWORD is one that everybody knows");
    db.environment["POSTGRES_PASSWORD"] = "kei4ooJu";
    EXPECT_EQ(found("default-password"), Finding());
}

TEST_F(Lint, a_notebook_without_a_token) {
    model::Service& notebook = service("notebook", "x");
    notebook.command = {{"start-notebook.sh", "--NotebookApp.token="}};
    publish(notebook, "8888", 8888);
    EXPECT_EQ(found("no-token").fix, "publish on this machine only: \"127.0.0.1:8888:8888\"");
}

TEST_F(Lint, upstreams_of_a_mounted_file_of_nginx_that_are_not_active) {
    service("api", "x", "realtime");
    service("grafana", "x", "observability");
    service("web", "x");
    mount(service("nginx", "nginx:alpine"), "bind", "/p/default.conf", "/etc/nginx/conf.d/default.conf");
    files.files["/p/default.conf"] =
        "upstream api { server api:8000; }\n# server martin:3001;\n"
        "location / { proxy_pass http://web:80; }\nlocation /g/ { proxy_pass http://grafana:3000/; }\n"
        "location /x { proxy_pass http://$somewhere; }\nlocation /y { proxy_pass http://example.org; }\n";
    const Finding finding = found("inactive-upstream");
    EXPECT_EQ(finding.what,
              "default.conf of service nginx names api, grafana, which are not active (line 1: server): nginx ends at "
              "once when a name does not resolve");
    EXPECT_TRUE(finding.fix.starts_with("activate them: --profile realtime --profile observability;")) << finding.fix;
    project.services["api"] = project.services["grafana"] = service("web", "x");
    EXPECT_EQ(found("inactive-upstream"), Finding());
}

TEST_F(Lint, a_database_is_not_waited_for) {
    service("db", "timescale/timescaledb-ha:pg16");
    model::Service& app = service("app", "x");
    app.depends_on["db"].condition = "service_started";
    EXPECT_EQ(found("starts-too-early").fix, "write `db: {condition: service_healthy}` and give db a healthcheck");
    app.restart = "unless-stopped";
    EXPECT_EQ(found("starts-too-early"), Finding());
}

TEST_F(Lint, services_that_name_each_other_and_share_no_network) {
    model::Service &producer = service("producer", "x"), &redis = service("redis", "redis:7");
    redis.networks["mine"];
    producer.networks["default"];
    producer.environment["URL"] = "redis://redis:6379/0";
    EXPECT_EQ(found("no-common-network").what, "producer and redis share no network: redis will not resolve there");
    producer.environment["URL"] = "redis://my-redis:6379/0";
    EXPECT_EQ(found("no-common-network"), Finding());
    producer.environment["URL"] = "redis:6379";
    producer.networks["mine"];
    EXPECT_EQ(found("no-common-network"), Finding());
}

TEST_F(Lint, the_runtime_of_a_gpu_that_is_not_there) {
    service("cuda", "x").runtime = "nvidia";
    EXPECT_EQ(found("no-gpu").place.back(), "runtime");
    EXPECT_EQ(found("no-gpu", {.here = false}), Finding());
    files.files["/dev/nvidiactl"] = "";
    EXPECT_EQ(found("no-gpu"), Finding());
}

TEST_F(Lint, a_profile_that_no_service_has) {
    service("db", "x");
    service("kafka", "x", "realtime");
    project.profiles = {"core", "realtime"};
    EXPECT_EQ(found("unknown-profile").what, "no service has the profile core");
    EXPECT_EQ(found("unknown-profile").fix, "profiles here: realtime");
}

TEST_F(Lint, what_images_ask_for) {
    service("db", "postgis/postgis:15-3.4").environment["POSTGRES_PASSWORD"] = "";
    EXPECT_EQ(found("needs-password").what,
              "POSTGRES_PASSWORD is empty: with an empty data folder postgis/postgis:15-3.4 refuses to start");
    project.services["db"].environment["POSTGRES_PASSWORD_FILE"] = "/run/secrets/p";
    EXPECT_EQ(found("needs-password"), Finding());
    service("kafka", "bitnami/kafka:3.7").environment["KAFKA_CFG_PROCESS_ROLES"] = "broker,controller";
    EXPECT_NE(found("needs-variable").what.find("KAFKA_CFG_NODE_ID"), std::string::npos);
    project.services.erase("kafka");
    service("search", "opensearchproject/opensearch:2.11.0");
    EXPECT_EQ(found("needs-variable"), Finding());
    service("search", "opensearchproject/opensearch:2");
    EXPECT_NE(found("needs-variable").what.find("2.12"), std::string::npos);
}

TEST_F(Lint, a_database_that_keeps_its_files_beside_its_volume) {
    model::Service& db = service("db", "timescale/timescaledb-ha:pg16-ts2.14");
    db.environment["POSTGRES_PASSWORD"] = "x";
    mount(db, "volume", "data", "/var/lib/postgresql/data");
    EXPECT_EQ(found("data-outside-of-volume").fix, "mount it at /home/postgres/pgdata/data");
    db.volumes[0].target = "/home/postgres/pgdata";
    EXPECT_EQ(found("data-outside-of-volume"), Finding());
}

TEST(Repository, without_tag_registry_and_digest) {
    EXPECT_EQ(rules::repository("docker.io/library/postgres:16@sha256:00"), "postgres");
    EXPECT_EQ(rules::repository("localhost:5000/a/b:1"), "localhost:5000/a/b");
}

}  // namespace
}  // namespace tutti::advice
