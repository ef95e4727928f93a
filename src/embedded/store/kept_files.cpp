#include "embedded/store/kept_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "embedded/store/seal.h"
#include "os/file.h"
#include "os/random.h"

namespace tutti::embedded::store {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::KeptFile;
using engine::KeptKind;

namespace {

constexpr std::size_t largest_secret = 500 * 1024, largest_config = 1000 * 1024, longest_name = 64, id_bytes = 12;

std::string_view word(KeptKind kind) { return kind == KeptKind::secret ? "secret" : "config"; }

bool is_name(std::string_view name) {
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0; };
    return !name.empty() && name.size() <= longest_name && plain(name.front()) && plain(name.back()) &&
           std::ranges::all_of(name, [&](unsigned char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
}

void check(KeptKind kind, const std::string& name, const std::string& content) {
    if (!is_name(name))
        throw Error(ErrorKind::invalid, cat("invalid ", word(kind), " name '", name, "'"),
                    "letters, digits, '-', '_' and '.', at most 64, a letter or digit at both ends");
    const std::size_t most = kind == KeptKind::secret ? largest_secret : largest_config;
    if (content.empty() || content.size() > most)
        throw Error(ErrorKind::invalid, cat(word(kind), " data must be larger than 0 and at most ", most,
                                            " bytes (these are ", content.size(), ")"));
}

std::string from_hex(std::string_view text, std::string_view what) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const auto byte = base::to_uint(text.substr(i, 2), 16);
        if (!byte) throw Error(ErrorKind::internal, cat(what, " is damaged"));
        out.push_back(static_cast<char>(*byte));
    }
    return out;
}

std::string to_hex(const std::string& bytes) {
    return base::to_hex(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

KeptFile read_record(const doc::Node& record) {
    KeptFile out;
    out.id = record.text_or("id");
    out.name = record.text_or("name");
    out.created = base::parse_rfc3339(record.text_or("created")).value_or(engine::Time{});
    out.size = record.int_or("size");
    if (const doc::Node* labels = record.find("labels"); labels && labels->is_map())
        for (const doc::Entry& label : labels->entries())
            if (label.value.is_text()) out.labels[label.key] = label.value.as_text();
    return out;
}

// What the seal is bound to: a file under another name or of the other kind does not open.
std::string about(KeptKind kind, const KeptFile& file) { return cat(word(kind), "/", file.name, "/", file.id); }

}  // namespace

std::string KeptFiles::folder(KeptKind kind) const { return cat(root_, "/kept/", word(kind), "s"); }
std::string KeptFiles::path(KeptKind kind, const std::string& name) const {
    return cat(folder(kind), "/", name, ".json");
}

std::string KeptFiles::key() const {
    struct stat there {};
    if (::stat(key_path_.c_str(), &there) != 0)
        throw Error(ErrorKind::denied, cat("the key of kept secrets is missing: ", key_path_),
                    "put it back from a copy, or remove the secrets and create them again");
    if ((there.st_mode & 077) != 0)
        throw Error(ErrorKind::denied, cat("others may read the key of kept secrets: ", key_path_),
                    cat("chmod 600 ", key_path_));
    const std::string key = os::read_file(key_path_, key_bytes + 1);
    if (key.size() != key_bytes) throw Error(ErrorKind::denied, cat(key_path_, " is no key of kept secrets"));
    return key;
}

std::string KeptFiles::key_or_new() {
    const auto slash = key_path_.rfind('/');
    os::make_folders(key_path_.substr(0, slash));
    const os::FileLock lock = os::FileLock::wait(cat(key_path_, ".lock"));
    if (!os::exists(key_path_)) {
        if (!list(KeptKind::secret).empty() || !list(KeptKind::config).empty())
            return key();  // which says that it is gone
        os::write_file(key_path_, random_bytes(key_bytes), 0600, os::Durable::yes);
    }
    return key();
}

std::vector<KeptFile> KeptFiles::list(KeptKind kind) {
    std::vector<KeptFile> out;
    for (const std::string& file : os::list_folder(folder(kind))) {
        if (!file.ends_with(".json")) continue;
        if (const auto text = os::read_file_if_exists(cat(folder(kind), "/", file)))
            out.push_back(read_record(doc::parse_json(*text, file)));
    }
    return out;
}

std::optional<KeptFile> KeptFiles::find(KeptKind kind, const std::string& name) {
    std::optional<KeptFile> out;
    for (KeptFile& file : list(kind)) {
        if (file.name == name || file.id == name) return std::move(file);
        if (name.empty() || !file.id.starts_with(name)) continue;
        if (out) throw Error(ErrorKind::invalid, cat("several ", word(kind), "s have ids that begin with ", name));
        out = std::move(file);
    }
    return out;
}

std::string KeptFiles::create(KeptKind kind, const KeptFile& wanted, const std::string& content) {
    check(kind, wanted.name, content);
    const std::string key = key_or_new();
    os::make_folders(folder(kind));
    const os::FileLock lock = os::FileLock::wait(cat(root_, "/kept/lock"));
    if (os::exists(path(kind, wanted.name)))
        throw Error(ErrorKind::conflict, cat(word(kind), " ", wanted.name, " already exists"),
                    cat("remove it first, or give the new one another name"));
    KeptFile file = wanted;
    file.id = os::random_hex(id_bytes);
    doc::Node record = doc::Node::map();
    record.set("id", doc::Node(file.id));
    record.set("name", doc::Node(file.name));
    record.set("created", doc::Node(base::to_rfc3339(std::chrono::system_clock::now())));
    record.set("size", doc::Node(static_cast<std::int64_t>(content.size())));
    doc::Node& labels = record.set("labels", doc::Node::map());
    for (const auto& [label, value] : file.labels) labels.set(label, doc::Node(value));
    record.set("sealed", doc::Node(to_hex(seal(key, content, about(kind, file)))));
    os::write_file(path(kind, file.name), doc::write_json(record) + "\n", 0600, os::Durable::yes);
    return file.id;
}

void KeptFiles::remove(KeptKind kind, const std::string& name) {
    const auto file = find(kind, name);
    if (!file) throw Error(ErrorKind::not_found, cat("no such ", word(kind), ": ", name));
    os::remove_file(path(kind, file->name));
}

std::string KeptFiles::content(KeptKind kind, const std::string& name) {
    const auto file = find(kind, name);
    if (!file) throw Error(ErrorKind::not_found, cat("no such ", word(kind), ": ", name));
    const doc::Node record = doc::parse_json(os::read_file(path(kind, file->name)), file->name);
    return base::in_context(cat("opening the kept ", word(kind), " ", file->name), [&] {
        return open_sealed(key(), from_hex(record.text_or("sealed"), file->name), about(kind, *file));
    });
}

}  // namespace tutti::embedded::store
