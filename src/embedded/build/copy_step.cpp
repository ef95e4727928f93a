// COPY and ADD (Dockerfile reference): sources are found and digested first, so that an unchanged step costs no
// copying.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/build/archive.h"
#include "embedded/build/session.h"
#include "oci/unpack.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

class FileSink : public base::Sink {
  public:
    explicit FileSink(os::Fd fd) : fd_(std::move(fd)) {}
    void write(std::string_view bytes) override { os::write_all(fd_, bytes); }

  private:
    os::Fd fd_;
};

std::string relative(std::string_view path) {
    std::string out = base::path::clean(cat('/', path));
    return out == "/" ? "." : out.substr(1);
}

// One COPY or ADD, with everything in it expanded.
struct Plan {
    std::vector<std::string> patterns, urls;                 // local ones, cleaned; remote ones
    std::vector<std::pair<std::string, std::string>> files;  // of here-documents: name, content
    std::string destination;                                 // absolute
    bool folder = false;
    std::string chown, chmod;
};

Plan plan_of(const StepContext& context, const Copy& copy) {
    const StageState& state = context.state;
    const char escape = context.session.escape;
    Plan out;
    for (const auto& source : copy.sources) {
        const std::string text = state.expanded(source, escape);
        if (copy.add && (is_url(text) || is_git_url(text)))
            out.urls.push_back(text);
        else if (!copy.add && is_url(text))
            throw Error(ErrorKind::invalid, cat("source can't be a URL for COPY: ", text), "use ADD");
        else
            out.patterns.push_back(relative(text));
    }
    for (const auto& file : copy.files)
        out.files.emplace_back(file.name, file.expand ? state.expanded(file.content, escape) : file.content);
    const std::string to = state.expanded(copy.destination, escape);
    out.folder = to.ends_with('/') || to == "." || to.ends_with("/.") ||
                 out.patterns.size() + out.urls.size() + out.files.size() > 1;
    out.destination = next_workdir(state, to);
    out.chown = state.expanded(copy.chown, escape);
    out.chmod = state.expanded(copy.chmod, escape);
    const std::size_t several = out.patterns.size() + out.urls.size();
    if (several > 1 && !to.ends_with('/') && to != "." && !to.ends_with("/."))
        throw Error(ErrorKind::invalid,
                    cat("When using ", copy.add ? "ADD" : "COPY",
                        " with more than one source file, the destination must be a directory and end with a /"));
    return out;
}

void unpack_archive(const os::Fd& from, const std::string& path, const os::Fd& root, const std::string& to,
                    const os::Cancel& cancel) {
    make_folders_inside(root, to);
    const auto plain = open_archive(from, path, cancel);
    const os::Fd folder = to == "." ? root.duplicate() : os::open_at(root, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    oci::unpack(*plain, folder, {});
}

class CopyStep {
  public:
    CopyStep(StepContext& context, const Copy& copy)
        : context_(context), session_(context.session), copy_(copy), plan_(plan_of(context, copy)) {}

    void run() {
        if (!copy_.from.empty()) {
            const std::string name = context_.state.expanded(copy_.from, session_.escape);
            const std::size_t index = static_cast<std::size_t>(&context_.stage - session_.stages.all.data());
            origin_ = session_.origin_of(session_.stages.find(name, index, session_.request), context_.stage.platform);
        } else {
            origin_ = session_.main_context();
        }
        fetch_remotes();
        extend_key();
        layer_step(context_, history_text(), [&](const StepFolder& step, int) { make(step); });
    }

  private:
    // Remote sources come first, as their content is part of the key.
    void fetch_remotes() {
        for (const auto& url : plan_.urls) {
            if (!remote_) remote_.emplace(session_.options.folder, "add-");
            const std::string base = std::string(base::path::last(url.substr(0, url.find_first_of("?#"))));
            if (is_git_url(url)) {
                const std::string folder = cat(remote_->path(), "/git-", remotes_.size());
                fetch_git(url, folder, copy_.keep_git_dir, session_.options, session_.cancel);
                remotes_.push_back(relative(folder.substr(remote_->path().size())));
                continue;
            }
            const std::string path = cat(remote_->path(), '/', base.empty() ? "index" : base);
            if (!session_.options.fetch)
                throw Error(ErrorKind::unsupported, cat("ADD ", url, ": this builder fetches no URLs"));
            {
                FileSink sink(os::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
                const std::int64_t time = session_.options.fetch(url, sink, session_.cancel);
                const timespec times[2] = {{time, 0}, {time, 0}};
                ::utimensat(AT_FDCWD, path.c_str(), times, 0);
            }
            check_sum(path, url);
            remotes_.push_back(std::string(base::path::last(path)));
        }
    }

    void check_sum(const std::string& path, const std::string& url) const {
        if (copy_.checksum.empty()) return;
        const base::Digest wanted = base::Digest::require(context_.state.expanded(copy_.checksum, session_.escape));
        const base::Digest got = base::Digest::of(os::read_file(path));
        if (got != wanted)
            throw Error(ErrorKind::invalid,
                        cat("digest mismatch for ", url, ": ", got.to_text(), " (expected: ", wanted.to_text(), ")"));
    }

    void extend_key() {
        std::string text =
            cat(copy_.add ? "ADD" : "COPY", ' ', plan_.destination, ' ', plan_.folder ? "/" : "", ' ', plan_.chown, ' ',
                plan_.chmod, ' ', copy_.parents ? "parents" : "", ' ', copy_.unpack.value_or(true) ? "" : "packed");
        if (!plan_.patterns.empty()) {
            if (origin_.is_context) {
                const Selection selection = select(origin_.folder);
                sources_ = expand_patterns(selection);
                text += cat(" context ", content_digest(selection, sources_).to_text());
            } else {
                text += cat(" from ", origin_.key.to_text());
            }
            for (const auto& pattern : plan_.patterns) text += cat(' ', pattern);
        }
        if (remote_) {
            Selection selection;
            const os::Fd root = os::open(remote_->path(), O_RDONLY | O_DIRECTORY);
            selection.root = &root;
            text += cat(" remote ", content_digest(selection, remotes_).to_text());
        }
        for (const auto& [name, content] : plan_.files)
            text += cat(" file ", name, ' ', base::Digest::of(content).to_text());
        for (const auto& pattern : copy_.exclude) text += cat(" exclude ", pattern);
        context_.state.extend_key(text);
    }

    Selection select(const os::Fd& root) const {
        Selection out;
        out.root = &root;
        out.ignore = origin_.is_context ? &origin_.ignore : nullptr;
        out.patterns = plan_.patterns;
        out.exclude = IgnoreRules(base::join(copy_.exclude, "\n"));
        out.own_owners = !origin_.is_context;
        return out;
    }

    std::string history_text() const {
        std::string out = copy_.add ? "ADD" : "COPY";
        for (const auto& pattern : plan_.patterns) out += cat(' ', pattern);
        for (const auto& url : plan_.urls) out += cat(' ', url);
        for (const auto& [name, content] : plan_.files) out += cat(" <<", name);
        return cat(out, ' ', plan_.destination, plan_.folder && !plan_.destination.ends_with('/') ? "/" : "",
                   " # buildkit");
    }

    void make(const StepFolder& step) {
        with_private_mounts([&] {
            const os::Fd root =
                mount_overlay(session_.lowers(context_.state), step.upper(), step.work(), step, step.root());
            Destination to;
            to.root = &root;
            to.path = relative(plan_.destination);
            to.folder = plan_.folder;
            to.parents = copy_.parents;
            if (!plan_.chown.empty()) to.owner = find_owner(root, plan_.chown);
            if (!plan_.chmod.empty()) to.chmod = ModeChange::parse(plan_.chmod);
            if (!plan_.patterns.empty()) copy_local(step, to);
            copy_remotes(to);
            for (const auto& [name, content] : plan_.files) write_file(step, to, name, content);
        });
    }

    void copy_local(const StepFolder& step, const Destination& to) {
        if (origin_.is_context) {
            copy_from(select(origin_.folder), sources_, to);
            return;
        }
        const os::Fd from = mount_overlay(origin_.lower, "", "", step, step.make("from"));
        const Selection selection = select(from);
        copy_from(selection, expand_patterns(selection), to);
    }

    void copy_from(const Selection& selection, const std::vector<std::string>& sources, const Destination& to) {
        std::vector<std::string> plain;
        for (const auto& source : sources) {
            const bool unpack = copy_.add && copy_.unpack.value_or(true) && looks_like_archive(*selection.root, source);
            if (unpack)
                unpack_archive(*selection.root, source, *to.root, to.path, session_.cancel);
            else
                plain.push_back(source);
        }
        if (!plain.empty()) copy_to(selection, plain, to);
    }

    void copy_remotes(const Destination& to) {
        if (!remote_) return;
        Selection selection;
        const os::Fd root = os::open(remote_->path(), O_RDONLY | O_DIRECTORY);
        selection.root = &root;
        for (const auto& source : remotes_) {
            if (copy_.unpack.value_or(false) && looks_like_archive(root, source))
                unpack_archive(root, source, *to.root, to.path, session_.cancel);
            else
                copy_to(selection, {source}, to);
        }
    }

    void write_file(const StepFolder& step, const Destination& to, const std::string& name,
                    const std::string& content) {
        const std::string folder = step.make("files");
        const std::string base(base::path::last(name));
        os::write_file(cat(folder, '/', base), content, 0644);
        Selection selection;
        const os::Fd root = os::open(folder, O_RDONLY | O_DIRECTORY);
        selection.root = &root;
        copy_to(selection, {base}, to);
        os::remove_file(cat(folder, '/', base));
    }

    StepContext& context_;
    Session& session_;
    const Copy& copy_;
    Plan plan_;
    Origin origin_;
    std::vector<std::string> sources_, remotes_;
    std::optional<os::TempFolder> remote_;
};

}  // namespace

void copy_step(StepContext& context, const Copy& copy) { CopyStep(context, copy).run(); }

}  // namespace tutti::embedded::build
