// A seccomp profile in Docker's JSON: conditions on capabilities, architectures and kernels are settled, what is left
// is OCI's.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/spec_json.h"

namespace tutti::embedded::runtime {

using base::cat;
using doc::Node;

namespace {

// Go's names of architectures, as profiles use them.
std::string_view go_architecture(std::string_view machine) {
    static constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm"}, {"i686", "x86"}};
    for (const auto& [from, to] : names)
        if (from == machine) return to;
    return machine;
}

std::string_view native_architecture(std::string_view machine) {
    static constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"x86_64", "SCMP_ARCH_X86_64"},  {"aarch64", "SCMP_ARCH_AARCH64"}, {"armv7l", "SCMP_ARCH_ARM"},
        {"i686", "SCMP_ARCH_X86"},       {"s390x", "SCMP_ARCH_S390X"},     {"ppc64le", "SCMP_ARCH_PPC64LE"},
        {"riscv64", "SCMP_ARCH_RISCV64"}};
    for (const auto& [from, to] : names)
        if (from == machine) return to;
    return {};
}

bool holds(const std::vector<std::string>& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
}

// `includes`: all of it must hold. `excludes`: none of it may.
bool applies(const Node& rule, const std::vector<std::string>& capabilities, const Machine& machine) {
    const std::string_view architecture = go_architecture(machine.architecture);
    if (const Node* includes = rule.find("includes"); includes && includes->is_map()) {
        const auto machines = includes->texts_or_empty("arches");
        if (!machines.empty() && !holds(machines, architecture)) return false;
        for (const std::string& capability : includes->texts_or_empty("caps"))
            if (!holds(capabilities, capability)) return false;
    }
    if (const Node* excludes = rule.find("excludes"); excludes && excludes->is_map()) {
        if (holds(excludes->texts_or_empty("arches"), architecture)) return false;
        for (const std::string& capability : excludes->texts_or_empty("caps"))
            if (holds(capabilities, capability)) return false;
        if (excludes->find("minKernel") && excludes->find("minKernel")->is_text())
            return false;  // ours is newer (5.10)
    }
    return true;
}

}  // namespace

Seccomp read_seccomp_profile(std::string_view json, const std::vector<std::string>& capabilities,
                             const Machine& machine) {
    Node profile = doc::parse_json(json, "the seccomp profile");
    if (!profile.is_map()) throw base::Error(base::ErrorKind::invalid, "the seccomp profile is not a JSON object");
    Node* rules = profile.find("syscalls");
    Node kept = Node::list();
    if (rules && rules->is_list()) {
        for (Node& rule : rules->items()) {
            if (!rule.is_map())
                throw base::Error(base::ErrorKind::invalid,
                                  "the seccomp profile: syscalls holds something that is no object");
            if (!applies(rule, capabilities, machine)) continue;
            if (const Node* name = rule.find("name");
                name && name->is_text() && !name->as_text().empty()) {  // the old form
                if (rule.find("names"))
                    throw base::Error(base::ErrorKind::invalid, "the seccomp profile: a rule has both name and names");
                rule.set("names", Node::texts({name->as_text()}));
            }
            kept.push(rule);
        }
    }
    profile.set("syscalls", std::move(kept));
    const Node* map = profile.find("archMap");
    if (map && map->is_list()) {
        if (profile.find("architectures") && profile.find("architectures")->size() > 0)
            throw base::Error(base::ErrorKind::invalid,
                              "the seccomp profile: architectures and archMap exclude each other");
        for (const Node& family : map->items()) {
            if (family.text_or("architecture") != native_architecture(machine.architecture)) continue;
            std::vector<std::string> all = family.texts_or_empty("subArchitectures");
            all.insert(all.begin(), family.text_or("architecture"));
            profile.set("architectures", Node::texts(all));
        }
    }
    return read_seccomp(profile);
}

}  // namespace tutti::embedded::runtime
