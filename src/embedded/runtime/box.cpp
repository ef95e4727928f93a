// FOLDER/box.json and FOLDER/pid: what there is of a box, for whoever comes later.
#include "embedded/runtime/box.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

std::string_view to_text(BoxState state) {
    switch (state) {
        case BoxState::creating: return "creating";
        case BoxState::created: return "created";
        case BoxState::running: return "running";
        case BoxState::paused: return "paused";
        case BoxState::stopped: return "stopped";
    }
    return "";
}

int exit_code_of(const base::Error& error) {
    const auto* failed = dynamic_cast<const shim::Failed*>(&error);
    return failed ? failed->exit_code() : 125;
}

void write_box(const Box& box) {
    doc::Node out = doc::Node::map();
    out.set("version", doc::Node(std::int64_t{1}));
    out.set("id", doc::Node(box.id));
    out.set("bundle", doc::Node(box.bundle));
    out.set("runtime", doc::Node(box.runtime));
    out.set("cgroup", doc::Node(box.cgroup));
    out.set("cgroup_folders", doc::Node::texts(box.cgroup_folders));
    out.set("created_at", doc::Node(box.created_at));
    out.set("rootfs", Node(box.rootfs));
    Node& annotations = out.set("annotations", Node::map());
    for (const auto& [key, value] : box.annotations) annotations.set(key, Node(value));
    out.set("namespaces", doc::Node(static_cast<std::int64_t>(box.namespaces)));
    out.set("notes", doc::Node::texts(box.notes));
    os::write_file(cat(box.folder, "/box.json"), doc::write_json(out) + "\n");
}

static void read_pid(Box& box) {
    const auto text = os::read_file_if_exists(cat(box.folder, "/pid"));
    if (!text) return;
    const auto words = base::split(base::trim(*text), ' ');
    const auto number = [&](std::size_t i) { return i < words.size() ? base::to_uint(words[i]).value_or(0) : 0; };
    box.pid = static_cast<pid_t>(number(0));
    box.pid_started = number(1);
    box.shim_pid = static_cast<pid_t>(number(2));
}

Box read_box(const std::string& folder) {
    const std::string path = cat(folder, "/box.json");
    const auto text = os::read_file_if_exists(path);
    if (!text) throw Error(ErrorKind::not_found, cat("no container in ", folder));
    const doc::Node record = doc::parse_json(*text, path);
    Box box;
    box.folder = folder;
    box.id = record.text_or("id");
    box.bundle = record.text_or("bundle");
    box.runtime = record.text_or("runtime");
    box.cgroup = record.text_or("cgroup");
    box.cgroup_folders = record.texts_or_empty("cgroup_folders");
    box.rootfs = record.text_or("rootfs");
    if (const Node* annotations = record.find("annotations"); annotations && annotations->is_map())
        for (const doc::Entry& entry : annotations->entries()) box.annotations[entry.key] = entry.value.as_text();
    box.created_at = record.int_or("created_at");
    box.namespaces = static_cast<std::uint32_t>(record.int_or("namespaces"));
    box.notes = record.texts_or_empty("notes");
    read_pid(box);
    return box;
}

}  // namespace tutti::embedded::runtime
