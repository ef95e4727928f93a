// For the tests of this room: an engine in a folder and a network namespace of its own, with an image made from the
// machine's static busybox. What a test leaves is taken away, and it is checked that nothing stays.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/engine.h"
#include "embedded/images/images.h"
#include "embedded/records/event_log.h"
#include "os/file.h"

namespace tutti::embedded::test {

inline void make_busybox_image(const std::string& store_root) {
    const os::TempFolder temp(store_root);
    const std::string root = temp.path() + "/root";
    for (const char* folder : {"/bin", "/etc", "/proc", "/sys", "/dev", "/tmp", "/root", "/data"})
        os::make_folders(root + folder, 0755);
    os::write_file(root + "/bin/busybox", os::read_file("/bin/busybox"), 0755);
    for (const char* name :
         {"sh",   "cat",  "echo", "id",    "sleep",    "true", "false", "ls",    "hostname", "test",
          "stat", "kill", "env",  "touch", "nslookup", "wget", "nc",    "mkdir", "rm",       "head",
          "ip",   "wc",   "grep", "httpd", "readlink", "ln",   "dd",    "seq",   "mount",    "chown"})
        if (::symlink("busybox", (root + "/bin/" + name).c_str()) != 0) base::throw_errno("making a link");
    os::write_file(root + "/etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1000:1001::/tmp:/bin/sh\n", 0644);
    os::write_file(root + "/etc/group", "root:x:0:\nweb:x:1001:\n", 0644);
    os::write_file(root + "/data/from-image", "image\n", 0640);
    store::Store store(store_root);
    images::Images images(store, {});
    os::Scope scope;
    oci::ImageConfig config;
    config.platform = oci::Platform::host();
    config.run.env = {"PATH=/bin"};
    config.diff_ids = {images.add_layer(root, scope)};
    images.add_image(config, oci::Reference::parse("busybox"));
}

class EngineTest : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0 || !os::exists("/bin/busybox")) GTEST_SKIP() << "needs root and /bin/busybox";
        paths.root = temp.path() + "/root";
        paths.run = temp.path() + "/run";
        paths.program = {program()};
        reopen();
        make_busybox_image(paths.root);
    }

    void TearDown() override {
        if (!engine) return;
        for (const auto& container : engine->containers().list({.all = true}))
            engine->containers().remove(container.id, {.force = true, .anonymous_volumes = true});
        for (const auto& network : engine->networks().list()) engine->networks().remove(network.id);
        EXPECT_EQ(os::list_folder(paths.run + "/containers"), std::vector<std::string>{});
        EXPECT_EQ(os::list_folder(paths.root + "/containers"), std::vector<std::string>{});
        EXPECT_EQ(os::list_folder(paths.root + "/names"), std::vector<std::string>{});
    }

    void reopen() { engine = open_engine(paths); }

    static std::string program() {
        std::string path(4096, '\0');
        path.resize(static_cast<std::size_t>(::readlink("/proc/self/exe", path.data(), path.size())));
        return path;
    }

    static engine::ContainerSpec spec(std::vector<std::string> command) {
        engine::ContainerSpec spec;
        spec.image = "busybox";
        spec.command = std::move(command);
        spec.network_mode = "none";
        spec.labels["com.docker.compose.project"] = "demo";
        return spec;
    }

    std::string create(const engine::ContainerSpec& wanted) { return engine->containers().create(wanted); }
    std::string start(const engine::ContainerSpec& wanted) {
        const auto id = create(wanted);
        engine->containers().start(id);
        return id;
    }
    int wait(const std::string& id, engine::WaitFor what = engine::WaitFor::not_running) {
        return engine->containers().wait(id, what, os::Cancel());
    }
    // Output of both streams, lines joined.
    std::string logs(const std::string& id, engine::LogOptions options = {}) {
        std::string out;
        engine->containers().logs(
            id, options, [&](const engine::LogLine& line) { out += line.text + (line.partial ? "" : "\n"); },
            os::Cancel());
        return out;
    }
    std::string run(const engine::ContainerSpec& wanted) {
        const auto id = start(wanted);
        wait(id);
        return logs(id);
    }
    struct Result {
        int code = 0;
        std::string out, err;
    };
    Result exec(const std::string& id, std::vector<std::string> command, engine::ExecSpec wanted = {}) {
        wanted.command = std::move(command);
        const auto running = engine->containers().exec(id, wanted);
        Result result;
        running->streams().receive(
            [&](engine::StreamKind kind, std::string_view bytes) {
                (kind == engine::StreamKind::stderr_ ? result.err : result.out) += bytes;
            },
            os::Cancel());
        result.code = running->wait(os::Cancel());
        return result;
    }
    std::string error_of(const std::function<void()>& work) {
        try {
            work();
        } catch (const base::Error& error) { return error.what(); }
        return "no error";
    }
    // Until an event of that action on that container has come, also if it came before.
    void await(const std::string& id, const std::string& action) {
        engine::EventOptions options;
        options.since = engine::Time(std::chrono::nanoseconds(1));
        const os::Cancel cancel;
        try {
            engine->system().events(
                options,
                [&](const engine::Event& event) {
                    if (event.id == id && event.action == action) cancel.cancel();
                },
                cancel);
        } catch (const base::Cancelled&) {}
    }

    void await_output(const std::string& id, std::string_view text) {
        const os::Cancel cancel;
        try {
            engine->containers().logs(
                id, {.follow = true},
                [&](const engine::LogLine& line) {
                    if (line.text == text) cancel.cancel();
                },
                cancel);
        } catch (const base::Cancelled&) {}
    }
    // A thread that ends once `action` has been told of the container so many times, from now on.
    std::unique_ptr<os::Scope> counter(const std::string& id, const std::string& action, int times) {
        auto follower = std::make_shared<records::EventLog::Follower>(records::EventLog(paths.run).follow_from_end());
        auto scope = std::make_unique<os::Scope>();
        scope->spawn([=, cancel = scope->cancel()]() mutable {
            follower->wait(
                [&](const engine::Event& event) { return !(event.id == id && event.action == action && --times == 0); },
                cancel);
        });
        return scope;
    }
    // Ids of the processes that supervise in our folders.
    std::vector<pid_t> supervisors() const {
        std::vector<pid_t> out;
        for (const auto& name : os::list_folder("/proc")) {
            const auto pid = base::to_int(name);
            const auto line = pid ? os::read_file_if_exists(base::cat("/proc/", name, "/cmdline")) : std::nullopt;
            if (line && line->find("supervise") != std::string::npos && line->find(paths.run) != std::string::npos)
                out.push_back(static_cast<pid_t>(*pid));
        }
        return out;
    }
    // The supervisor of project demo holds its lock as long as it lives.
    void await_supervisor_gone() const { os::FileLock::wait(paths.run + "/projects/demo/lock"); }

    os::TempFolder temp;
    EnginePaths paths;
    std::unique_ptr<engine::Engine> engine;
};

}  // namespace tutti::embedded::test
