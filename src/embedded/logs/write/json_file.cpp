#include "embedded/logs/write/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tutti::embedded::logs {

bool JsonFile::open(const char* path, const JsonFileOptions& options) {
    close();
    if (strlen(path) >= sizeof path_ - 16) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(path_, path);
    options_ = options;
    if (options_.max_files == 0) options_.max_files = 1;
    fd_ = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd_ < 0) return false;
    struct stat st {};
    size_ = ::fstat(fd_, &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
    return true;
}

void JsonFile::close() {
    if (fd_ < 0) return;
    flush();
    ::close(fd_);
    fd_ = -1;
}

void JsonFile::flush() {
    std::size_t written = 0;
    while (written < used_) {
        const ssize_t n = ::write(fd_, buffer_ + written, used_ - written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {  // a full disk loses log lines, never the container
            lost_ += entries_;
            size_ -= used_ - written;
            break;
        }
        written += static_cast<std::size_t>(n);
    }
    used_ = 0;
    entries_ = 0;
}

void JsonFile::put(const char* text, std::size_t size) {
    memcpy(buffer_ + used_, text, size);
    used_ += size;
    size_ += size;
}

// Length of the UTF-8 sequence at `text`, or 0 if it is none (RFC 3629).
static std::size_t sequence_length(const unsigned char* text, std::size_t size) {
    const unsigned char first = text[0];
    std::size_t length = 0;
    unsigned char low = 0x80, high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf)
        length = 2;
    else if (first >= 0xe0 && first <= 0xef)
        length = 3;
    else if (first >= 0xf0 && first <= 0xf4)
        length = 4;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (length == 0 || size < length || text[1] < low || text[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (text[i] < 0x80 || text[i] > 0xbf) return 0;
    return length;
}

static const char* escape_of(unsigned char c) {
    switch (c) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        case '<': return "\\u003c";
        case '>': return "\\u003e";
        case '&': return "\\u0026";
        default: return nullptr;
    }
}

void JsonFile::put_text(const char* text, std::size_t size) {
    static constexpr char hex[] = "0123456789abcdef";
    const auto* bytes = reinterpret_cast<const unsigned char*>(text);
    std::size_t plain = 0;  // start of what needs no change
    for (std::size_t i = 0; i < size;) {
        const unsigned char c = bytes[i];
        const char* escape = escape_of(c);
        if (c >= 0x20 && c < 0x80 && !escape) {
            ++i;
            continue;
        }
        const std::size_t length = c < 0x80 ? 1 : sequence_length(bytes + i, size - i);
        // U+2028 and U+2029 end lines in JavaScript
        const bool separator = length == 3 && c == 0xe2 && bytes[i + 1] == 0x80 && (bytes[i + 2] & 0xfe) == 0xa8;
        if (length > 1 && !separator) {
            i += length;
            continue;
        }
        put(text + plain, i - plain);
        if (escape) {
            put(escape, strlen(escape));
        } else if (separator) {
            put(bytes[i + 2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
        } else if (length == 1) {
            const char control[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            put(control, sizeof control);
        } else {
            put("\\ufffd", 6);
        }
        i += length ? length : 1;
        plain = i;
    }
    put(text + plain, size - plain);
}

static void put_digits(char* at, std::uint64_t value, int width) {
    for (int i = width - 1; i >= 0; --i) {
        at[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

void write_rfc3339_nano(std::int64_t time, char (&text)[31]) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t seconds = time >= 0 ? time / second : 0;
    const std::int64_t days = seconds / 86400, of_day = seconds % 86400;
    // civil date of a day number, counted in 400-year eras that begin on 1 March
    const std::int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
    const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted_month = (5 * of_year + 2) / 153;
    const std::int64_t day = of_year - (153 * shifted_month + 2) / 5 + 1;
    const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    memcpy(text, "0000-00-00T00:00:00.000000000Z", 31);
    put_digits(text, static_cast<std::uint64_t>(year), 4);
    put_digits(text + 5, static_cast<std::uint64_t>(month), 2);
    put_digits(text + 8, static_cast<std::uint64_t>(day), 2);
    put_digits(text + 11, static_cast<std::uint64_t>(of_day / 3600), 2);
    put_digits(text + 14, static_cast<std::uint64_t>(of_day / 60 % 60), 2);
    put_digits(text + 17, static_cast<std::uint64_t>(of_day % 60), 2);
    put_digits(text + 20, static_cast<std::uint64_t>(time >= 0 ? time % second : 0), 9);
}

void JsonFile::put_time(std::int64_t time) {
    char text[31];
    write_rfc3339_nano(time, text);
    std::size_t end = 29;  // Go's RFC3339Nano drops zeros at the end
    while (text[end - 1] == '0') --end;
    if (text[end - 1] == '.') --end;
    put(text, end);
    put('Z');
}

void JsonFile::rotate() {
    flush();
    char from[sizeof path_ + 16], to[sizeof path_ + 16];
    for (unsigned i = options_.max_files - 1; i >= 1; --i) {
        snprintf(to, sizeof to, "%s.%u", path_, i);
        if (i == 1)
            strcpy(from, path_);
        else
            snprintf(from, sizeof from, "%s.%u", path_, i - 1);
        ::rename(from, to);
    }
    const int fd = ::open(path_, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) return;  // no new file: the old one goes on
    ::close(fd_);
    fd_ = fd;
    size_ = 0;
}

void JsonFile::add(int stream, const char* text, std::size_t size, std::int64_t time) {
    if (fd_ < 0) return;
    if (options_.max_size && size_ >= options_.max_size) rotate();
    if (size > longest_line) size = longest_line;
    if (used_ + size * 6 + 128 > sizeof buffer_) flush();
    put("{\"log\":\"", 8);
    put_text(text, size);
    put("\",\"stream\":\"", 12);
    put(stream == 2 ? "stderr" : "stdout", 6);
    put("\",\"time\":\"", 10);
    put_time(time);
    put("\"}\n", 3);
    ++entries_;
}

}  // namespace tutti::embedded::logs
