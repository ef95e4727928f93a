#include "embedded/cdi.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "doc/diagnostics.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

constexpr std::string_view gpu_kind = "nvidia.com/gpu";

struct Registry {
    std::map<std::string, Node> files;                            // by path; a later folder's win
    std::map<std::string, std::pair<std::string, Node>> devices;  // "kind=name" → its file and edits
};

Node read(const std::string& path) {
    const std::string text = os::read_file(path);
    if (path.ends_with(".json")) return doc::parse_json(text, path);
    doc::Diagnostics diagnostics;
    auto documents = doc::read_yaml(text, 0, diagnostics);
    if (diagnostics.failed() || documents.size() != 1)
        throw Error(ErrorKind::invalid, cat(path, " is no CDI specification"), "it must be one YAML document");
    return std::move(documents.front());
}

Registry read_registry(const std::vector<std::string>& folders) {
    Registry out;
    for (const auto& folder : folders)
        for (const auto& name : os::list_folder(folder)) {
            if (!name.ends_with(".json") && !name.ends_with(".yaml") && !name.ends_with(".yml")) continue;
            const std::string path = cat(folder, '/', name);
            Node file = read(path);
            const std::string kind = file.text_or("kind");
            const Node* devices = file.find("devices");
            if (kind.empty() || !devices || !devices->is_list())
                throw Error(ErrorKind::invalid, cat(path, " is no CDI specification: it needs `kind` and `devices`"));
            for (const Node& device : devices->items()) {
                const Node* edits = device.find("containerEdits");
                out.devices[cat(kind, '=', device.text_or("name"))] = {path, edits ? *edits : Node::map()};
            }
            out.files[path] = std::move(file);
        }
    return out;
}

std::vector<std::string> names_of(const Registry& registry, std::string_view kind) {
    std::vector<std::string> out;
    for (const auto& [name, device] : registry.devices)
        if (name.starts_with(cat(kind, '='))) out.push_back(name);
    return out;
}

[[noreturn]] void cannot_select(const engine::DeviceRequest& request) {
    const std::string words = request.capabilities.empty() ? "" : base::join(request.capabilities.front(), " ");
    throw Error(ErrorKind::unsupported,
                cat("could not select device driver \"", request.driver, "\" with capabilities: [[", words, "]]"),
                "the device's vendor brings a CDI specification (/etc/cdi), which is missing here");
}

const std::vector<Node>& items_of(const Node& edits, std::string_view name) {
    static const std::vector<Node> none;
    const Node* list = edits.find(name);
    return list && list->is_list() ? list->items() : none;
}

void set_variable(std::vector<std::string>& env, const std::string& variable) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    std::erase_if(env, [&](const std::string& one) { return one.starts_with(name); });
    env.push_back(variable);
}

void add_node(const Node& node, runtime::BoxRequest& request) {
    runtime::BoxDevice device;
    device.box_path = node.text_or("path");
    device.host_path = node.text_or("hostPath", device.box_path);
    device.permissions = node.text_or("permissions", "rwm");
    request.devices.push_back(std::move(device));
}

void add_mount(const Node& node, runtime::BoxRequest& request) {
    runtime::BoxMount mount;
    mount.source = node.text_or("hostPath");
    mount.target = node.text_or("containerPath");
    mount.recursive = false;
    for (const auto& option : node.texts_or_empty("options")) {
        if (option == "rbind")
            mount.recursive = true;
        else if (option == "ro")
            mount.read_only = true;
        else if (option != "bind" && option != "rw")
            mount.options.push_back(option);
    }
    request.mounts.push_back(std::move(mount));
}

void add_hook(const Node& node, const std::string& device, runtime::BoxRequest& request) {
    runtime::Hook hook;
    hook.path = node.text_or("path");
    hook.args = node.texts_or_empty("args");
    hook.env = node.texts_or_empty("env");
    if (const auto timeout = node.int_or("timeout"); timeout > 0) hook.timeout = timeout;
    const std::string name = node.text_or("hookName");
    runtime::Hooks& hooks = request.hooks;
    const std::pair<std::string_view, std::vector<runtime::Hook>*> kinds[] = {
        {"prestart", &hooks.prestart},
        {"createRuntime", &hooks.create_runtime},
        {"createContainer", &hooks.create_container},
        {"startContainer", &hooks.start_container},
        {"poststart", &hooks.poststart},
        {"poststop", &hooks.poststop}};
    for (const auto& [kind, list] : kinds)
        if (kind == name) return list->push_back(std::move(hook));
    throw Error(ErrorKind::invalid, cat("CDI device ", device, ": unknown hook \"", name, "\""));
}

void apply(const Node& edits, const std::string& device, runtime::BoxRequest& request) {
    for (const char* unknown : {"intelRdt", "additionalGids", "netDevices"})
        if (const Node* there = edits.find(unknown); there && !there->is_null())
            throw Error(ErrorKind::unsupported, cat("CDI device ", device, ": ", unknown, " is not supported"));
    for (const auto& variable : edits.texts_or_empty("env")) set_variable(request.env, variable);
    for (const Node& node : items_of(edits, "deviceNodes")) add_node(node, request);
    for (const Node& node : items_of(edits, "mounts")) add_mount(node, request);
    for (const Node& node : items_of(edits, "hooks")) add_hook(node, device, request);
}

}  // namespace

std::vector<std::string> cdi_names(const engine::DeviceRequest& request, const std::vector<std::string>& folders) {
    if (request.driver == "cdi") return request.device_ids;
    const bool gpu = std::ranges::any_of(request.capabilities,
                                         [](const auto& all) { return std::ranges::find(all, "gpu") != all.end(); });
    if (!gpu || (!request.driver.empty() && request.driver != "nvidia")) cannot_select(request);
    const auto there = names_of(read_registry(folders), gpu_kind);
    std::vector<std::string> out;
    for (const auto& id : request.device_ids) out.push_back(cat(gpu_kind, '=', id));
    if (!out.empty()) return out;
    if (there.empty()) cannot_select(request);
    if (request.count < 0) return {cat(gpu_kind, "=all")};
    for (std::int64_t number = 0; number < request.count; ++number) out.push_back(cat(gpu_kind, '=', number));
    return out;
}

void add_cdi_devices(const std::vector<std::string>& names, const std::vector<std::string>& folders,
                     runtime::BoxRequest& request) {
    if (names.empty()) return;
    const Registry registry = read_registry(folders);
    std::set<std::string> files;
    for (const auto& name : names) {
        const auto device = registry.devices.find(name);
        if (device == registry.devices.end())
            throw Error(ErrorKind::not_found, cat("CDI device injection failed: unresolvable CDI devices ", name),
                        cat("no file in ", base::join(folders, " or "), " describes it"));
        const auto& [file, edits] = device->second;
        if (files.insert(file).second)
            if (const Node* common = registry.files.at(file).find("containerEdits")) apply(*common, name, request);
        apply(edits, name, request);
    }
}

}  // namespace tutti::embedded
