#include "verbs/project_lock.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/watch.h"

namespace tutti::verbs {

using base::cat;

namespace {

// Closing the locked file tells that its holder is done, or dead.
class Closes {
  public:
    explicit Closes(const std::string& path) { watch_.add(path, IN_CLOSE); }
    void wait(const os::Cancel& cancel) {
        os::wait(watch_.fd(), POLLIN, cancel);
        watch_.drain();
    }

  private:
    os::Watch watch_;
};

}  // namespace

ProjectLock::ProjectLock(const std::string& folder, const std::string& project, const std::string& what,
                         base::Reporter& reporter, const os::Cancel& cancel) {
    if (folder.empty()) return;
    os::make_folders(folder);
    const std::string path = cat(folder, "/", project, ".lock"), holder = cat(folder, "/", project, ".holder");
    lock_ = os::FileLock::try_now(path);
    if (!lock_) {
        const auto who = os::read_file_if_exists(holder);
        reporter.warn(
            cat("waiting for ", who ? *who : std::string("another command"), " on project ", project, " to finish"));
        Closes closes(path);
        while (!(lock_ = os::FileLock::try_now(path))) closes.wait(cancel);
    }
    os::write_file(holder, cat("`", what, "` (pid ", ::getpid(), ")"));
}

}  // namespace tutti::verbs
