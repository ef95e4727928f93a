#include "embedded/mounts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/rootfs.h"
#include "embedded/volume_source.h"
#include "oci/inside.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::MountSpec;
using Type = MountSpec::Type;

static void check(const MountSpec& mount) {
    if (!mount.target.starts_with('/'))
        throw Error(ErrorKind::invalid, cat("invalid mount target '", mount.target, "': it must be an absolute path"));
    if (mount.type == Type::npipe || mount.type == Type::cluster)
        throw Error(ErrorKind::unsupported, cat("mounts of type ", mount.type == Type::npipe ? "npipe" : "cluster",
                                                " are not supported (", mount.target, ")"));
}

// "container[:ro|rw]" → its mounts, unless one of ours lies at the same place.
static void take_volumes_from(Parts& parts, records::Config& config) {
    auto& mounts = config.spec.mounts;
    for (const auto& from : config.spec.volumes_from) {
        const auto colon = from.find(':');
        const std::string mode = colon == std::string::npos ? "" : from.substr(colon + 1);
        if (!mode.empty() && mode != "ro" && mode != "rw")
            throw Error(ErrorKind::invalid, cat("volumes_from ", from, ": the mode is ro or rw"));
        const auto other = parts.resolve(from.substr(0, colon)).config();
        for (auto mount : other.spec.mounts) {
            if (mount.type == Type::tmpfs) continue;
            const bool covered =
                std::ranges::any_of(mounts, [&](const auto& own) { return own.target == mount.target; });
            if (covered) continue;
            if (mode == "ro") mount.read_only = true;
            mount.no_copy = true;  // filled by the one it is taken from
            mounts.push_back(std::move(mount));
        }
    }
}

static void prepare_volume(Parts& parts, records::Config& config, MountSpec& mount, const os::Fd& image_root) {
    store::VolumeRecord wanted;
    wanted.anonymous = mount.source.empty();
    if (wanted.anonymous) {
        mount.source = records::random_id();
        config.anonymous_volumes.push_back(mount.source);
    }
    wanted.name = mount.source;
    wanted.driver = mount.driver.empty() ? "local" : mount.driver;
    if (wanted.driver != "local")
        throw Error(ErrorKind::unsupported, cat("volume driver ", wanted.driver, " is not supported"),
                    "only the driver 'local' is; leave `driver` out");
    wanted.options = mount.driver_opts;
    wanted.labels = mount.volume_labels;
    wanted.created = base::to_rfc3339(config.created);
    const bool is_new = !parts.volumes().find(wanted.name);
    const auto volume = parts.volumes().create(wanted);
    if (is_new) records::tell(parts.events(), "volume", "create", volume.name, {{"driver", volume.driver}});
    if (mount.no_copy || !mount.subpath.empty() || has_source(volume) || !image_root) return;
    const auto inside = oci::clean_path(mount.target);
    if (!inside || inside->empty()) return;
    const auto folder = oci::open_inside(image_root, *inside, O_RDONLY | O_DIRECTORY);
    if (folder) parts.volumes().fill_if_empty(volume.name, *folder);
}

void prepare_mounts(Parts& parts, records::Config& config, const std::vector<std::string>& image_layers) {
    take_volumes_from(parts, config);
    os::Fd image_root;
    for (auto& mount : config.spec.mounts) {
        check(mount);
        if (mount.type == Type::bind && !mount.create_host_path && !os::exists(mount.source))
            throw Error(ErrorKind::invalid,
                        cat("invalid mount config for type \"bind\": bind source path does not exist: ", mount.source));
        if (mount.type != Type::volume) continue;
        if (!image_root && !image_layers.empty()) image_root = open_layers(image_layers);
        prepare_volume(parts, config, mount, image_root);
    }
}

static std::string_view type_text(Type type) {
    switch (type) {
        case Type::bind: return "bind";
        case Type::volume: return "volume";
        case Type::tmpfs: return "tmpfs";
        case Type::image: return "image";
        case Type::npipe: return "npipe";
        case Type::cluster: return "cluster";
    }
    return "";
}

std::vector<engine::MountPoint> mount_points(Parts& parts, const engine::ContainerSpec& spec) {
    std::vector<engine::MountPoint> out;
    for (const auto& mount : spec.mounts) {
        engine::MountPoint point;
        point.type = type_text(mount.type);
        point.destination = mount.target;
        point.read_write = !mount.read_only;
        if (mount.type == Type::volume) {
            point.name = mount.source;
            point.source = parts.volumes().data_folder(mount.source);
            point.driver = "local";
            point.mode = "z";
        } else {
            point.source = mount.source;
        }
        if (mount.type == Type::bind) point.propagation = mount.propagation.empty() ? "rprivate" : mount.propagation;
        out.push_back(std::move(point));
    }
    return out;
}

namespace {

class Resolver {
  public:
    Resolver(Parts& parts, ResolvedMounts& out) : parts_(parts), out_(out) {}

    void add(const MountSpec& mount) {
        runtime::BoxMount box;
        box.target = mount.target;
        box.read_only = mount.read_only;
        switch (mount.type) {
            case Type::bind: bind(mount, box); break;
            case Type::volume: volume(mount, box); break;
            case Type::tmpfs: tmpfs(mount, box); break;
            case Type::image: image(mount, box); break;
            case Type::npipe:
            case Type::cluster: check(mount); break;
        }
        out_.mounts.push_back(std::move(box));
    }

  private:
    static void bind(const MountSpec& mount, runtime::BoxMount& box) {
        if (!os::exists(mount.source)) {
            if (!mount.create_host_path)
                throw Error(
                    ErrorKind::invalid,
                    cat("invalid mount config for type \"bind\": bind source path does not exist: ", mount.source));
            os::make_folders(mount.source, 0755);
        }
        box.source = mount.source;
        box.propagation = mount.propagation;
        box.recursive = mount.recursive != "disabled";
        box.recursive_read_only = mount.recursive != "writable";
    }

    void volume(const MountSpec& mount, runtime::BoxMount& box) {
        const auto record = parts_.volumes().find(mount.source);
        if (!record)
            throw Error(ErrorKind::not_found, cat("no such volume: ", mount.source), "it was removed meanwhile");
        open_source(*record, parts_.volumes().data_folder(mount.source), box);
        if (mount.subpath.empty()) return;
        if (box.kind != runtime::BoxMount::Kind::bind)
            throw Error(ErrorKind::unsupported,
                        cat("subpath of volume ", mount.source, ", which mounts a ", box.type, ", is not supported"));
        const auto inside = oci::clean_path(mount.subpath);
        const auto root = os::open(box.source, O_PATH | O_DIRECTORY);
        auto below = inside ? oci::open_inside(root, *inside, O_PATH) : std::nullopt;
        if (!below)
            throw Error(
                ErrorKind::invalid,
                cat("volume ", mount.source, " has no path ", mount.subpath, " (subpath of ", mount.target, ")"),
                "a subpath must be there before the container starts");
        // Through the descriptor, so that nobody puts a link in its place meanwhile.
        box.source = cat("/proc/", ::getpid(), "/fd/", below->get());
        out_.keep.push_back(std::move(*below));
    }

    static void tmpfs(const MountSpec& mount, runtime::BoxMount& box) {
        box.kind = runtime::BoxMount::Kind::tmpfs;
        box.tmpfs_size = mount.tmpfs_size;
        box.tmpfs_mode = mount.tmpfs_mode;
        for (const auto option : base::split(mount.tmpfs_options, ','))
            if (!option.empty()) box.options.emplace_back(option);
    }

    void image(const MountSpec& mount, runtime::BoxMount& box) {
        const auto image = parts_.images().require(mount.source);
        const auto layers = layers_below(parts_.store().lower_folders(image.record), mount.subpath);
        box.read_only = true;
        if (layers.size() == 1) {
            box.source = layers.front();
            return;
        }
        box.kind = runtime::BoxMount::Kind::other;
        box.type = "overlay";
        box.source = "overlay";
        std::string lower;
        for (const auto& layer : layers) lower += (lower.empty() ? "lowerdir=" : ":") + layer;
        box.options = {lower};
    }

    Parts& parts_;
    ResolvedMounts& out_;
};

}  // namespace

static std::uint32_t owner_number(const std::string& text, std::string_view what) {
    if (text.empty()) return 0;
    const auto number = base::to_uint(text);
    if (!number || *number > UINT32_MAX - 1)
        throw Error(ErrorKind::unsupported,
                    cat(what, " '", text, "' of a file: names are not supported, give the number"));
    return static_cast<std::uint32_t>(*number);
}

// Configs and secrets: in the run folder, which lies in memory, and only there.
static void write_files(const engine::ContainerSpec& spec, const std::string& run_folder, ResolvedMounts& out) {
    if (spec.files.empty()) return;
    const std::string folder = run_folder + "/files";
    os::make_folders(folder, 0700);
    std::size_t number = 0;
    for (const auto& file : spec.files) {
        const std::string path = cat(folder, '/', number++);
        const os::Fd fd = os::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        os::write_all(fd, file.content);
        if (::fchown(fd.get(), owner_number(file.uid, "uid"), owner_number(file.gid, "gid")) != 0 ||
            ::fchmod(fd.get(), file.mode) != 0)
            base::throw_errno(cat("giving ", file.target, " its owner and mode"));
        runtime::BoxMount box;
        box.source = path;
        box.target = file.target;
        box.read_only = true;
        out.mounts.push_back(std::move(box));
    }
}

ResolvedMounts resolve_mounts(Parts& parts, const records::Config& config, const std::string& run_folder,
                              const std::vector<std::pair<std::string, std::string>>& system_files) {
    ResolvedMounts out;
    Resolver resolver(parts, out);
    for (const auto& mount : config.spec.mounts) resolver.add(mount);
    write_files(config.spec, run_folder, out);
    for (const auto& [target, path] : system_files) {
        const bool own = std::ranges::any_of(out.mounts, [&](const auto& mount) { return mount.target == target; });
        if (own) continue;
        runtime::BoxMount box;
        box.source = path;
        box.target = target;
        out.mounts.push_back(std::move(box));
    }
    const auto depth = [](const runtime::BoxMount& mount) { return std::ranges::count(mount.target, '/'); };
    std::ranges::stable_sort(out.mounts, {}, depth);
    return out;
}

}  // namespace tutti::embedded
