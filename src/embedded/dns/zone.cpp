#include "embedded/dns/zone.h"

#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "os/file.h"

namespace tutti::embedded::dns {

namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

// A change within the same tick of the kernel's clock as our reading would leave the time as it is.
bool settled(const timespec& modified) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - modified.tv_sec) * 1000 + (now.tv_nsec - modified.tv_nsec) / 1000000 > 20;
}

}  // namespace

std::optional<Zone::Record> Zone::read(const std::string& path) const {
    // A file that vanishes meanwhile is a container that ended; one that is damaged has no names. Neither stops the
    // others.
    try {
        const auto text = os::read_file_if_exists(path);
        if (!text) return std::nullopt;
        const doc::Node node = doc::parse_json(*text, path);
        Record record;
        record.network = node.text_or("network_name");
        for (const std::string& name : node.texts_or_empty("names")) record.names.push_back(base::to_lower(name));
        for (const char* key : {"ipv4", "ipv6"})
            if (const auto prefix = os::IpPrefix::parse(node.text_or(key))) record.addresses.push_back(prefix->address);
        return record;
    } catch (const base::Error&) { return std::nullopt; }
}

void Zone::refresh() {
    struct stat folder {};
    if (::stat(folder_.c_str(), &folder) != 0) {
        records_.clear();
        modified_ = {};
        return index();
    }
    if (same(folder.st_mtim, modified_)) return;
    std::vector<std::string> files;
    try {
        files = os::list_folder(folder_);
    } catch (const base::Error&) {
        return;  // removed meanwhile: the next question finds out
    }
    for (auto& [name, record] : records_) record.seen = false;
    for (const std::string& file : files) {
        if (!file.ends_with(".json")) continue;
        const std::string path = base::cat(folder_, "/", file);
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) continue;
        Record& known = records_[file];
        if (known.inode != status.st_ino || !same(known.modified, status.st_mtim)) {
            auto fresh = read(path);
            if (!fresh) continue;
            known = std::move(*fresh);
            known.inode = status.st_ino;
            known.modified = status.st_mtim;
        }
        known.seen = true;
    }
    std::erase_if(records_, [](const auto& entry) { return !entry.second.seen; });
    modified_ = settled(folder.st_mtim) ? folder.st_mtim : timespec{};
    index();
}

void Zone::index() {
    names_.clear();
    reverse_.clear();
    for (const auto& [file, record] : records_) {
        network_ = record.network;
        for (const std::string& name : record.names) names_[name].push_back(&record);
        if (record.names.empty()) continue;
        for (const os::IpAddress& address : record.addresses)
            reverse_[address] = base::cat(record.names.front(), ".", record.network);
    }
}

std::vector<os::IpAddress> Zone::addresses(std::string_view name, int family) const {
    std::vector<os::IpAddress> found;
    const auto records = names_.find(name);
    if (records == names_.end()) return found;
    for (const Record* record : records->second)
        for (const os::IpAddress& address : record->addresses)
            if (address.family() == family) found.push_back(address);
    return found;
}

std::optional<std::string> Zone::name_of(const os::IpAddress& address) const {
    const auto found = reverse_.find(address);
    return found == reverse_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tutti::embedded::dns
