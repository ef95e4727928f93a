// Which container bears which name: ROOT/names/NAME is a symbolic link whose target is the id, so taking a name is one
// atomic step. Used by the container face. A link that survived its container is taken over.
#pragma once

#include <optional>
#include <string>

namespace tutti::embedded::records {

class Names {
  public:
    explicit Names(std::string root);

    // Throws Error conflict, worded as Docker does, when a living container has it; invalid for a name Docker refuses.
    void take(const std::string& name, const std::string& id) const;
    void give_up(const std::string& name, const std::string& id) const;  // only if it is the id's
    std::optional<std::string> id_of(const std::string& name) const;

    // A name, a whole id or an id's unique prefix. Throws Error not_found "No such container: X".
    std::string resolve(const std::string& name) const;

  private:
    std::string root_;
};

bool valid_name(std::string_view name);  // [a-zA-Z0-9][a-zA-Z0-9_.-]+
std::string random_id();                 // 64 hex digits

}  // namespace tutti::embedded::records
