#include "embedded/supervise/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/text.h"
#include "embedded/supervise/health.h"

namespace tutti::embedded::supervise {

static constexpr std::size_t kept_output = 4096;

static bool is_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&one, 1, 0) > 0;
}

Probe::Probe(runtime::Runtime& runtime, const records::Folder& folder, const records::Config& config,
             os::Clock::time_point deadline)
    : deadline_(deadline), start_(std::chrono::system_clock::now()) {
    try {
        runtime::ExecSpec spec;
        spec.process.args = probe_command(*config.spec.health_check, config.shell);
        spec.process.env = config.spec.env;
        spec.process.cwd = config.spec.working_dir.empty() ? "/" : config.spec.working_dir;
        spec.user = runtime::NamedUser{.text = config.spec.user, .groups = config.spec.group_add};
        os::Pipe pipe = os::make_pipe(O_NONBLOCK);
        // Only our end must not block; the probe's writes are ordinary ones.
        ::fcntl(pipe.write.get(), F_SETFL, 0);
        spec.stdout_fd = spec.stderr_fd = pipe.write.get();
        process_ = runtime.exec(runtime::read_box(folder.run_path()), spec);
        output_ = std::move(pipe.read);
    } catch (const base::Error& error) { failure_ = error.what(); }
}

Probe::~Probe() {
    if (!process_) return;
    try {
        process_->signal(SIGKILL);
    } catch (const base::Error&) {  // it has ended
    }
}

void Probe::read_output() {
    std::array<char, 4096> buffer;
    for (;;) {
        const auto n = ::read(output_.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) output_.reset();
        if (n <= 0) return;
        // One byte more than is kept tells that there was more; the rest is read and dropped, so that no probe blocks.
        const auto room = kept_output + 1 - std::min(text_.size(), kept_output + 1);
        text_.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
    }
}

engine::ProbeResult Probe::finish(int exit_code, std::string note) {
    engine::ProbeResult result;
    result.start = start_;
    result.end = std::chrono::system_clock::now();
    result.exit_code = exit_code;
    result.output = cut_output(std::move(note) + text_);
    return result;
}

std::optional<engine::ProbeResult> Probe::result(os::Clock::time_point now) {
    if (!failure_.empty()) return finish(-1, failure_);
    if (is_readable(process_->wait_fd())) {
        if (output_) read_output();
        const int code = process_->wait(os::Cancel(), now);
        process_.reset();
        return finish(code, "");
    }
    if (now < deadline_) return std::nullopt;
    process_->signal(SIGKILL);
    const auto seconds = std::chrono::duration<double>(std::chrono::system_clock::now() - start_);
    return finish(-1, base::cat("Health check exceeded timeout (",
                                std::chrono::round<std::chrono::seconds>(seconds).count(), "s): "));
}

}  // namespace tutti::embedded::supervise
