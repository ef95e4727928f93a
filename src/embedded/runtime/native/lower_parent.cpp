#include "embedded/runtime/native/lower_parent.h"

#include "base/text.h"

namespace tutti::embedded::runtime::native {

using base::cat;

void lower_overlay(PlanBuilder& plan, shim::Plan& out, const CreateOptions& options) {
    const auto& overlay = options.overlay;
    if (!overlay) return;
    out.lower = plan.texts(overlay->lower);
    out.upper = plan.text(overlay->upper);
    out.work = plan.text(overlay->work);
    out.overlay_options = plan.texts(overlay->options);
    // The same for mount(2), where a colon ends a layer and a comma an option.
    const auto escaped = [](const std::string& path) {
        return base::replace_all(base::replace_all(base::replace_all(path, "\\", "\\\\"), ":", "\\:"), ",", "\\,");
    };
    std::string data = "lowerdir=";
    for (const std::string& layer : overlay->lower) data.append(data.ends_with('=') ? "" : ":").append(escaped(layer));
    if (!overlay->upper.empty())
        data += cat(",upperdir=", escaped(overlay->upper), ",workdir=", escaped(overlay->work));
    for (const std::string& option : overlay->options) data += cat(",", option);
    out.overlay_data = plan.text(data);
}

void lower_parent(PlanBuilder& plan, shim::Plan& out, const CreateOptions& options) {
    out.log.path = plan.text(options.log.path);
    out.log.max_size = options.log.max_size;
    out.log.max_files = options.log.max_files;
    out.open_stdin = options.open_stdin ? 1 : 0;
    out.stdin_once = options.stdin_once ? 1 : 0;
    out.start = options.start ? 1 : 0;
    out.wait_acknowledge = options.wait_acknowledge ? 1 : 0;
    out.detached = options.detached ? 1 : 0;
    out.inherit_stdio = options.inherit_stdio ? 1 : 0;
    out.console_socket = options.console_socket ? 1 : 0;
    out.supervisor = plan.texts(options.supervisor);
    out.supervisor_lock = plan.text(options.supervisor_lock);
}

}  // namespace tutti::embedded::runtime::native
