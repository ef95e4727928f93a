// Volumes, tmpfs, secrets and configs.
#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/kept_files.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::MountSpec;

MountSpec::Type type_of(const model::Mount& mount) {
    if (mount.type == "bind") return MountSpec::Type::bind;
    if (mount.type == "tmpfs") return MountSpec::Type::tmpfs;
    if (mount.type == "image") return MountSpec::Type::image;
    if (mount.type == "npipe") return MountSpec::Type::npipe;
    if (mount.type == "cluster") return MountSpec::Type::cluster;
    return MountSpec::Type::volume;
}

MountSpec to_mount(const model::Project& project, const model::Mount& mount) {
    MountSpec spec;
    spec.type = type_of(mount);
    spec.source = mount.source;
    spec.target = mount.target;
    spec.read_only = mount.read_only;
    spec.consistency = mount.consistency;
    if (spec.type == MountSpec::Type::bind) {
        spec.create_host_path = !mount.bind || mount.bind->create_host_path;
        if (mount.bind) {
            spec.propagation = mount.bind->propagation;
            spec.recursive = mount.bind->recursive;
            spec.selinux = mount.bind->selinux;
        }
    }
    if (spec.type == MountSpec::Type::volume) {
        if (const auto volume = project.volumes.find(mount.source); volume != project.volumes.end())
            spec.source = volume->second.name;
        if (mount.volume) {
            spec.no_copy = mount.volume->nocopy;
            spec.subpath = mount.volume->subpath;
            spec.volume_labels.insert(mount.volume->labels.begin(), mount.volume->labels.end());
        }
    }
    if (spec.type == MountSpec::Type::tmpfs && mount.tmpfs) {
        spec.tmpfs_size = mount.tmpfs->size.count;
        spec.tmpfs_mode = mount.tmpfs->mode;
    }
    if (spec.type == MountSpec::Type::image && mount.image) spec.subpath = mount.image->subpath;
    return spec;
}

// A recreated container keeps its anonymous volumes: those its image declares and those without a name in the file.
std::vector<MountSpec> inherited(const model::Project& project, const model::Service& service,
                                 const state::ProjectState& state, const state::Container& old) {
    const auto image = state.images.find(state::image_of(service, project.name));
    std::vector<MountSpec> mounts;
    for (const engine::MountPoint& point : old.summary.mounts) {
        if (point.type == "tmpfs") continue;
        const bool declared =
            image != state.images.end() && std::find(image->second.volumes.begin(), image->second.volumes.end(),
                                                     point.destination) != image->second.volumes.end();
        const bool unnamed = std::any_of(
            service.volumes.begin(), service.volumes.end(),
            [&](const model::Mount& mount) { return mount.target == point.destination && mount.source.empty(); });
        if (!declared && !unnamed) continue;
        MountSpec mount;
        mount.type = point.type == "bind" ? MountSpec::Type::bind : MountSpec::Type::volume;
        mount.source = point.type == "volume" ? point.name : point.source;
        mount.target = point.destination;
        mount.read_only = !point.read_write;
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

void put(std::vector<MountSpec>& mounts, MountSpec mount) {
    const auto same =
        std::find_if(mounts.begin(), mounts.end(), [&](const MountSpec& m) { return m.target == mount.target; });
    if (same == mounts.end())
        mounts.push_back(std::move(mount));
    else
        *same = std::move(mount);
}

// One reference of a service to a secret or config, with its definition.
struct Reference {
    const model::FileReference& use;
    const model::FileObject& object;
    bool secret;

    std::string target() const {
        const std::string_view folder = secret ? "/run/secrets/" : "/";
        const std::string& name = use.target.empty() ? use.source : use.target;
        return name.starts_with('/') ? name : cat(folder, name);
    }
    bool owned() const { return !use.uid.empty() || !use.gid.empty() || use.mode; }
};

std::vector<Reference> references_of(const model::Project& project, const model::Service& service) {
    static const model::FileObject none;
    std::vector<Reference> references;
    const auto add = [&](const std::vector<model::FileReference>& uses, const model::Named<model::FileObject>& objects,
                         bool secret) {
        for (const model::FileReference& use : uses) {
            const auto object = objects.find(use.source);
            references.push_back({use, object == objects.end() ? none : object->second, secret});
        }
    };
    add(service.secrets, project.secrets, true);
    add(service.configs, project.configs, false);
    return references;
}

// An external one, kept on this machine.
std::optional<std::string> kept_content(const Reference& reference, const Options& options) {
    const auto kind = reference.secret ? engine::KeptKind::secret : engine::KeptKind::config;
    if (!options.kept || !options.kept->find(kind, reference.object.name)) return std::nullopt;
    return options.kept->content(kind, reference.object.name);
}

void check(const Reference& reference, const Options& options) {
    const std::string_view kind = reference.secret ? "secret" : "config";
    const std::string& name = reference.object.name;
    if (reference.object.external && !kept_content(reference, options))
        throw Error(ErrorKind::unsupported, cat("unsupported external ", kind, " ", name),
                    cat("none of that name is kept on this machine: tutti ", reference.secret ? "secret" : "configs",
                        " create ", name, " FILE"));
    if (!reference.object.driver.empty())
        throw Error(ErrorKind::unsupported, cat("Docker Compose does not support ", kind, "s.*.driver"));
    if (!reference.object.template_driver.empty())
        throw Error(ErrorKind::unsupported, cat("Docker Compose does not support ", kind, "s.*.template_driver"));
}

// What it holds, when that is known here: inline, from the environment, or a readable file.
std::optional<std::string> content_of(const model::Project& project, const Reference& reference,
                                      const Options& options) {
    if (reference.object.external) return kept_content(reference, options);
    if (!reference.object.content.empty()) return reference.object.content;
    if (!reference.object.environment.empty()) {
        const auto variable = project.environment.find(reference.object.environment);
        if (variable == project.environment.end())
            throw Error(ErrorKind::not_found,
                        cat("environment variable \"", reference.object.environment, "\" required by ",
                            reference.secret ? "secret" : "config", " \"", reference.object.name, "\" is not set"));
        return variable->second;
    }
    const std::string& path = reference.object.file;
    if (options.files && options.files->kind(path) == base::Files::Kind::file) return options.files->read(path);
    return std::nullopt;
}

}  // namespace

void add_mounts(const model::Project& project, const model::Service& service, const state::ProjectState& state,
                const Replica& replica, const Options&, engine::ContainerSpec& spec) {
    if (replica.inherits)
        for (MountSpec& mount : inherited(project, service, state, *replica.inherits))
            put(spec.mounts, std::move(mount));
    const std::vector<MountSpec> kept = spec.mounts;
    for (const model::Mount& mount : service.volumes) {
        const bool taken_over =
            mount.source.empty() && mount.type != "tmpfs" &&
            std::any_of(kept.begin(), kept.end(), [&](const MountSpec& m) { return m.target == mount.target; });
        if (!taken_over) put(spec.mounts, to_mount(project, mount));
    }
    for (const std::string& entry : service.tmpfs) {
        MountSpec mount;
        mount.type = MountSpec::Type::tmpfs;
        const auto colon = entry.find(':');
        mount.target = entry.substr(0, colon);
        if (colon != std::string::npos) mount.tmpfs_options = entry.substr(colon + 1);
        put(spec.mounts, std::move(mount));
    }
    for (const std::string& entry : service.volumes_from)
        spec.volumes_from.push_back(entry.starts_with("container:") ? entry.substr(10) : cat("service:", entry));
}

void add_files(const model::Project& project, const model::Service& service, const Options& options,
               engine::ContainerSpec& spec) {
    for (const Reference& reference : references_of(project, service)) {
        check(reference, options);
        const std::string target = reference.target();
        const auto taken = std::find_if(spec.mounts.begin(), spec.mounts.end(),
                                        [&](const MountSpec& mount) { return mount.target == target; });
        if (taken != spec.mounts.end()) continue;
        const bool from_file =
            !reference.object.external && reference.object.content.empty() && reference.object.environment.empty();
        std::optional<std::string> content;
        if (!from_file || reference.owned()) content = content_of(project, reference, options);
        if (content) {
            engine::FileSpec file;
            file.target = target;
            file.content = std::move(*content);
            file.uid = reference.use.uid;
            file.gid = reference.use.gid;
            if (reference.use.mode) file.mode = static_cast<std::uint32_t>(reference.use.mode->bits);
            spec.files.push_back(std::move(file));
            continue;
        }
        // A file without an owner or mode of its own stays live, as a bind mount; so does a folder.
        if (reference.secret && options.reporter && options.files &&
            options.files->kind(reference.object.file) == base::Files::Kind::absent)
            options.reporter->warn(cat("secret file ", reference.object.name, " does not exist"));
        MountSpec mount;
        mount.type = MountSpec::Type::bind;
        mount.source = reference.object.file;
        mount.target = target;
        mount.read_only = true;
        mount.create_host_path = !reference.secret;
        spec.mounts.push_back(std::move(mount));
    }
}

std::string files_hash(const model::Project& project, const model::Service& service, const Options& options) {
    std::string all;
    for (const Reference& reference : references_of(project, service)) {
        if (const auto content = content_of(project, reference, options))
            all += cat(reference.target(), "\n", content->size(), "\n", *content);
    }
    return all.empty() ? std::string() : base::Digest::of(all).hex();
}

}  // namespace tutti::plan::spec
