// Users and groups of a box, looked up in its own /etc/passwd and /etc/group: streamed by descriptor, bounded, regular
// files only, so neither a FIFO nor a gigabyte stops us. Also linked by the big program (external runtimes want
// numbers).
#pragma once

#include <stdint.h>

namespace tutti::embedded::shim::box {

constexpr unsigned most_groups = 256;

struct Identity {
    uint32_t uid = 0, gid = 0;
    uint32_t groups[most_groups];
    unsigned group_count = 0;
    char home[256] = "/";
};

enum class Lookup { found, no_user, no_group, out_of_range, too_many_groups, too_large };

// "user", "user:group", names or numbers; empty: root. `more`: names or numbers (group_add), `more_count` of them.
Lookup look_up_user(int root, const char* text, const char* const* more, unsigned more_count, Identity& identity);
// The home folder of a number, "/" if it is nobody's.
void look_up_home(int root, uint32_t uid, char (&home)[256]);
const char* to_text(Lookup lookup);

}  // namespace tutti::embedded::shim::box
