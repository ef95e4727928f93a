#include "embedded/images/bootstrap.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "oci/pack.h"
#include "os/process.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

namespace {

constexpr std::string_view path_variable = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string quoted(std::string_view text) { return cat('\'', base::replace_all(text, "'", "'\\''"), '\''); }

class HashSink : public base::Sink {
  public:
    void write(std::string_view bytes) override { hasher_.add(bytes); }
    std::string finish() { return hasher_.finish().to_text(); }

  private:
    base::Hasher hasher_;
};

bool is_folder(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) throw_errno(cat("copying ", path));
    return S_ISDIR(st.st_mode);
}

// Whatever decides the layer's content, the copied files' included.
Digest key_of(const Bootstrap& wanted) {
    doc::Node node = doc::Node::map();
    node.set("version", doc::Node(std::int64_t{1}));
    node.set("suite", doc::Node(wanted.suite));
    node.set("variant", doc::Node(wanted.variant));
    node.set("mirror", doc::Node(wanted.mirror));
    node.set("components", doc::Node::texts(wanted.components));
    node.set("include", doc::Node::texts(wanted.include));
    node.set("run", doc::Node::texts(wanted.run));
    doc::Node& copies = node.set("copy", doc::Node::list());
    for (const auto& [from, to] : wanted.copy) {
        std::string content;
        if (is_folder(from)) {
            HashSink hash;
            oci::pack(os::open(from, O_RDONLY | O_DIRECTORY), hash);
            content = hash.finish();
        } else {
            struct stat st {};
            ::stat(from.c_str(), &st);
            content = cat(Digest::of(os::read_file(from)).to_text(), ' ', st.st_mode & 0777);
        }
        copies.push(doc::Node(cat(to, ' ', content)));
    }
    return Digest::of(doc::write_json(node));
}

// Copies go through the image's own tar and shell, inside its root: a link in there cannot lead them out.
std::string copy_hook(const std::string& from, const std::string& to) {
    if (is_folder(from))
        return cat("chroot \"$1\" mkdir -p ", quoted(to), " && tar -C ", quoted(from),
                   " -c --owner=0 --group=0 . | chroot \"$1\" tar -x --no-overwrite-dir -C ", quoted(to));
    std::string target = to;
    if (target.ends_with('/')) target += from.substr(from.rfind('/') + 1);
    struct stat st {};
    ::stat(from.c_str(), &st);
    const char* mode = (st.st_mode & 0111) != 0 ? "0755" : "0644";
    const std::string folder = target.substr(0, target.rfind('/') + 1);
    return cat("chroot \"$1\" mkdir -p ", quoted(folder), " && chroot \"$1\" sh -c 'cat > \"$0\" && chmod ", mode,
               " \"$0\"' ", quoted(target), " < ", quoted(from));
}

std::vector<std::string> command_line(const Bootstrap& wanted, const std::string& root, const std::string& archives) {
    std::vector<std::string> argv{"mmdebstrap",
                                  "--mode=root",
                                  "--format=directory",
                                  cat("--variant=", wanted.variant),
                                  "--skip=download/empty",
                                  "--skip=essential/unlink",
                                  "--aptopt=APT::Sandbox::User \"root\"",
                                  "--dpkgopt=force-unsafe-io"};  // a half made one is thrown away: nothing to sync
    if (!wanted.components.empty()) argv.push_back(cat("--components=", base::join(wanted.components, ",")));
    if (!wanted.include.empty()) argv.push_back(cat("--include=", base::join(wanted.include, ",")));
    const std::string inside = "\"$1\"/var/cache/apt/archives";
    argv.push_back(cat("--setup-hook=mkdir -p ", inside, "; cp -al ", quoted(archives), "/. ", inside));
    // The manual pages that some packages' links want, and what mmdebstrap's own settings would leave in the image.
    argv.push_back("--setup-hook=mkdir -p \"$1\"/usr/share/man/man1");
    for (const auto& [from, to] : wanted.copy) argv.push_back(cat("--customize-hook=", copy_hook(from, to)));
    for (const auto& command : wanted.run)
        argv.push_back(cat("--customize-hook=chroot \"$1\" sh -ec ", quoted(command)));
    argv.push_back(cat("--customize-hook=cp -aln ", inside, "/*.deb ", quoted(archives), "/ 2>/dev/null || :"));
    argv.push_back(
        "--customize-hook=cd \"$1\"/etc && rm -f apt/apt.conf.d/99mmdebstrap dpkg/dpkg.cfg.d/99mmdebstrap hostname "
        "resolv.conf");
    argv.push_back(wanted.suite);
    argv.push_back(root);
    if (!wanted.mirror.empty()) argv.push_back(wanted.mirror);
    return argv;
}

std::string find_program(const std::string& name) {
    if (auto program = os::find_program("/usr/local/bin:/usr/bin:/bin", name)) return *program;
    throw Error(ErrorKind::unsupported, cat(name, " is not installed"), cat("apt-get install ", name));
}

// Runs it, tells its steps, and on failure throws with its last lines.
void run_mmdebstrap(const Bootstrap& wanted, std::vector<std::string> argv, const std::string& id,
                    base::Reporter& reporter, const os::Cancel& cancel) {
    argv[0] = find_program(argv[0]);
    os::Command command;
    command.argv = std::move(argv);
    command.env = {std::string(path_variable), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                   "SOURCE_DATE_EPOCH=0", "TMPDIR=/tmp"};
    command.env.insert(command.env.end(), wanted.environment.begin(), wanted.environment.end());
    os::Pipe output = os::make_pipe();
    command.fds = {{output.write.get(), 1}, {output.write.get(), 2}};
    os::Process process = os::Process::spawn(command);
    output.write.reset();
    std::string tail, line;
    try {
        for (;;) {
            os::wait(output.read, POLLIN, cancel);
            char piece[4096];
            const ssize_t n = ::read(output.read.get(), piece, sizeof piece);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            for (const char c : std::string_view(piece, static_cast<std::size_t>(n))) {
                if (c != '\n') {
                    line += c;
                    continue;
                }
                if (line.starts_with("I: ") && !line.starts_with("I: running --"))  // hooks: our own plumbing
                    reporter.progress({id, "", base::Progress::State::working, "Bootstrapping", line.substr(3), 0, 0});
                tail += cat(line, '\n');
                line.clear();
            }
            if (tail.size() > 4000) tail.erase(0, tail.size() - 2000);
        }
    } catch (const base::Cancelled&) {  // it has mounts and folders of its own to clear away
        process.signal(SIGTERM);
        process.wait(os::Cancel(), os::Clock::now() + std::chrono::seconds(20));
        throw;
    }
    const auto status = process.wait(cancel);
    if (status && status->code == 0) return;
    throw Error(ErrorKind::unavailable, cat("mmdebstrap failed:\n", base::trim(tail)),
                "check the package names, the suite and the way to the mirror");
}

// No file is newer than the newest that came out of a package: what was generated meanwhile gets that time.
std::int64_t clamp_times(const std::string& root, std::int64_t started) {
    std::int64_t newest = 0;
    const std::function<void(const os::Fd&, bool)> walk = [&](const os::Fd& folder, bool clamp) {
        const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(folder.duplicate().release()), ::closedir);
        if (!dir) throw_errno(cat("reading ", root));
        ::rewinddir(dir.get());
        while (const dirent* entry = ::readdir(dir.get())) {
            const std::string_view name = entry->d_name;
            struct stat st {};
            if (name == "." || name == ".." || ::fstatat(folder.get(), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
                continue;
            if (S_ISDIR(st.st_mode))
                walk(os::open_at(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), clamp);
            if (!clamp) {
                if (st.st_mtim.tv_sec < started) newest = std::max<std::int64_t>(newest, st.st_mtim.tv_sec);
            } else if (st.st_mtim.tv_sec > newest) {
                const timespec times[2] = {{newest, 0}, {newest, 0}};
                ::utimensat(folder.get(), entry->d_name, times, AT_SYMLINK_NOFOLLOW);
            }
        }
    };
    const os::Fd top = os::open(root, O_RDONLY | O_DIRECTORY);
    walk(top, false);
    walk(top, true);
    return newest;
}

struct Made {
    Digest layer;
    std::int64_t time = 0;
};

std::optional<Made> made_before(const store::Store& store, const std::string& record) {
    const auto text = os::read_file_if_exists(record);
    if (!text) return std::nullopt;
    const doc::Node node = doc::parse_json(*text, record);
    const auto layer = Digest::parse(node.text_or("layer"));
    if (!layer || !store.has_layer(*layer)) return std::nullopt;
    return Made{*layer, node.int_or("time")};
}

}  // namespace

Image bootstrap(Images& images, store::Store& store, const oci::Reference& name, const Bootstrap& wanted,
                base::Reporter& reporter, os::Scope& scope) {
    const std::string id = cat("Image ", name.familiar()), folder = cat(store.root(), "/bootstrap"),
                      archives = cat(folder, "/archives");
    for (const auto& [from, to] : wanted.copy)
        if (!to.starts_with('/'))
            throw Error(ErrorKind::invalid, cat("the target of a copy is no absolute path: ", to));
    os::make_folders(archives, 0700);
    os::make_folders(cat(folder, "/made"), 0700);
    const std::string record = cat(folder, "/made/", key_of(wanted).hex(), ".json");
    const os::FileLock one_at_a_time = os::FileLock::wait(cat(folder, "/lock"));  // they share apt's archives
    const os::FileLock adding = store.adding();

    std::optional<Made> made = wanted.refresh ? std::nullopt : made_before(store, record);
    if (!made) {
        reporter.progress({id, "", base::Progress::State::working, "Bootstrapping", "", 0, 0});
        const os::TempFolder work(folder, "work-");
        const std::string root = cat(work.path(), "/root");
        const std::int64_t started =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
        run_mmdebstrap(wanted, command_line(wanted, root, archives), id, reporter, scope.cancel());
        const std::int64_t time = clamp_times(root, started);
        made = Made{images.add_layer(root, scope), time};
        doc::Node node = doc::Node::map();
        node.set("layer", doc::Node(made->layer.to_text()));
        node.set("time", doc::Node(made->time));
        os::write_file(record, cat(doc::write_json(node), '\n'));
    }
    oci::ImageConfig config;
    config.platform = oci::Platform::host();
    config.created = base::to_rfc3339(base::TimePoint(std::chrono::seconds(made->time)));
    config.run = wanted.config;
    const bool has_path =
        std::ranges::any_of(config.run.env, [](const std::string& one) { return one.starts_with("PATH="); });
    if (!has_path) config.run.env.insert(config.run.env.begin(), std::string(path_variable));
    config.diff_ids = {made->layer};
    config.history = {
        {config.created,
         cat("mmdebstrap ", wanted.suite, wanted.include.empty() ? "" : " ", base::join(wanted.include, ",")), "", "",
         false}};
    Image image = images.add_image(config, name);
    reporter.progress({id, "", base::Progress::State::done, "Bootstrapped", "", 0, 0});
    return image;
}

}  // namespace tutti::embedded::images
