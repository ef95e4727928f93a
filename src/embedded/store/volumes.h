// Named volumes on disk: ROOT/volumes/NAME/{_data,volume.json}, and the first fill from an image's files.
// Used by the volumes face and by containers. Mounts nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"

namespace tutti::embedded::store {

struct VolumeRecord {
    std::string name;
    std::string driver = "local";
    std::map<std::string, std::string> options, labels;
    std::string created;  // RFC 3339
    bool anonymous = false;
};

class Volumes {
  public:
    explicit Volumes(std::string root);  // the store's root

    // An existing volume of this name is returned as it is. Throws Error (invalid) for a name Docker would refuse.
    VolumeRecord create(const VolumeRecord& wanted);
    std::optional<VolumeRecord> find(const std::string& name) const;
    std::vector<VolumeRecord> list() const;
    void remove(const std::string& name);                    // absent: Error (not_found)
    std::string data_folder(const std::string& name) const;  // ".../_data"

    // Copies the folder's content, owner and mode into the volume if that is still empty. Whole or not at all, also
    // when two containers start at once or the process is killed half-way.
    void fill_if_empty(const std::string& name, const os::Fd& source);

  private:
    std::string folder(const std::string& name) const;
    std::string root_;
};

}  // namespace tutti::embedded::store
