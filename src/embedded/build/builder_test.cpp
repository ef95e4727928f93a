// Whole builds of small Dockerfiles over an image of busybox alone, in a store of their own. Needs root.
#include "embedded/build/builder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/reference.h"
#include "os/process.h"

namespace tutti::embedded::build {
namespace {

class Workshop : public testing::Test {
  protected:
    Workshop() {
        const std::string base = top.path() + "/base";
        os::make_folders(base + "/bin", 0755);
        os::make_folders(base + "/etc", 0755);
        os::write_file(base + "/bin/busybox", os::read_file("/bin/busybox"), 0755);
        for (const char* name :
             {"sh", "cat", "ls", "echo", "id", "mkdir", "true", "false", "sed", "stat", "test", "sleep"})
            if (::symlink("busybox", (base + "/bin/" + name).c_str()) != 0) std::abort();
        os::write_file(base + "/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:101:102::/:/bin/sh\n", 0644);
        os::write_file(base + "/etc/group", "root:x:0:\nstaff:x:50:\n", 0644);
        os::Scope scope;
        oci::ImageConfig config;
        config.platform = oci::Platform::host();
        config.run.env = {"PATH=/bin"};
        config.run.cmd = {"/bin/sh"};
        config.diff_ids = {images.add_layer(base, scope)};
        config.history = {{.created = "2026-01-01T00:00:00Z", .created_by = "base"}};
        images.add_image(config, oci::Reference::parse("base"));
        os::make_folders(context, 0755);
    }

    void file(const std::string& name, std::string_view content, unsigned mode = 0644) {
        const auto slash = name.rfind('/');
        if (slash != std::string::npos) os::make_folders(context + "/" + name.substr(0, slash), 0755);
        os::write_file(context + "/" + name, content, mode);
        ASSERT_EQ(::chmod((context + "/" + name).c_str(), mode), 0);
    }

    std::string build(std::string_view dockerfile, engine::BuildSpec spec = {}) {
        os::write_file(context + "/Dockerfile", dockerfile, 0644);
        if (spec.context.empty()) spec.context = context;
        if (spec.tags.empty()) spec.tags = {"result"};
        output.clear();
        base::QuietReporter reporter;
        return builder.build(
            spec, reporter, [&](std::string_view text) { output += text; }, os::Cancel());
    }

    std::string failure(std::string_view dockerfile, engine::BuildSpec spec = {}) {
        try {
            build(dockerfile, std::move(spec));
        } catch (const base::Error& error) { return error.what(); }
        return "no error";
    }

    // The path of a file in the result, looked for from the topmost layer down.
    std::string path_of(const std::string& name) const {
        const auto image = images.require("result");
        for (const auto& folder : store.lower_folders(image.record))
            if (os::exists(folder + "/" + name)) return folder + "/" + name;
        return {};
    }
    std::string content(const std::string& name) const {
        return path_of(name).empty() ? "(absent)" : os::read_file(path_of(name));
    }
    struct stat stat_of(const std::string& name) const {
        struct stat st {};
        ::lstat(path_of(name).c_str(), &st);
        return st;
    }
    const oci::RunConfig run_config() const { return images.require("result").config.run; }
    std::size_t count(std::string_view word) const {
        std::size_t n = 0;
        for (auto at = output.find(word); at != std::string::npos; at = output.find(word, at + 1)) ++n;
        return n;
    }

    os::TempFolder top;
    std::string context = top.path() + "/context", output;
    store::Store store{top.path() + "/root"};
    images::Images images{store, oci::Registries()};
    std::unique_ptr<runtime::Runtime> runtime =
        runtime::make_native({.run_dir = top.path() + "/run", .cache_dir = top.path() + "/root/cache"});
    Builder builder{{.folder = top.path() + "/root/build",
                     .run_folder = top.path() + "/run/build",
                     .environment = {},
                     .network = [](const std::string&) { return RunNetwork{}; },
                     .fetch = {}},
                    store,
                    images,
                    *runtime};
};

TEST_F(Workshop, RunsCopiesAndRemembers) {
    file("app/main.txt", "hello");
    constexpr std::string_view text =
        "FROM base\nWORKDIR /srv\nCOPY app/ .\nRUN cat main.txt > out && echo said\nENV A=1\nCMD [\"/bin/cat\", "
        "\"out\"]\n";
    const std::string first = build(text);
    EXPECT_EQ(content("srv/out"), "hello");
    EXPECT_NE(output.find("said"), std::string::npos) << output;
    EXPECT_EQ(run_config().cmd, (std::vector<std::string>{"/bin/cat", "out"}));
    EXPECT_EQ(run_config().working_dir, "/srv");
    EXPECT_EQ(build(text), first) << "an unchanged build gives the same image";
    EXPECT_EQ(count("CACHED"), 4U) << output;
    file("app/main.txt", "changed");
    EXPECT_NE(build(text), first);
    EXPECT_EQ(content("srv/out"), "changed");
}

TEST_F(Workshop, AddUnpacksWhatBzip2AndXzPacked) {
    file("inner/a", "packed");
    for (const std::string program : {"bzip2", "xz"}) {
        if (!os::find_program("/usr/bin:/bin", program)) GTEST_SKIP() << program << " is not installed";
        os::Command pack;
        pack.argv = {"/bin/sh", "-c", base::cat("tar -C inner -cf - . | ", program, " >x.tar")};
        pack.env = {"PATH=/usr/bin:/bin"};
        pack.cwd = context;
        ASSERT_EQ(os::Process::spawn(pack).wait(os::Cancel())->code, 0);
        build("FROM base\nADD x.tar /unpacked/\n");
        EXPECT_EQ(content("unpacked/a"), "packed") << program;
    }
    file("broken.tar", "BZh9 this is none");
    EXPECT_NE(failure("FROM base\nADD broken.tar /unpacked/\n").find("damaged"), std::string::npos);
}

TEST_F(Workshop, AddOfAUrlTakesItsBytesAndItsTime) {
    Builder online{{.folder = top.path() + "/root/build",
                    .run_folder = top.path() + "/run/build",
                    .environment = {},
                    .network = [](const std::string&) { return RunNetwork{}; },
                    .fetch =
                        [](const std::string& url, base::Sink& to, const os::Cancel&) {
                            to.write("from " + url);
                            return std::int64_t{1000};
                        }},
                   store,
                   images,
                   *runtime};
    engine::BuildSpec spec;
    spec.context = context;
    spec.dockerfile_inline = "FROM base\nADD http://example.org/tool.sh /\n";
    spec.tags = {"result"};
    base::QuietReporter quiet;
    os::Scope scope;
    online.build(
        spec, quiet, [](std::string_view) {}, scope.cancel());
    EXPECT_EQ(content("tool.sh"), "from http://example.org/tool.sh");
    EXPECT_EQ(stat_of("tool.sh").st_mode & 0777, 0600U);
    EXPECT_EQ(stat_of("tool.sh").st_mtim.tv_sec, 1000);
}

TEST_F(Workshop, TimesAloneDoNotCount) {
    file("a", "x");
    const std::string first = build("FROM base\nCOPY a /a\n");
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (context + "/a").c_str(), times, 0), 0);
    EXPECT_EQ(build("FROM base\nCOPY a /a\n"), first);
}

TEST_F(Workshop, StagesAreCopiedFrom) {
    build(
        "FROM base AS one\nRUN echo 1 > /one\nFROM base AS unused\nRUN false\nFROM scratch\nCOPY --from=one /one "
        "/uno\n");
    EXPECT_EQ(content("uno"), "1\n");
    EXPECT_EQ(images.require("result").record.layers.size(), 1U);
}

TEST_F(Workshop, OwnersAndModes) {
    file("x", "1", 0600);
    build(
        "FROM base\nCOPY --chown=web:staff x /a\nCOPY --chmod=755 x /b\nCOPY x /new/folder/\nCOPY --chown=7 "
        "--chmod=u=rwX,go=rX x /c\n");
    EXPECT_EQ(stat_of("a").st_uid, 101U);
    EXPECT_EQ(stat_of("a").st_gid, 50U);
    EXPECT_EQ(stat_of("a").st_mode & 07777, 0600U);
    EXPECT_EQ(stat_of("b").st_mode & 07777, 0755U);
    EXPECT_EQ(stat_of("new/folder/x").st_uid, 0U);
    EXPECT_EQ(stat_of("c").st_gid, 7U);
    EXPECT_EQ(stat_of("c").st_mode & 07777, 0644U);
}

TEST_F(Workshop, TheIgnoreFileIsKept) {
    file("keep", "1");
    file("drop/a", "1");
    file("drop/but", "2");
    file(".dockerignore", "drop\n!drop/but\n.dockerignore\n");
    build("FROM base\nCOPY . /all\n");
    EXPECT_EQ(content("all/keep"), "1");
    EXPECT_EQ(content("all/drop/but"), "2");
    EXPECT_EQ(content("all/drop/a"), "(absent)");
    EXPECT_NE(failure("FROM base\nCOPY drop/a /\n").find("\"/drop/a\": not found"), std::string::npos);
}

TEST_F(Workshop, ArgumentsAndVariables) {
    engine::BuildSpec spec;
    spec.args = {{"V", "two"}};
    build("ARG V=one\nFROM base\nARG V\nARG W=w-$V\nENV E=${W}\nRUN echo $V $W $E > /out\nLABEL l=\"$E x\"\n", spec);
    EXPECT_EQ(content("out"), "two w-two w-two\n");
    EXPECT_EQ(run_config().labels.at("l"), "w-two x");
    EXPECT_EQ(run_config().env, (std::vector<std::string>{"PATH=/bin", "E=w-two"}))
        << "an ARG does not stay in the image";
}

TEST_F(Workshop, MountsOfRunLeaveNothingBehind) {
    file("in", "seen");
    engine::BuildSpec spec;
    spec.secrets.push_back({.id = "key", .file = {}, .environment_value = "s3cret", .has_value = true});
    constexpr std::string_view text =
        "FROM base\nRUN --mount=type=bind,source=in,target=/mnt/in --mount=type=secret,id=key "
        "--mount=type=tmpfs,target=/scratch "
        "--mount=type=cache,target=/var/cache cat /mnt/in /run/secrets/key > /out; echo x >> /var/cache/n; cat "
        "/var/cache/n >> /out; echo y > /scratch/z\n";
    build(text, spec);
    EXPECT_EQ(content("out"), "seens3cretx\n");
    for (const char* path : {"mnt", "run", "scratch", "var", "proc", "sys", "dev", "etc/resolv.conf", "etc/hosts"})
        EXPECT_EQ(path_of(path), "") << path << " was only a mount point";
    spec.no_cache = true;
    build(text, spec);
    EXPECT_EQ(content("out"), "seens3cretx\nx\n") << "the cache outlives a build";
}

TEST_F(Workshop, HereDocuments) {
    build(
        "FROM base\nRUN <<EOF\necho one > /a\necho two >> /a\nEOF\nCOPY <<one <<'two' "
        "/d/\nv=$PATH\none\nv=$PATH\ntwo\nRUN <<EOF\n#!/bin/sh -e\necho script > /s\nEOF\n");
    EXPECT_EQ(content("a"), "one\ntwo\n");
    EXPECT_EQ(content("d/one"), "v=/bin\n");
    EXPECT_EQ(content("d/two"), "v=$PATH\n");
    EXPECT_EQ(content("s"), "script\n");
}

TEST_F(Workshop, AFailingStepSaysWhereAndWhy) {
    const std::string text = failure("FROM base\n\nRUN echo out of luck; exit 3\n");
    EXPECT_NE(text.find("Dockerfile:3: process \"/bin/sh -c echo out of luck; exit 3\" did not complete successfully: "
                        "exit code: 3"),
              std::string::npos)
        << text;
    EXPECT_NE(output.find("out of luck"), std::string::npos);
    EXPECT_NE(failure("FROM base\nCOPY nothing /\n").find("\"/nothing\": not found"), std::string::npos);
    EXPECT_NE(failure("FROM base\nCOPPY a b\n").find("unknown instruction: COPPY"), std::string::npos);
    EXPECT_NE(failure("FROM base\nRUN --mount=type=secret,id=no,required true\n").find("secret no: not found"),
              std::string::npos);
}

TEST_F(Workshop, LinksLeadNowhereOutside) {
    ASSERT_EQ(::symlink("/etc", (context + "/out").c_str()), 0);
    EXPECT_NE(failure("FROM base\nCOPY out/hostname /stolen\n").find("not found"), std::string::npos);
    file("x", "1");
    build(
        "FROM base\nRUN mkdir /real /escape && cd / && busybox ln -s /real /link && busybox ln -s ../../../../escape "
        "/up\nCOPY "
        "x /link/y\nCOPY x /up/z\n");
    EXPECT_EQ(content("real/y"), "1");
    EXPECT_EQ(content("escape/z"), "1") << "resolved inside the image";
}

TEST_F(Workshop, TriggersOfTheBaseRunFirst) {
    engine::BuildSpec spec;
    spec.tags = {"onbuild"};
    build("FROM base\nONBUILD RUN echo trigger > /t\n", spec);
    build("FROM onbuild\nRUN cat /t > /u\n");
    EXPECT_EQ(content("u"), "trigger\n");
    EXPECT_TRUE(run_config().on_build.empty());
}

TEST_F(Workshop, AnEntrypointForgetsTheBasesCommand) {
    build("FROM base\nENTRYPOINT [\"/bin/cat\"]\n");
    EXPECT_TRUE(run_config().cmd.empty());
    build("FROM base\nCMD a\nENTRYPOINT [\"/bin/cat\"]\n");
    EXPECT_EQ(run_config().cmd, (std::vector<std::string>{"/bin/sh", "-c", "a"}));
}

TEST_F(Workshop, NothingIsLeftOfAnyStep) {
    failure("FROM base\nRUN echo x > /x && false\n");
    for (const auto& name : os::list_folder(top.path() + "/root/build"))
        EXPECT_TRUE(name == "steps" || name == "mounts") << name;
    EXPECT_TRUE(os::list_folder(top.path() + "/run/build").empty());
}

}  // namespace
}  // namespace tutti::embedded::build
