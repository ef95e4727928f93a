#include "embedded/records/names.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "embedded/records/container.h"
#include "os/file.h"

namespace tutti::embedded::records {

using base::cat;
using base::Error;
using base::ErrorKind;

bool valid_name(std::string_view name) {
    const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return name.size() >= 2 && name.size() <= 255 && word(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return word(c) || c == '_' || c == '.' || c == '-'; });
}

std::string random_id() {
    std::array<unsigned char, 32> bytes;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        base::throw_errno("drawing a random id");
    return base::to_hex(bytes);
}

Names::Names(std::string root) : root_(std::move(root)) {}

static std::string link_of(const std::string& root, const std::string& name) { return cat(root, "/names/", name); }

std::optional<std::string> Names::id_of(const std::string& name) const {
    if (!valid_name(name)) return std::nullopt;
    std::array<char, 128> target;
    const auto n = ::readlink(link_of(root_, name).c_str(), target.data(), target.size());
    if (n <= 0) return std::nullopt;
    std::string id(target.data(), static_cast<std::size_t>(n));
    if (!os::exists(cat(root_, "/containers/", id))) return std::nullopt;
    return id;
}

void Names::take(const std::string& name, const std::string& id) const {
    if (!valid_name(name))
        throw Error(ErrorKind::invalid,
                    cat("Invalid container name (", name, "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"));
    const std::string link = link_of(root_, name);
    if (::symlink(id.c_str(), link.c_str()) == 0) return;
    if (errno == ENOENT) {
        os::make_folders(root_ + "/names");
        if (::symlink(id.c_str(), link.c_str()) == 0) return;
    }
    if (errno != EEXIST) base::throw_errno(cat("taking the name ", name));
    // Taken, or left behind by a container that is gone: looked at under a lock, so that two who take over do not
    // remove each other's link.
    const auto lock = os::FileLock::wait_existing(root_ + "/names");
    if (const auto holder = id_of(name)) {
        if (*holder == id) return;
        throw Error(ErrorKind::conflict,
                    cat("Conflict. The container name \"/", name, "\" is already in use by container \"", *holder,
                        "\". You have to remove (or rename) that container to be able to reuse that name."));
    }
    os::remove_file(link);
    if (::symlink(id.c_str(), link.c_str()) != 0) base::throw_errno(cat("taking the name ", name));
}

void Names::give_up(const std::string& name, const std::string& id) const {
    if (name.empty()) return;
    const auto lock = os::FileLock::wait_existing(root_ + "/names");
    std::array<char, 128> target;
    const auto n = ::readlink(link_of(root_, name).c_str(), target.data(), target.size());
    if (n > 0 && std::string_view(target.data(), static_cast<std::size_t>(n)) == id)
        os::remove_file(link_of(root_, name));
}

std::string Names::resolve(const std::string& name) const {
    if (const auto id = id_of(name.starts_with('/') ? name.substr(1) : name)) return *id;
    const bool hex =
        !name.empty() && name.size() <= 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (hex && name.size() == 64 && os::exists(cat(root_, "/containers/", name))) return name;
    std::optional<std::string> found;
    if (hex)
        for (const auto& id : container_ids(root_)) {
            if (!id.starts_with(name)) continue;
            if (found)
                throw Error(ErrorKind::invalid, cat("Multiple IDs found with provided prefix: ", name),
                            "give more of the id");
            found = id;
        }
    if (!found) throw Error(ErrorKind::not_found, cat("No such container: ", name));
    return *found;
}

}  // namespace tutti::embedded::records
