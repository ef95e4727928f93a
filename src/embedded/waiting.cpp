#include "embedded/waiting.h"

#include "base/error.h"
#include "base/text.h"
#include "embedded/list.h"
#include "embedded/supervise/running.h"

namespace tutti::embedded {

using engine::WaitFor;

static int exit_code_of(const engine::Event& event) {
    const auto code = event.attributes.find("exitCode");
    return code == event.attributes.end() ? 0 : static_cast<int>(base::to_int(code->second).value_or(0));
}

int wait_for_container(Parts& parts, const std::string& name, WaitFor what, const os::Cancel& cancel) {
    const auto folder = parts.resolve(name);
    auto follower = parts.events().follow_from_end();  // before looking, so that nothing falls in between
    const auto evidence = evidence_of(folder);
    const auto view = records::view(evidence);
    if (what != WaitFor::removed) {
        if (view.pid != 0)
            if (auto running = supervise::Running::hold(folder, evidence.state)) return running->wait(cancel)->code;
        if (view.pid != 0 || what == WaitFor::not_running) {
            if (view.pid == 0) return view.exit_code;
            return records::view(evidence_of(folder)).exit_code;
        }
    }
    int code = view.exit_code;
    const auto wanted = [&](const engine::Event& event) {
        if (event.type != "container" || event.id != folder.id()) return true;
        if (event.action == "die") {
            code = exit_code_of(event);
            return what == WaitFor::removed;
        }
        return event.action != "destroy";
    };
    follower.wait(wanted, cancel);
    return code;
}

}  // namespace tutti::embedded
