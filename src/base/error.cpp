#include "base/error.h"

#include <cstring>

namespace tutti::base {

std::string_view to_text(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid: return "invalid";
        case ErrorKind::not_found: return "not found";
        case ErrorKind::conflict: return "conflict";
        case ErrorKind::denied: return "denied";
        case ErrorKind::unavailable: return "unavailable";
        case ErrorKind::unsupported: return "unsupported";
        case ErrorKind::timeout: return "timeout";
        case ErrorKind::internal: return "internal";
    }
    return "internal";
}

Error::Error(ErrorKind kind, std::string message, std::string hint, int errno_value)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)), what_(message_), errno_(errno_value) {}

Error& Error::add_context(std::string line) {
    what_ = line + ": " + what_;
    context_.push_back(std::move(line));
    return *this;
}

Error& Error::set_hint(std::string hint) {
    hint_ = std::move(hint);
    return *this;
}

void throw_errno(std::string what, int errno_value) {
    ErrorKind kind = ErrorKind::internal;
    switch (errno_value) {
        case ENOENT:
        case ESRCH:
        case ENODEV: kind = ErrorKind::not_found; break;
        case EACCES:
        case EPERM:
        case EROFS: kind = ErrorKind::denied; break;
        case EEXIST:
        case EADDRINUSE:
        case EBUSY:
        case ENOTEMPTY: kind = ErrorKind::conflict; break;
        case ENOSPC:
        case ECONNREFUSED:
        case ECONNRESET:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EMFILE:
        case ENFILE:
        case ENOMEM: kind = ErrorKind::unavailable; break;
        case ENOSYS:
        case EOPNOTSUPP: kind = ErrorKind::unsupported; break;
        case ETIMEDOUT: kind = ErrorKind::timeout; break;
        case EINVAL:
        case ENOTDIR:
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG: kind = ErrorKind::invalid; break;
        default: break;
    }
    throw Error(kind, std::move(what) + ": " + std::strerror(errno_value), {}, errno_value);
}

}  // namespace tutti::base
