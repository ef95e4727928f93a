// For the tests of this room: a root file system out of the machine's static busybox, a run folder, boxes that go away.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/runtime.h"
#include "embedded/shim/program.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime::test {

class BoxTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0 || !os::exists("/bin/busybox"))
            GTEST_SKIP() << "needs root and /bin/busybox (busybox-static)";
        run_dir = temp.path() + "/run";
        os::make_folders(run_dir);
        make_root(root());
        runtime = make({run_dir, temp.path() + "/cache"});
    }
    virtual std::unique_ptr<Runtime> make(const NativeOptions& options) { return make_native(options); }
    void TearDown() override {
        for (const Box& box : boxes) {
            try {
                runtime->remove(box, true);
            } catch (const base::Error& error) { ADD_FAILURE() << error.what(); }
        }
    }

    std::string root() const { return temp.path() + "/root"; }
    static void make_root(const std::string& path) {
        for (const char* folder : {"/bin", "/etc", "/proc", "/sys", "/dev", "/tmp", "/root"})
            os::make_folders(path + folder, 0755);
        os::write_file(path + "/bin/busybox", os::read_file("/bin/busybox"), 0755);
        for (const char* name :
             {"sh", "cat", "echo",  "id",       "sleep", "true", "ls",   "mount", "hostname", "test", "stat", "kill",
              "dd", "env", "touch", "readlink", "wc",    "tty",  "stty", "head",  "mkdir",    "grep", "chown"})
            ASSERT_EQ(::symlink("busybox", (path + "/bin/" + name).c_str()), 0);
        os::write_file(path + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:web:/home/web:/bin/sh\n",
                       0644);
        os::write_file(path + "/etc/group", "root:x:0:\nweb:x:1001:\nstaff:x:50:web\n", 0644);
    }

    BoxRequest request(std::vector<std::string> args) const {
        BoxRequest out;
        out.id = base::cat("t", ::getpid(), "-", boxes.size());
        out.args = std::move(args);
        out.root = root();
        out.cgroup_parent = "/tutti-test";
        return out;
    }
    CreateOptions options(const BoxRequest& request) const {
        CreateOptions out;
        out.id = request.id;
        out.folder = base::cat(temp.path(), "/boxes/", request.id);
        os::make_folders(out.folder);
        out.log.path = out.folder + "/log";
        out.wait_acknowledge = false;
        return out;
    }
    Box create(const BoxRequest& request, CreateOptions create_options) {
        Box box = runtime->create(to_spec(request, Machine::look()), std::move(create_options));
        boxes.push_back(box);
        return box;
    }
    Box start(const BoxRequest& request) {
        CreateOptions with_start = options(request);
        with_start.start = true;
        return create(request, std::move(with_start));
    }
    static shim::ExitRecord wait(const Box& box) {
        try {
            shim::Client client = shim::Client::connect(box.folder);
            client.subscribe(shim::Role::observer);
            const auto until = os::Clock::now() + std::chrono::seconds(20);
            while (auto event = client.next(os::Cancel(), until)) {
                if (const auto* exited = std::get_if<shim::Exited>(&*event)) return exited->record;
                if (std::holds_alternative<shim::Closed>(*event)) break;
            }
        } catch (const base::Error&) {  // it is over already
        }
        return shim::read_exit_record(box.folder).value_or(shim::ExitRecord{-1, 0, false, 0, 0});
    }
    // What it wrote to standard output (and error), from its log.
    static std::string output(const Box& box, std::string_view stream = "stdout") {
        std::string out;
        const auto text = os::read_file_if_exists(box.folder + "/log");
        for (const std::string_view line : base::split(text ? std::string_view(*text) : std::string_view(), '\n'))
            if (!line.empty()) {
                const doc::Node entry = doc::parse_json(line, "log");
                if (entry.text_or("stream") == stream) out += entry.text_or("log");
            }
        return out;
    }
    // Runs a shell line to its end.
    std::string shell(std::string line, int* code = nullptr) {
        return run(request({"/bin/sh", "-c", std::move(line)}), code);
    }
    std::string run(const BoxRequest& request, int* code = nullptr) {
        const Box box = start(request);
        const shim::ExitRecord record = wait(box);
        if (code) *code = record.code;
        return output(box);
    }

    os::TempFolder temp;
    std::string run_dir;
    std::unique_ptr<Runtime> runtime;
    std::vector<Box> boxes;
};

// The same contract for both makers: "native", or the name of an installed program.
class EachMaker : public BoxTest, public ::testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override {
        if (std::string_view(GetParam()) != "native" && !os::find_program("/usr/sbin:/usr/bin", GetParam()))
            GTEST_SKIP() << GetParam() << " is not installed";
        BoxTest::SetUp();
    }
    std::unique_ptr<Runtime> make(const NativeOptions& options) override {
        if (std::string_view(GetParam()) == "native") return make_native(options);
        return make_external(GetParam(), temp.path() + "/external", options);
    }
};
inline std::string maker_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace tutti::embedded::runtime::test
