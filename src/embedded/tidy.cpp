#include "embedded/tidy.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace tutti::embedded {

using base::cat;

namespace {

void release_names(const std::string& root, const std::string& id) {
    for (const auto& name : os::list_folder(root + "/names")) {
        char target[128];
        const std::string link = cat(root, "/names/", name);
        const auto n = ::readlink(link.c_str(), target, sizeof target);
        if (n > 0 && std::string_view(target, static_cast<std::size_t>(n)) == id) os::remove_file(link);
    }
}

void release_images(const std::string& root, const std::string& id) {
    for (const auto& image : os::list_folder(root + "/holds")) {
        const std::string folder = cat(root, "/holds/", image);
        os::remove_file(cat(folder, '/', id));
        ::rmdir(folder.c_str());  // fails while others hold it, which is right
    }
}

// Anonymous volumes belong to their container alone.
void release_volumes(Parts& parts, const std::string& id) {
    const auto folder = parts.folder(id);
    if (!folder.exists()) return;
    for (const auto& volume : folder.config().anonymous_volumes)
        if (parts.volumes().find(volume)) parts.volumes().remove(volume);
}

void drop(Parts& parts, const std::string& id, const std::string& folder) {
    const auto lock = os::FileLock::try_existing(folder);
    if (!lock) return;
    const bool aside = folder.substr(folder.rfind('/') + 1).front() == '.';
    if (!aside && os::exists(folder + "/state.json")) return;  // it was made meanwhile
    const std::string& root = parts.paths().root;
    release_names(root, id);
    release_images(root, id);
    if (!aside) release_volumes(parts, id);
    os::remove_tree(folder);
}

// Somebody who makes an image's places is done within milliseconds.
void drop_half_made_places(const std::string& root) {
    const std::string places = root + "/places";
    for (const auto& name : os::list_folder(places)) {
        const std::string path = cat(places, '/', name);
        struct stat st {};
        if (name.front() == '.' && ::lstat(path.c_str(), &st) == 0 && ::time(nullptr) - st.st_ctime > 60)
            os::remove_tree(path);
    }
}

}  // namespace

void tidy(Parts& parts) {
    try {
        drop_half_made_places(parts.paths().root);
    } catch (const base::Error& error) { base::log(cat("tidy places error=", error.what())); }
    const std::string containers = parts.paths().root + "/containers";
    for (const auto& name : os::list_folder(containers)) {
        const std::string folder = cat(containers, '/', name);
        const bool aside = name.front() == '.';
        if (!aside && os::exists(folder + "/state.json")) continue;
        try {
            drop(parts, aside ? name.substr(name.find('-') + 1) : name, folder);
        } catch (const base::Error& error) {  // disk space, and nothing that stands in anybody's way
            base::log(cat("tidy ", name, " error=", error.what()));
        }
    }
}

}  // namespace tutti::embedded
