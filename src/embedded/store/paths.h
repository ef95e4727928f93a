// Small words on the store's files that its sources share.
// Used inside this room only.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"

namespace tutti::embedded::store {

std::string file_name_of(const base::Digest& digest);  // its hex; "sha512-…" for the other algorithm
// A name that may hold '/' and anything else as one file name; readable, and never longer than a file name may be.
std::string escaped(std::string_view name);
void sync_folder(const std::string& path);

}  // namespace tutti::embedded::store
