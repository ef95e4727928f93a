#include "cli/up_beside.h"

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "os/terminal.h"
#include "verbs/attached.h"

namespace tutti::cli {

UpBeside::UpBeside(const model::Project& project, Session& session, const verbs::CreateOptions& create,
                   base::Reporter& reporter, verbs::LogFace& face, os::Queue<int>& signals,
                   const std::vector<std::string>& services)
    : project_(project), session_(session), reporter_(reporter), face_(face), signals_(signals) {
    options_.services = services;
    options_.create = create;
}

void UpBeside::run(os::Scope& scope) {
    if (watch) toggle_watch(scope);
    if (menu) obey_keys(scope);
    if (watching_) watching_->join();
}

void UpBeside::toggle_watch(os::Scope& scope) {
    if (watching_) {
        watching_->cancel_and_join();
        watching_.reset();
        return;
    }
    watching_.emplace(scope.cancel());
    watching_->spawn([this] {
        try {
            verbs::watch(project_, session_.engine(), options_, reporter_, face_, *watching_);
        } catch (const base::Error& error) { reporter_.warn(error.what()); }
    });
}

void UpBeside::show_menu() { face_.note(watching_ ? "w Disable Watch   d Detach" : "w Enable Watch   d Detach"); }

void UpBeside::obey_keys(os::Scope& scope) {
    const os::RawMode keys(STDIN_FILENO, os::RawMode::Extent::keys);
    const os::Fd input(::dup(STDIN_FILENO));
    show_menu();
    while (true) {
        try {
            os::wait(input, POLLIN, scope.cancel());
        } catch (const base::Cancelled&) { return; }
        char key = 0;
        if (::read(input.get(), &key, 1) != 1) return;
        if (key == 'd') return signals_.push(verbs::detach_signal);
        if (key != 'w') continue;
        toggle_watch(scope);
        show_menu();
    }
}

}  // namespace tutti::cli
