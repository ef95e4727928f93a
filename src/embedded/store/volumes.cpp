#include "embedded/store/volumes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "os/copy_tree.h"
#include "os/file.h"

namespace tutti::embedded::store {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;
using doc::Node;

Volumes::Volumes(std::string root) : root_(std::move(root)) { os::make_folders(cat(root_, "/volumes"), 0701); }

static void check_name(const std::string& name) {
    const auto alnum = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    const bool good = name.size() >= 2 && name.size() <= 255 && alnum(name[0]) &&
                      std::ranges::all_of(name, [&](char c) { return alnum(c) || c == '_' || c == '.' || c == '-'; });
    if (good) return;
    throw Error(
        ErrorKind::invalid,
        cat("\"", name,
            "\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed"),
        "if you intended to pass a host directory, use an absolute path");
}

std::string Volumes::folder(const std::string& name) const {
    check_name(name);
    return cat(root_, "/volumes/", name);
}

std::string Volumes::data_folder(const std::string& name) const { return cat(folder(name), "/_data"); }

static Node to_node(const std::map<std::string, std::string>& values) {
    Node node = Node::map();
    for (const auto& [key, value] : values) node.set(key, Node(value));
    return node;
}

static std::map<std::string, std::string> text_map(const Node& parent, std::string_view key) {
    std::map<std::string, std::string> out;
    if (const Node* node = parent.find(key); node && node->is_map())
        for (const auto& entry : node->entries())
            if (entry.value.is_text()) out.emplace(entry.key, entry.value.as_text());
    return out;
}

std::optional<VolumeRecord> Volumes::find(const std::string& name) const {
    const std::string path = cat(folder(name), "/volume.json");
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    const Node node = doc::parse_json(*text, path);
    return VolumeRecord{name,
                        node.text_or("driver", "local"),
                        text_map(node, "options"),
                        text_map(node, "labels"),
                        node.text_or("created"),
                        node.bool_or("anonymous")};
}

// The record comes last: a folder without one is no volume.
VolumeRecord Volumes::create(const VolumeRecord& wanted) {
    const std::string path = folder(wanted.name);
    os::make_folders(path, 0701);
    const os::FileLock lock = os::FileLock::wait(cat(path, "/lock"));
    if (auto there = find(wanted.name)) return *there;
    VolumeRecord record = wanted;
    if (record.created.empty()) record.created = base::to_rfc3339(std::chrono::system_clock::now());
    os::make_folders(cat(path, "/_data"), 0755);
    Node node = Node::map();
    node.set("name", Node(record.name));
    node.set("driver", Node(record.driver));
    node.set("options", to_node(record.options));
    node.set("labels", to_node(record.labels));
    node.set("created", Node(record.created));
    node.set("anonymous", Node(record.anonymous));
    os::write_file(cat(path, "/volume.json"), cat(doc::write_json(node, {.pretty = true, .escape_html = false}), '\n'),
                   0600, os::Durable::yes);
    return record;
}

std::vector<VolumeRecord> Volumes::list() const {
    std::vector<VolumeRecord> all;
    for (const auto& name : os::list_folder(cat(root_, "/volumes"))) {
        if (name.starts_with('.')) continue;
        if (auto record = find(name)) all.push_back(std::move(*record));
    }
    return all;
}

void Volumes::remove(const std::string& name) {
    const std::string path = folder(name);
    if (!find(name)) throw Error(ErrorKind::not_found, cat("get ", name, ": no such volume"));
    // Aside first: whatever interrupts the removal, the volume is gone as a whole. Names never begin with '.'.
    const std::string aside = cat(root_, "/volumes/.dead-", name, '-', ::getpid());
    if (::rename(path.c_str(), aside.c_str()) != 0) throw_errno(cat("removing volume ", name));
    os::remove_tree(aside);
}

static bool is_empty(const os::Fd& folder) {
    const os::Fd again = os::open_at(folder, ".", O_RDONLY | O_DIRECTORY);
    DIR* dir = ::fdopendir(again.duplicate().release());
    if (!dir) throw_errno("reading a volume");
    bool empty = true;
    while (const dirent* entry = ::readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") empty = false;
    }
    ::closedir(dir);
    return empty;
}

// The copy is made aside. `filling` says that it is whole and on its way: from then on it is moved, entry by entry,
// into `_data` (whose inode stays, as other containers may have it mounted), and whoever comes after a crash finishes
// that.
void Volumes::fill_if_empty(const std::string& name, const os::Fd& source) {
    const std::string path = folder(name), data = cat(path, "/_data"), aside = cat(path, "/_new"),
                      filling = cat(path, "/filling");
    const os::FileLock lock = os::FileLock::wait(cat(path, "/lock"));
    const os::Fd to = os::open(data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!os::exists(filling)) {
        os::remove_tree(aside);
        if (!is_empty(to) || is_empty(source)) return;
        os::make_folders(aside, 0700);
        os::copy_tree(source, os::open(aside, O_RDONLY | O_DIRECTORY));
        os::write_file(filling, "");
    }
    const os::Fd from = os::open(aside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    for (const auto& entry : os::list_folder(aside))
        if (::renameat2(from.get(), entry.c_str(), to.get(), entry.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST)
            throw_errno(cat("filling volume ", name));
    struct stat st {};
    if (::fstat(from.get(), &st) != 0 || ::fchown(to.get(), st.st_uid, st.st_gid) != 0 ||
        ::fchmod(to.get(), st.st_mode & 07777) != 0)
        throw_errno(cat("giving volume ", name, " its owner and mode"));
    os::remove_file(filling);
    os::remove_tree(aside);
}

}  // namespace tutti::embedded::store
