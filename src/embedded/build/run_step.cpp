// RUN with its mounts: what goes into the key, what the box gets, and what must not stay in the layer.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/build/session.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;
using runtime::BoxMount;

namespace {

class RunStep {
  public:
    RunStep(StepContext& context, const build::Run& run) : context_(context), session_(context.session), run_(run) {
        words_ = words();
        for (const auto& mount : run_.mounts) mounts_.push_back(expanded(mount));
    }

    void run() {
        extend_key();
        layer_step(context_, history_text(), [&](const StepFolder& step, int progress) {
            // Bind mounts of stages and images are overlays: they must exist where the box is made, and only there.
            with_private_mounts([&] { make(step, progress); });
        });
    }

  private:
    const StageState& state() const { return context_.state; }

    // RUN <<EOF: the document is the script, or a program by its #! line; RUN cat <<EOF leaves it to the shell.
    std::vector<std::string> words() const {
        if (run_.heredocs.empty() || run_.command.exec_form) return command_words(run_.command, state());
        const bool script = run_.heredocs.size() == 1 && base::trim(run_.command.line).starts_with("<<") &&
                            base::trim(run_.command.line).find_first_of(" \t") == std::string_view::npos;
        const Heredoc& first = run_.heredocs.front();
        if (script && first.content.starts_with("#!")) {
            std::string_view line = std::string_view(first.content).substr(2);
            line = base::trim(line.substr(0, line.find('\n')));
            std::vector<std::string> out;
            for (const auto word : base::split(line, ' '))
                if (!word.empty()) out.emplace_back(word);
            out.emplace_back(script_target);
            return out;
        }
        std::vector<std::string> out = state().shell();
        if (script) {
            out.push_back(first.content);
            return out;
        }
        std::string line = run_.command.line;
        for (const auto& heredoc : run_.heredocs) line += cat('\n', heredoc.content, heredoc.name);
        out.push_back(cat(line, '\n'));
        return out;
    }

    bool needs_script() const { return !words_.empty() && words_.back() == script_target; }

    MountFlag expanded(MountFlag mount) const {
        for (std::string* text : {&mount.from, &mount.source, &mount.target, &mount.id, &mount.environment})
            *text = state().expanded(*text, session_.escape);
        if (mount.type == "secret" && mount.id.empty())
            mount.id = std::string(base::path::last(mount.source.empty() ? mount.target : mount.source));
        if (mount.type == "secret" && mount.target.empty() && mount.environment.empty())
            mount.target = cat("/run/secrets/", mount.id);
        if (mount.type == "ssh" && mount.id.empty()) mount.id = "default";
        if (mount.type == "ssh" && mount.target.empty()) mount.target = "/run/buildkit/ssh_agent.0";
        if (mount.type == "cache" && mount.id.empty()) mount.id = base::path::clean(mount.target);
        if (!mount.target.empty()) mount.target = next_workdir(state(), mount.target);
        if (mount.target == "/") throw Error(ErrorKind::invalid, "a mount cannot cover /", "choose a folder below it");
        return mount;
    }

    Source source_of(const MountFlag& mount) const {
        const std::size_t index = static_cast<std::size_t>(&context_.stage - session_.stages.all.data());
        return session_.stages.find(mount.from, index, session_.request);
    }

    void extend_key() {
        std::string text = "RUN";
        for (const auto& word : words_) text += cat(' ', word.size(), ':', word);
        if (needs_script()) text += cat(" script ", base::Digest::of(run_.heredocs.front().content).to_text());
        text += cat(" network ", run_.network, " security ", run_.security);
        for (const auto& [name, value] : state().args)
            if (!is_predefined_arg(name)) text += cat(" arg ", name, '=', value);
        for (const auto& mount : mounts_) {
            text += cat(" mount ", mount.type, ' ', mount.from, ' ', mount.source, ' ', mount.target);
            if (mount.type != "bind") continue;
            origins_.push_back(mount.from.empty() ? session_.main_context()
                                                  : session_.origin_of(source_of(mount), context_.stage.platform));
            const Origin& origin = origins_.back();
            text += cat(' ', origin.is_context ? context_digest(origin, mount.source).to_text() : origin.key.to_text());
        }
        context_.state.extend_key(text);
    }

    static base::Digest context_digest(const Origin& origin, const std::string& source) {
        Selection selection;
        selection.root = &origin.folder;
        selection.ignore = &origin.ignore;
        const std::string path = base::path::clean(cat('/', source));
        return content_digest(selection, {path == "/" ? "." : path.substr(1)});
    }

    // BuildKit's form: the ARGs in force stand before the command.
    std::string history_text() const {
        std::string out = "RUN ";
        if (const auto declared =
                std::ranges::count_if(state().args, [](const auto& arg) { return !is_predefined_arg(arg.first); });
            declared > 0) {
            out += cat('|', declared, ' ');
            for (const auto& [name, value] : state().args)
                if (!is_predefined_arg(name)) out += cat(name, '=', value, ' ');
        }
        for (const auto& word : words_) out += cat(word, ' ');
        return cat(out, "# buildkit");
    }

    void make(const StepFolder& step, int progress) {
        RunRequest request;
        request.id = cat("build-", session_.id, '-', progress);
        request.words = words_;
        request.environment = state().run_environment();
        request.user = state().config.run.user;
        request.working_dir = state().config.run.working_dir;
        request.lower = session_.lowers(state());
        request.privileged = session_.spec.privileged || run_.security == "insecure";
        request.shm_size = session_.spec.shm_size;
        for (const auto& limit : session_.spec.ulimits) request.ulimits.push_back({limit.name, limit.soft, limit.hard});
        for (const auto& host : session_.spec.extra_hosts) {
            const auto cut = host.find_first_of("=:");
            if (cut != std::string::npos) request.extra_hosts.emplace_back(host.substr(0, cut), host.substr(cut + 1));
        }
        allow(request);
        const RunNetwork network = open_network();
        request.network = &network;
        add_mounts(step, request);
        const auto since = os::Clock::now();
        const int code = run_step(
            session_.runtime, session_.machine, session_.options.run_folder, step, request,
            [&](std::string_view bytes) { print(progress, since, bytes); }, session_.cancel);
        if (!pending_.empty()) session_.progress.line(progress, since, std::exchange(pending_, {}));
        if (code != 0) {
            throw Error(
                ErrorKind::invalid,
                cat("process \"", base::join(words_, " "), "\" did not complete successfully: exit code: ", code),
                last_lines_.empty() ? std::string() : cat("its last output:\n", base::join(last_lines_, "\n")));
        }
    }

    void allow(const RunRequest& request) const {
        if (!request.privileged || session_.spec.privileged) return;
        const auto& granted = session_.spec.entitlements;
        if (std::ranges::find(granted, "security.insecure") == granted.end())
            throw Error(ErrorKind::denied, "security.insecure is not allowed",
                        "grant it: --allow security.insecure, or entitlements in the file");
    }

    RunNetwork open_network() const {
        std::string mode = run_.network.empty() ? session_.spec.network : run_.network;
        if (mode.empty()) mode = "default";
        if (mode == "host" && run_.network == "host" && session_.spec.network != "host") {
            const auto& granted = session_.spec.entitlements;
            if (std::ranges::find(granted, "network.host") == granted.end())
                throw Error(ErrorKind::denied, "network.host is not allowed",
                            "grant it: --allow network.host, or entitlements in the file");
        }
        if (mode == "none") {
            RunNetwork out;
            out.share.kind = runtime::Share::Kind::own;
            out.hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
            return out;
        }
        return session_.options.network(mode);
    }

    void print(int progress, os::Clock::time_point since, std::string_view bytes) {
        pending_ += bytes;
        for (auto newline = pending_.find('\n'); newline != std::string::npos; newline = pending_.find('\n')) {
            std::string line = pending_.substr(0, newline);
            pending_.erase(0, newline + 1);
            if (line.ends_with('\r')) line.pop_back();
            session_.progress.line(progress, since, line);
            last_lines_.push_back(std::move(line));
            if (last_lines_.size() > 10) last_lines_.erase(last_lines_.begin());
        }
    }

    void add_mounts(const StepFolder& step, RunRequest& request) {
        std::size_t bind = 0;
        for (const auto& mount : mounts_) {
            if (mount.type == "bind")
                add_bind(step, request, mount, origins_[bind++]);
            else if (mount.type == "cache")
                add_cache(step, request, mount);
            else if (mount.type == "tmpfs")
                add_tmpfs(request, mount);
            else if (mount.type == "secret")
                add_secret(request, mount);
            else if (mount.type == "ssh")
                add_ssh(request, mount);
        }
        if (needs_script()) {
            const std::string path = cat(step.make("script"), "/heredoc");
            os::write_file(path, run_.heredocs.front().content, 0755);
            add(request, path, script_target, true);
        }
    }

    void add(RunRequest& request, const std::string& source, const std::string& target, bool read_only) {
        request.mounts.push_back(
            {.kind = BoxMount::Kind::bind, .source = source, .target = target, .read_only = read_only});
        request.stubs.push_back(base::path::clean(target).substr(1));
    }

    // Read-only unless rw is said; what is written then goes to an overlay that is thrown away.
    void add_bind(const StepFolder& step, RunRequest& request, const MountFlag& mount, const Origin& origin) {
        const std::string name = cat("bind-", request.mounts.size());
        std::vector<std::string> lower = origin.lower;
        if (origin.is_context) lower = {context_folder(step, origin, name)};
        const std::string at = step.make(name + "-at");
        const bool write = mount.read_write;
        mount_overlay(lower.size() == 1 && !write ? std::vector<std::string>{lower[0], step.empty()} : lower,
                      write ? step.make(name + "-upper") : "", write ? step.make(name + "-work") : "", step, at);
        const std::string source = base::path::clean(cat('/', mount.source));
        const os::Fd root = os::open(at, O_RDONLY | O_DIRECTORY);
        Selection selection;
        selection.root = &root;
        selection.patterns = {source == "/" ? "." : source.substr(1)};
        expand_patterns(selection);  // not found is said here, in the usual words
        add(request, resolved(at, source), mount.target, !write);
    }

    // A link in the source must not lead out: what is bound is the place that it means inside.
    static std::string resolved(const std::string& root, const std::string& source) {
        std::string at = root;
        for (const auto part : base::split(std::string_view(source).substr(1), '/')) {
            if (part.empty()) continue;
            at += cat('/', part);
            struct stat st {};
            if (::lstat(at.c_str(), &st) == 0 && S_ISLNK(st.st_mode))
                throw Error(ErrorKind::unsupported, cat("the source ", source, " of a bind mount is a symbolic link"),
                            "name what it points to");
        }
        return at;
    }

    // The files of the context that .dockerignore leaves, as a folder.
    static std::string context_folder(const StepFolder& step, const Origin& origin, const std::string& name) {
        const std::string folder = step.make(name + "-context");
        Selection selection;
        selection.root = &origin.folder;
        selection.ignore = &origin.ignore;
        const os::Fd root = os::open(folder, O_RDONLY | O_DIRECTORY);
        copy_to(selection, {"."}, {.root = &root, .path = ".", .folder = true});
        return folder;
    }

    void add_cache(const StepFolder& step, RunRequest& request, const MountFlag& mount) {
        if (!mount.from.empty() || (!mount.source.empty() && mount.source != "/"))
            throw Error(ErrorKind::unsupported, "a cache mount with from= or source= is not supported",
                        "fill it in a RUN of its own");
        auto folder = session_.cache.mount_folder(mount.id, mount.sharing);
        if (folder.fresh) {
            if (::chown(folder.path.c_str(), mount.uid, mount.gid) != 0)
                base::throw_errno(cat("changing the owner of ", folder.path));
            if (::chmod(folder.path.c_str(), mount.mode.value_or(0755)) != 0)
                base::throw_errno(cat("changing the mode of ", folder.path));
        }
        add(request, folder.path, mount.target, mount.read_only);
        cache_folders_.push_back(std::move(folder));
        (void)step;
    }

    void add_tmpfs(RunRequest& request, const MountFlag& mount) {
        request.mounts.push_back({.kind = BoxMount::Kind::tmpfs, .target = mount.target, .tmpfs_size = mount.size});
        request.stubs.push_back(base::path::clean(mount.target).substr(1));
    }

    void add_secret(RunRequest& request, const MountFlag& mount) {
        const auto& all = session_.spec.secrets;
        const auto secret = std::ranges::find(all, mount.id, &engine::BuildSecret::id);
        if (secret == all.end()) {
            if (mount.required)
                throw Error(ErrorKind::not_found, cat("secret ", mount.id, ": not found"),
                            cat("give it: --secret id=", mount.id, ",src=FILE"));
            return;
        }
        const std::string content = secret->has_value ? secret->environment_value : os::read_file(secret->file);
        if (!mount.environment.empty()) request.environment.push_back(cat(mount.environment, '=', content));
        if (mount.target.empty()) return;
        if (!secrets_) secrets_.emplace(session_.options.run_folder, "secrets-");
        const std::string path = cat(secrets_->path(), '/', request.mounts.size());
        os::write_file(path, content, 0400);
        if (::chmod(path.c_str(), mount.mode.value_or(0400)) != 0 || ::chown(path.c_str(), mount.uid, mount.gid) != 0)
            base::throw_errno(cat("preparing secret ", mount.id));
        add(request, path, mount.target, true);
    }

    void add_ssh(RunRequest& request, const MountFlag& mount) {
        const auto given = session_.spec.ssh.find(mount.id);
        std::string socket = given == session_.spec.ssh.end() ? std::string() : given->second;
        if (given != session_.spec.ssh.end() && socket.empty()) {
            const auto agent = session_.options.environment.find("SSH_AUTH_SOCK");
            if (agent != session_.options.environment.end()) socket = agent->second;
        }
        if (socket.empty()) {
            if (mount.required)
                throw Error(ErrorKind::not_found, cat("unset ssh forward key ", mount.id),
                            cat("give it: --ssh ", mount.id, ", with an agent running"));
            return;
        }
        add(request, socket, mount.target, false);
        request.environment.push_back(cat("SSH_AUTH_SOCK=", mount.target));
    }

    static constexpr const char* script_target = "/dev/pipes/heredoc";

    StepContext& context_;
    Session& session_;
    const build::Run& run_;
    std::vector<std::string> words_;
    std::vector<MountFlag> mounts_;
    std::vector<Origin> origins_;  // of the bind mounts, in order
    std::vector<Cache::MountFolder> cache_folders_;
    std::optional<os::TempFolder> secrets_;
    std::string pending_;
    std::vector<std::string> last_lines_;
};

}  // namespace

void run_step(StepContext& context, const build::Run& run) { RunStep(context, run).run(); }

}  // namespace tutti::embedded::build
