// Which containers a project's supervisor looks after, and that there is one: RUN/projects/PROJECT/{lock,members/ID}.
// Used by everybody who starts or changes a container. Nothing is sent: a member's file is touched, the supervisor is
// woken by the kernel and reads the container's records, so nothing is lost while it is replaced.
#pragma once

#include <string>
#include <vector>

#include "os/file.h"

namespace tutti::embedded::supervise {

class Membership {
  public:
    Membership(const std::string& run_dir, const std::string& project);

    const std::string& folder() const { return folder_; }
    std::string members_folder() const { return folder_ + "/members"; }
    std::string lock_path() const { return folder_ + "/lock"; }  // held with flock(2) by the living supervisor

    void touch(const std::string& id) const;   // something about it has changed
    void forget(const std::string& id) const;  // it is gone
    std::vector<std::string> members() const;

    // Starts `command` as the supervisor unless one lives. The lock is taken here and handed over as descriptor 3, so
    // two never start.
    void ensure_supervisor(const std::vector<std::string>& command) const;

    // For the supervisor itself: the lock, or nothing if another holds it.
    os::Fd try_supervise() const;
    static bool is_inherited_lock(int fd, const std::string& path);  // `fd` is that lock, handed over

  private:
    std::string folder_;
};

}  // namespace tutti::embedded::supervise
