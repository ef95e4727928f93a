#include "cli/publish_files.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "compose/remote.h"
#include "doc/yaml.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// A text with some of its scalars replaced: by their marks, the rest stays as a person wrote it.
class Rewriting {
  public:
    explicit Rewriting(std::string text) : text_(std::move(text)) {}

    void replace(const doc::Node& scalar, std::string with) {
        edits_.push_back({offset(scalar.mark()), scalar.as_text(), std::move(with)});
    }
    std::string result() && {
        std::sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.at > b.at; });
        for (const Edit& edit : edits_) {
            const char first = text_[edit.at];
            const bool quoted = first == '"' || first == '\'';
            const std::size_t end = quoted ? text_.find(first, edit.at + 1) : edit.at + edit.from.size() - 1;
            if (end == std::string::npos || (!quoted && text_.compare(edit.at, edit.from.size(), edit.from) != 0))
                throw Error(ErrorKind::unsupported, cat("cannot rewrite the path ", edit.from, " where it is written"),
                            "write it on one line, plain or in quotes");
            text_.replace(edit.at, end + 1 - edit.at, edit.to);
        }
        return std::move(text_);
    }

  private:
    struct Edit {
        std::size_t at;
        std::string from, to;
    };
    std::size_t offset(doc::Mark mark) const {
        std::size_t at = 0;
        for (std::size_t line = 1; line < mark.line; ++line) at = text_.find('\n', at) + 1;
        for (std::size_t column = 1; column < mark.column; ++column)  // in characters
            for (++at; at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xc0) == 0x80;) ++at;
        return at;
    }
    std::string text_;
    std::vector<Edit> edits_;
};

class Gathering {
  public:
    explicit Gathering(const Session& session) : files_(session.files) {}

    void add(const std::string& path, ArtifactFile::Kind kind, const std::string& name) {
        if (!seen_.insert(path).second) return;
        const std::string text = files_.read(path);
        doc::Sources sources;
        doc::Diagnostics diagnostics;
        const std::vector<doc::Node> documents = doc::read_yaml(text, sources.add(path, text), diagnostics);
        if (diagnostics.failed()) throw Error(ErrorKind::invalid, doc::to_text(diagnostics, sources));
        Rewriting rewriting(text);
        const std::string folder = base::path::folder(path);
        for (const doc::Node& document : documents) {
            refuse_local_includes(document);
            const doc::Node* services = document.find("services");
            if (!services || !services->is_map()) continue;
            for (const doc::Entry& service : services->entries()) {
                env_files(service.value, folder, rewriting);
                base_file(service.value, folder, rewriting);
            }
        }
        result_.push_back({kind, name, std::move(rewriting).result(), path});
    }

    std::vector<ArtifactFile> result() && {
        for (std::size_t i = 0; i < bases_.size(); ++i)  // they may name more
            add(bases_[i].first, ArtifactFile::Kind::base, bases_[i].second);
        for (const auto& [path, name] : env_files_)
            result_.push_back({ArtifactFile::Kind::env, name, files_.read(path), path});
        return std::move(result_);
    }

  private:
    static void refuse_local_includes(const doc::Node& document) {
        const auto refuse_if_local = [](const doc::Node& path) {
            if (path.is_text() && !compose::is_remote(path.as_text()))
                throw Error(ErrorKind::unsupported, "cannot publish compose file with local includes",
                            cat("publish ", path.as_text(), " too and include it as oci://…"));
        };
        const doc::Node* includes = document.find("include");
        if (!includes || !includes->is_list()) return;
        for (const doc::Node& include : includes->items()) {
            refuse_if_local(include);
            const doc::Node* path = include.find("path");
            if (path && path->is_list())
                for (const doc::Node& one : path->items()) refuse_if_local(one);
            else if (path)
                refuse_if_local(*path);
        }
    }

    static void refuse_variables(const std::string& path) {
        if (path.find('$') != std::string::npos)
            throw Error(ErrorKind::unsupported, cat("cannot publish a path with variables in it: ", path));
    }

    void env_file(const doc::Node& path, const std::string& folder, Rewriting& rewriting) {
        if (!path.is_text()) return;
        refuse_variables(path.as_text());
        const std::string absolute = base::path::absolute(path.as_text(), folder);
        const std::string name = base::Digest::of(absolute).hex() + ".env";
        if (files_.kind(absolute) != base::Files::Kind::absent) env_files_[absolute] = name;
        rewriting.replace(path, name);
    }

    void env_files(const doc::Node& service, const std::string& folder, Rewriting& rewriting) {
        const doc::Node* given = service.find("env_file");
        if (!given) return;
        env_file(*given, folder, rewriting);
        if (!given->is_list()) return;
        for (const doc::Node& one : given->items()) {
            env_file(one, folder, rewriting);
            if (const doc::Node* path = one.find("path")) env_file(*path, folder, rewriting);
        }
    }

    void base_file(const doc::Node& service, const std::string& folder, Rewriting& rewriting) {
        const doc::Node* file = service.find_path({"extends", "file"});
        if (!file || !file->is_text() || compose::is_remote(file->as_text())) return;
        refuse_variables(file->as_text());
        const std::string absolute = base::path::absolute(file->as_text(), folder);
        const std::string name = base::Digest::of(absolute).hex() + ".yaml";
        bases_.emplace_back(absolute, name);
        rewriting.replace(*file, name);
    }

    const base::Files& files_;
    std::set<std::string> seen_;
    std::vector<std::pair<std::string, std::string>> bases_;
    std::map<std::string, std::string> env_files_;
    std::vector<ArtifactFile> result_;
};

}  // namespace

std::vector<ArtifactFile> files_to_publish(const Session& session, const std::vector<std::string>& files) {
    Gathering gathering(session);
    for (const std::string& file : files) {
        if (file == "-")
            throw Error(ErrorKind::unsupported, "cannot publish a Compose file from standard input", "save it first");
        gathering.add(file, ArtifactFile::Kind::compose, std::string(base::path::last(file)));
    }
    return std::move(gathering).result();
}

}  // namespace tutti::cli
