#include "embedded/parts.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded {

// A new folder below whose every folder is a world of its own: ext4 then spreads them, where it would look for free
// inodes among those that were just given back, and refuse each (a third of the time of an `up` after a `down`).
static void make_top_folder(const std::string& path) {
    if (os::exists(path)) return;
    os::make_folders(path, 0711);
    const os::Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int flags = 0;
    if (!folder || ::ioctl(folder.get(), FS_IOC_GETFLAGS, &flags) != 0) return;  // another file system
    flags |= FS_TOPDIR_FL;
    ::ioctl(folder.get(), FS_IOC_SETFLAGS, &flags);
}

Parts::Parts(EnginePaths paths) : paths_(std::move(paths)), names_(paths_.root), events_(paths_.run) {
    make_top_folder(paths_.root + "/containers");
    os::make_folders(paths_.run + "/containers", 0711);
}

store::Store& Parts::store() {
    return store_.get([&] { return std::make_unique<store::Store>(paths_.root); });
}
store::Volumes& Parts::volumes() {
    return volumes_.get([&] { return std::make_unique<store::Volumes>(paths_.root); });
}
images::Images& Parts::images() {
    return images_.get([&] { return std::make_unique<images::Images>(store(), paths_.registries); });
}
network::Networks& Parts::networks() {
    return networks_.get([&] {
        network::Options options;
        options.folder = paths_.root + "/networks";
        options.run_folder = paths_.run + "/networks";
        options.remove_aside = [this](const std::string& link) {
            os::Command command;
            command.argv = paths_.program;
            for (const std::string& word :
                 {std::string("internal"), paths_.root, paths_.run, std::string("remove-link"), link})
                command.argv.push_back(word);
            command.cwd = "/";
            command.new_session = true;
            os::spawn_orphan(command);
        };
        return std::make_unique<network::Networks>(std::move(options));
    });
}

static runtime::NativeOptions native_options(const EnginePaths& paths) {
    return {.run_dir = paths.run, .cache_dir = paths.root + "/cache"};
}

runtime::Runtime& Parts::runtime() {
    return native_.get([&] { return runtime::make_native(native_options(paths_)); });
}

runtime::Runtime& Parts::runtime(const std::string& name) {
    if (name.empty() || name == "native" || name == "tutti") return runtime();
    return external_.with([&](auto& made) -> runtime::Runtime& {
        auto& one = made[name];
        if (!one) one = runtime::make_external(name, paths_.run + "/runtimes", native_options(paths_));
        return *one;
    });
}

const runtime::Machine& Parts::machine() {
    return machine_.get([] { return std::make_unique<runtime::Machine>(runtime::Machine::look()); });
}
const std::string& Parts::boot_id() {
    return boot_id_.get([] { return std::make_unique<std::string>(records::boot_id()); });
}

records::Folder Parts::folder(const std::string& id) const { return {paths_.root, paths_.run, id}; }
records::Folder Parts::resolve(const std::string& name) const { return folder(names_.resolve(name)); }

}  // namespace tutti::embedded
