#include "embedded/runtime/process_record.h"

#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"

namespace tutti::embedded::runtime {

using base::cat;
using doc::Node;

void write_process_record(const Box& box, const Spec& spec, const std::optional<NamedUser>& user,
                          const std::string& filter_path, std::uint32_t filter_flags) {
    if (!spec.process) return;
    Node out = write_process(*spec.process);
    if (user) {
        Node& named = out.set("namedUser", Node::map());
        named.set("text", Node(user->text));
        named.set("groups", Node::texts(user->groups));
    }
    if (spec.linux_.seccomp) {
        Node& filter = out.set("filter", Node::map());
        filter.set("path", Node(filter_path));
        filter.set("flags", Node(static_cast<std::int64_t>(filter_flags)));
        if (filter_path.empty())
            os::write_file(cat(box.folder, "/seccomp.json"),
                           doc::write_json(write_seccomp(*spec.linux_.seccomp)) + "\n");
    }
    os::write_file(cat(box.folder, "/process.json"), doc::write_json(out) + "\n");
}

ProcessRecord read_process_record(const Box& box) {
    const std::string path = cat(box.folder, "/process.json");
    const Node record = doc::parse_json(os::read_file(path), path);
    ProcessRecord out;
    out.process = read_process(record);
    if (const Node* named = record.find("namedUser"))
        out.user = NamedUser{named->text_or("text"), named->texts_or_empty("groups")};
    if (const Node* filter = record.find("filter")) {
        out.has_filter = true;
        out.filter_path = filter->text_or("path");
        out.filter_flags = static_cast<std::uint32_t>(filter->int_or("flags"));
    }
    return out;
}

Seccomp read_seccomp_record(const Box& box) {
    const std::string path = cat(box.folder, "/seccomp.json");
    return read_seccomp(doc::parse_json(os::read_file(path), path));
}

}  // namespace tutti::embedded::runtime
