#include "embedded/runtime/process_record.h"

#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"

namespace tutti::embedded::runtime {

static std::string path_of(const Box& box) { return base::cat(box.folder, "/process.json"); }

void write_process_record(const Box& box, const Spec& spec) {
    if (!spec.process) return;
    doc::Node out = write_process(*spec.process);
    // The profile in full: an exec may come from a program that no longer knows the default of today.
    if (spec.linux_.seccomp) {
        Spec only;
        only.linux_.seccomp = spec.linux_.seccomp;
        const doc::Node whole = write_spec(only);
        out.set("seccomp", *whole.find_path({"linux", "seccomp"}));
    }
    os::write_file(path_of(box), doc::write_json(out) + "\n");
}

ProcessRecord read_process_record(const Box& box) {
    const doc::Node record = doc::parse_json(os::read_file(path_of(box)), path_of(box));
    ProcessRecord out;
    out.process = read_process(record);
    if (const doc::Node* seccomp = record.find("seccomp")) out.seccomp = read_seccomp(*seccomp);
    return out;
}

}  // namespace tutti::embedded::runtime
