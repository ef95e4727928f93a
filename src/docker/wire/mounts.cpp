#include "docker/wire/mounts.h"

#include "base/error.h"
#include "base/text.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using base::cat;
using doc::Node;
using engine::MountSpec;
using Type = engine::MountSpec::Type;

namespace {

std::string_view to_text(Type type) {
    switch (type) {
        case Type::bind: return "bind";
        case Type::volume: return "volume";
        case Type::tmpfs: return "tmpfs";
        case Type::image: return "image";
        case Type::npipe: return "npipe";
        case Type::cluster: return "cluster";
    }
    return "volume";
}

Type type_from(std::string_view name) {
    for (const Type type : {Type::bind, Type::volume, Type::tmpfs, Type::image, Type::npipe, Type::cluster})
        if (name == to_text(type)) return type;
    return Type::volume;
}

[[noreturn]] void too_old(std::string_view what, int api_minor, int least) {
    throw base::Error(base::ErrorKind::unsupported,
                      cat("the engine's API 1.", api_minor, " does not know ", what, "; it came with 1.", least));
}

Node bind_options(const MountSpec& mount, int api_minor) {
    Node out = Node::map();
    if (!mount.propagation.empty()) out.set("Propagation", text(mount.propagation));
    if (mount.create_host_path && api_minor >= 42) out.set("CreateMountpoint", flag(true));
    if (mount.recursive == "disabled") out.set("NonRecursive", flag(true));
    if (mount.recursive == "writable" || mount.recursive == "readonly") {
        if (api_minor < 44) too_old("bind.recursive", api_minor, 44);
        out.set(mount.recursive == "writable" ? "ReadOnlyNonRecursive" : "ReadOnlyForceRecursive", flag(true));
    }
    return out;
}

Node volume_options(const MountSpec& mount, int api_minor) {
    Node out = Node::map();
    if (mount.no_copy) out.set("NoCopy", flag(true));
    if (!mount.volume_labels.empty()) out.set("Labels", mapping(mount.volume_labels));
    if (!mount.subpath.empty()) {
        if (api_minor < 45) too_old("volume.subpath", api_minor, 45);
        out.set("Subpath", text(mount.subpath));
    }
    if (!mount.driver.empty() || !mount.driver_opts.empty()) {
        Node& driver = out.set("DriverConfig", Node::map());
        driver.set("Name", text(mount.driver));
        driver.set("Options", mapping(mount.driver_opts));
    }
    return out;
}

Node mount_body(const MountSpec& mount, int api_minor) {
    Node out = Node::map();
    out.set("Type", text(to_text(mount.type)));
    if (!mount.source.empty()) out.set("Source", text(mount.source));
    out.set("Target", text(mount.target));
    if (mount.read_only) out.set("ReadOnly", flag(true));
    if (!mount.consistency.empty()) out.set("Consistency", text(mount.consistency));
    switch (mount.type) {
        case Type::bind:
            if (Node options = bind_options(mount, api_minor); options.size() > 0)
                out.set("BindOptions", std::move(options));
            break;
        case Type::volume:
            if (Node options = volume_options(mount, api_minor); options.size() > 0)
                out.set("VolumeOptions", std::move(options));
            break;
        case Type::tmpfs: {
            Node& options = out.set("TmpfsOptions", Node::map());
            if (mount.tmpfs_size != 0) options.set("SizeBytes", number(mount.tmpfs_size));
            if (mount.tmpfs_mode != 0) options.set("Mode", number(mount.tmpfs_mode));
            break;
        }
        case Type::image:
            if (api_minor < 48) too_old("mounts of type image", api_minor, 48);
            if (!mount.subpath.empty()) out.set("ImageOptions", Node::map()).set("Subpath", text(mount.subpath));
            break;
        case Type::npipe:
        case Type::cluster: break;
    }
    return out;
}

// SELinux labels exist only in the older Binds form; and engines before API 1.42 make a missing host folder only there.
bool goes_to_binds(const MountSpec& mount, int api_minor) {
    return mount.type == Type::bind && (!mount.selinux.empty() || (mount.create_host_path && api_minor < 42));
}

std::string bind_line(const MountSpec& mount) {
    std::vector<std::string> modes{mount.read_only ? "ro" : "rw"};
    if (!mount.selinux.empty()) modes.push_back(mount.selinux);
    if (!mount.propagation.empty()) modes.push_back(mount.propagation);
    return cat(mount.source, ':', mount.target, ':', base::join(modes, ","));
}

MountSpec mount_from_bind(const std::string& line) {
    const auto parts = base::split(line, ':');
    MountSpec mount;
    mount.source = parts[0];
    mount.type = parts[0].starts_with('/') ? Type::bind : Type::volume;
    mount.create_host_path = mount.type == Type::bind;
    if (parts.size() > 1) mount.target = parts[1];
    if (parts.size() > 2) {
        for (const auto option : base::split(parts[2], ',')) {
            if (option == "ro") mount.read_only = true;
            if (option == "z" || option == "Z") mount.selinux = option;
            if (option.ends_with("private") || option.ends_with("shared") || option.ends_with("slave"))
                mount.propagation = option;
            if (option == "nocopy") mount.no_copy = true;
        }
    }
    return mount;
}

MountSpec mount_from(const Node& node) {
    MountSpec mount;
    mount.type = type_from(node.text_or("Type"));
    mount.source = node.text_or("Source");
    mount.target = node.text_or("Target");
    mount.read_only = node.bool_or("ReadOnly");
    mount.consistency = node.text_or("Consistency");
    if (const Node* bind = node.find("BindOptions"); bind && bind->is_map()) {
        mount.propagation = bind->text_or("Propagation");
        mount.create_host_path = bind->bool_or("CreateMountpoint");
        if (bind->bool_or("NonRecursive")) mount.recursive = "disabled";
        if (bind->bool_or("ReadOnlyNonRecursive")) mount.recursive = "writable";
        if (bind->bool_or("ReadOnlyForceRecursive")) mount.recursive = "readonly";
    }
    if (const Node* volume = node.find("VolumeOptions"); volume && volume->is_map()) {
        mount.no_copy = volume->bool_or("NoCopy");
        mount.subpath = volume->text_or("Subpath");
        mount.volume_labels = options_from(volume->find("Labels"));
        if (const Node* driver = volume->find("DriverConfig"); driver && driver->is_map()) {
            mount.driver = driver->text_or("Name");
            mount.driver_opts = options_from(driver->find("Options"));
        }
    }
    if (const Node* tmpfs = node.find("TmpfsOptions"); tmpfs && tmpfs->is_map()) {
        mount.tmpfs_size = tmpfs->int_or("SizeBytes");
        mount.tmpfs_mode = static_cast<std::uint32_t>(tmpfs->int_or("Mode"));
    }
    if (const Node* image = node.find("ImageOptions"); image && image->is_map())
        mount.subpath = image->text_or("Subpath");
    return mount;
}

}  // namespace

void set_mounts(Node& host_config, const std::vector<MountSpec>& mounts, int api_minor) {
    Node all = Node::list(), binds = Node::list(), tmpfs = Node::map();
    for (const auto& mount : mounts) {
        if (goes_to_binds(mount, api_minor))
            binds.push(text(bind_line(mount)));
        else if (mount.type == Type::tmpfs && !mount.tmpfs_options.empty())
            tmpfs.set(mount.target, text(mount.tmpfs_options));
        else
            all.push(mount_body(mount, api_minor));
    }
    if (binds.size() > 0) host_config.set("Binds", std::move(binds));
    if (tmpfs.size() > 0) host_config.set("Tmpfs", std::move(tmpfs));
    if (all.size() > 0) host_config.set("Mounts", std::move(all));
}

std::vector<MountSpec> mounts_from(const Node& host_config) {
    std::vector<MountSpec> out;
    for (const auto& line : host_config.texts_or_empty("Binds")) out.push_back(mount_from_bind(line));
    if (const Node* mounts = host_config.find("Mounts"); mounts && mounts->is_list())
        for (const Node& mount : mounts->items()) out.push_back(mount_from(mount));
    for (const auto& [target, options] : options_from(host_config.find("Tmpfs"))) {
        MountSpec mount;
        mount.type = Type::tmpfs;
        mount.target = target;
        mount.tmpfs_options = options;
        out.push_back(std::move(mount));
    }
    return out;
}

std::vector<engine::MountPoint> mount_points_from(const Node* mounts_array) {
    std::vector<engine::MountPoint> out;
    if (!mounts_array || !mounts_array->is_list()) return out;
    for (const Node& node : mounts_array->items()) {
        out.push_back({.type = node.text_or("Type"),
                       .name = node.text_or("Name"),
                       .source = node.text_or("Source"),
                       .destination = node.text_or("Destination"),
                       .driver = node.text_or("Driver"),
                       .mode = node.text_or("Mode"),
                       .propagation = node.text_or("Propagation"),
                       .read_write = node.bool_or("RW", true)});
    }
    return out;
}

}  // namespace tutti::docker::wire
