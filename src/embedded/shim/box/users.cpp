#include "embedded/shim/box/users.h"

#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

namespace {

constexpr uint64_t largest_id = 0x7fffffff;        // as Docker: what lies above turns negative elsewhere
constexpr size_t largest_file = size_t{16} << 20;  // bytes read of a passwd or group file

// The file line by line, through one small buffer. Lines that do not fit are passed over.
class Lines {
  public:
    Lines(int root, const char* path) : fd_(open_inside(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY)) {
        struct stat st {};
        if (fd_ >= 0 && (::fstat(fd_, &st) != 0 || !S_ISREG(st.st_mode))) {
            ::close(fd_);
            fd_ = -1;
        }
    }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines() {
        if (fd_ >= 0) ::close(fd_);
    }

    char* next() {
        for (;;) {
            char* end = static_cast<char*>(memchr(buffer_ + from_, '\n', to_ - from_));
            if (end) {
                char* line = buffer_ + from_;
                *end = 0;
                from_ = static_cast<size_t>(end - buffer_) + 1;
                if (skipping_) {
                    skipping_ = false;
                    continue;
                }
                return line;
            }
            memmove(buffer_, buffer_ + from_, to_ - from_);
            to_ -= from_;
            from_ = 0;
            if (to_ == sizeof buffer_ - 1) {  // too long a line
                skipping_ = true;
                to_ = 0;
            }
            const ssize_t n =
                fd_ < 0 || total_ >= largest_file ? 0 : ::read(fd_, buffer_ + to_, sizeof buffer_ - 1 - to_);
            if (n <= 0) {
                if (to_ == 0 || skipping_) return nullptr;
                buffer_[to_] = 0;
                to_ = from_ = 0;
                return buffer_;
            }
            to_ += static_cast<size_t>(n);
            total_ += static_cast<size_t>(n);
        }
    }
    bool cut() const { return total_ >= largest_file; }

  private:
    int fd_;
    size_t from_ = 0, to_ = 0, total_ = 0;
    bool skipping_ = false;
    char buffer_[8192];
};

// Cuts the next field off a line: "root:x:0" gives "root" and leaves "x:0".
char* field(char*& line, char separator = ':') {
    char* start = line;
    char* end = strchr(line, separator);
    if (end) {
        *end = 0;
        line = end + 1;
    } else {
        line = start + strlen(start);
    }
    return start;
}

// Decimal digits and nothing else.
bool number(const char* text, uint64_t& value) {
    value = 0;
    if (!*text || strlen(text) > 18) return false;
    for (; *text; ++text) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + static_cast<uint64_t>(*text - '0');
    }
    return true;
}

// Numbers, also those too long or negative: what must not be taken for a name.
bool looks_numeric(const char* text) {
    if (*text == '-' || *text == '+') ++text;
    if (!*text) return false;
    for (; *text; ++text)
        if (*text < '0' || *text > '9') return false;
    return true;
}

struct Account {
    char name[256] = "";
    uint64_t uid = 0, gid = 0;
    bool found = false, cut = false;
};

// By name or by number, as written.
Account find_account(int root, const char* wanted, char (&home)[256]) {
    Account account;
    Lines lines(root, "/etc/passwd");
    while (char* line = lines.next()) {
        const char* name = field(line);
        field(line);
        const char* uid_text = field(line);
        const char* gid_text = field(line);
        field(line);
        const char* folder = field(line);
        uint64_t uid = 0, gid = 0;
        if (!*name || !number(uid_text, uid)) continue;
        if (strcmp(name, wanted) != 0 && strcmp(uid_text, wanted) != 0) continue;
        number(gid_text, gid);
        account.found = true;
        account.uid = uid;
        account.gid = gid;
        if (strlen(name) < sizeof account.name) strcpy(account.name, name);
        if (*folder && strlen(folder) < sizeof home) strcpy(home, folder);
        return account;
    }
    account.cut = lines.cut();
    return account;
}

bool lists(char* members, const char* user) {
    while (*members)
        if (strcmp(field(members, ','), user) == 0) return true;
    return false;
}

Lookup find_group(int root, const char* wanted, uint32_t& gid) {
    Lines lines(root, "/etc/group");
    while (char* line = lines.next()) {
        const char* name = field(line);
        field(line);
        const char* gid_text = field(line);
        uint64_t value = 0;
        if (!*name || !number(gid_text, value)) continue;
        if (strcmp(name, wanted) != 0 && strcmp(gid_text, wanted) != 0) continue;
        if (value > largest_id) return Lookup::out_of_range;
        gid = static_cast<uint32_t>(value);
        return Lookup::found;
    }
    uint64_t value = 0;
    if (number(wanted, value) && value <= largest_id) {
        gid = static_cast<uint32_t>(value);
        return Lookup::found;
    }
    if (looks_numeric(wanted)) return Lookup::out_of_range;
    return lines.cut() ? Lookup::too_large : Lookup::no_group;
}

Lookup add_group(Identity& identity, uint32_t gid) {
    for (unsigned i = 0; i < identity.group_count; ++i)
        if (identity.groups[i] == gid) return Lookup::found;
    if (identity.group_count == most_groups) return Lookup::too_many_groups;
    identity.groups[identity.group_count++] = gid;
    return Lookup::found;
}

Lookup add_memberships(int root, const char* user, Identity& identity) {
    Lines lines(root, "/etc/group");
    while (char* line = lines.next()) {
        field(line);
        field(line);
        const char* gid_text = field(line);
        uint64_t gid = 0;
        if (!number(gid_text, gid) || gid > largest_id || !lists(line, user)) continue;
        const Lookup added = add_group(identity, static_cast<uint32_t>(gid));
        if (added != Lookup::found) return added;
    }
    return Lookup::found;
}

}  // namespace

Lookup look_up_user(int root, const char* text, const char* const* more, unsigned more_count, Identity& identity) {
    char user[256];
    if (strlen(text) >= sizeof user) return Lookup::no_user;
    strcpy(user, text);
    char* rest = user;
    char* name = field(rest);
    const bool group_given = strchr(text, ':') != nullptr;
    char* group = group_given ? rest : nullptr;
    char root_name[] = "0";
    if (!*name) name = root_name;

    const Account account = find_account(root, name, identity.home);
    uint64_t uid = account.uid;
    if (!account.found && !number(name, uid)) {
        if (looks_numeric(name)) return Lookup::out_of_range;
        return account.cut ? Lookup::too_large : Lookup::no_user;
    }
    if (uid > largest_id || account.gid > largest_id) return Lookup::out_of_range;
    identity.uid = static_cast<uint32_t>(uid);
    identity.gid = static_cast<uint32_t>(account.gid);
    if (group && *group) {
        const Lookup found = find_group(root, group, identity.gid);
        if (found != Lookup::found) return found;
    }
    add_group(identity, identity.gid);
    if (!(group && *group) && account.found) {
        const Lookup added = add_memberships(root, account.name, identity);
        if (added != Lookup::found) return added;
    }
    for (unsigned i = 0; i < more_count; ++i) {
        uint32_t gid = 0;
        Lookup found = find_group(root, more[i], gid);
        if (found == Lookup::found) found = add_group(identity, gid);
        if (found != Lookup::found) return found;
    }
    return Lookup::found;
}

void look_up_home(int root, uint32_t uid, char (&home)[256]) {
    Line<16> wanted;
    wanted.number(uid);
    Lines lines(root, "/etc/passwd");
    while (char* line = lines.next()) {
        const char* name = field(line);
        field(line);
        const char* uid_text = field(line);
        if (!*name || strcmp(uid_text, wanted.text()) != 0) continue;
        field(line);
        field(line);
        const char* folder = field(line);
        if (*folder && strlen(folder) < sizeof home) strcpy(home, folder);
        return;
    }
}

const char* to_text(Lookup lookup) {
    switch (lookup) {
        case Lookup::found: return "found";
        case Lookup::no_user: return "unable to find user: no matching entries in passwd file";
        case Lookup::no_group: return "unable to find group: no matching entries in group file";
        case Lookup::out_of_range: return "user and group ids must be in the range 0-2147483647";
        case Lookup::too_many_groups: return "more than 256 groups";
        case Lookup::too_large: return "the passwd or group file is larger than 16 MiB";
    }
    return "";
}

}  // namespace tutti::embedded::shim::box
