#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/build/session.h"
#include "oci/inside.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

constexpr std::size_t limit = 8 << 20;  // of /etc/passwd: an image may hold anything under that name

struct Row {
    std::uint32_t id = 0, group = 0;
};

// A line of /etc/passwd or /etc/group by its name (passwd(5), group(5)).
std::optional<Row> look_up(const os::Fd& root, const std::string& file, std::string_view name) {
    const auto fd = oci::open_inside(root, file, O_RDONLY | O_NONBLOCK);
    struct stat st {};
    if (!fd || ::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode)) return std::nullopt;
    const std::string text = os::read_to_end(*fd, limit);
    for (const auto line : base::split(text, '\n')) {
        const auto fields = base::split(line, ':');
        if (fields.size() < 3 || fields[0] != name) continue;
        const auto id = base::to_uint(fields[2]);
        if (!id || *id > INT32_MAX) return std::nullopt;
        const auto group = fields.size() > 3 ? base::to_uint(fields[3]) : std::nullopt;
        return Row{static_cast<std::uint32_t>(*id), static_cast<std::uint32_t>(group.value_or(0))};
    }
    return std::nullopt;
}

std::uint32_t number(std::uint64_t id, std::string_view text) {
    if (id > INT32_MAX)
        throw base::Error(base::ErrorKind::invalid, cat("uids and gids must be in range 0-2147483647: ", text));
    return static_cast<std::uint32_t>(id);
}

}  // namespace

Owner find_owner(const os::Fd& root, const std::string& text) {
    const auto colon = text.find(':');
    const std::string user = text.substr(0, colon);
    Owner out;
    if (const auto id = base::to_uint(user)) {
        out.uid = number(*id, user);
        out.gid = out.uid;  // COPY --chown=55 means 55:55 (Dockerfile reference)
    } else if (!user.empty()) {
        const auto row = look_up(root, "etc/passwd", user);
        if (!row)
            throw base::Error(base::ErrorKind::invalid, cat("no such user in the image: ", user),
                              "write its number, or add it before");
        out = {row->id, row->group};
    }
    if (colon == std::string::npos) return out;
    const std::string group = text.substr(colon + 1);
    if (const auto id = base::to_uint(group)) {
        out.gid = number(*id, group);
    } else if (!group.empty()) {
        const auto row = look_up(root, "etc/group", group);
        if (!row)
            throw base::Error(base::ErrorKind::invalid, cat("no such group in the image: ", group),
                              "write its number, or add it before");
        out.gid = row->id;
    }
    return out;
}

}  // namespace tutti::embedded::build
