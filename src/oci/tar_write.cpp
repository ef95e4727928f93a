#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "oci/tar.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr std::int64_t octal7 = 07777777, octal11 = 077777777777;
constexpr std::string_view zeros(
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0",
    64);

// Octal digits with leading zeros, and a zero byte at the end.
static void put_number(char* field, std::size_t width, std::int64_t value) {
    for (std::size_t i = width - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

static std::string header(const TarEntry& entry, char type, std::string_view path, std::string_view link,
                          std::int64_t size) {
    std::string block(512, '\0');
    char* const at = block.data();
    path.copy(at, 100);
    put_number(at + 100, 8, entry.mode & 07777);
    put_number(at + 108, 8, std::min<std::int64_t>(entry.uid, octal7));
    put_number(at + 116, 8, std::min<std::int64_t>(entry.gid, octal7));
    put_number(at + 124, 12, std::min(size, octal11));
    put_number(at + 136, 12, std::clamp<std::int64_t>(entry.mtime, 0, octal11));
    at[156] = type;
    link.copy(at + 157, 100);
    std::memcpy(at + 257, "ustar\00000", 8);
    entry.user.copy(at + 265, 31);
    entry.group.copy(at + 297, 31);
    put_number(at + 329, 8, entry.major);
    put_number(at + 337, 8, entry.minor);
    std::memset(at + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put_number(at + 148, 7, sum);
    at[154] = '\0';
    return block;
}

static std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;  // blank, '=', newline
    std::size_t length = rest + 1;
    while (cat(length).size() + rest != length) length = cat(length).size() + rest;
    return cat(length, ' ', key, '=', value, '\n');
}

static std::string pax_records(const TarEntry& entry, std::string_view path) {
    std::string out;
    const auto needs_utf8 = [](std::string_view text) {
        return std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; });
    };
    if (entry.gid > octal7) out += pax_record("gid", cat(entry.gid));
    if (entry.link.size() > 100 || needs_utf8(entry.link)) out += pax_record("linkpath", entry.link);
    if (entry.mtime_nanos != 0 || entry.mtime < 0 || entry.mtime > octal11) {
        char fraction[16] = "";
        std::int64_t seconds = entry.mtime;
        long nanos = entry.mtime_nanos;
        if (seconds < 0 && nanos != 0) ++seconds, nanos = 1'000'000'000 - nanos;
        if (nanos != 0) std::snprintf(fraction, sizeof fraction, ".%09ld", nanos);
        std::string text = cat(entry.mtime < 0 && seconds == 0 ? "-" : "", seconds, std::string_view(fraction));
        if (nanos != 0) text.erase(text.find_last_not_of('0') + 1);
        out += pax_record("mtime", text);
    }
    if (path.size() > 100 || needs_utf8(path)) out += pax_record("path", path);
    for (const auto& [name, value] : entry.xattrs) out += pax_record(cat("SCHILY.xattr.", name), value);
    if (entry.size > octal11) out += pax_record("size", cat(entry.size));
    if (entry.uid > octal7) out += pax_record("uid", cat(entry.uid));
    return out;
}

static char type_of(TarEntry::Kind kind) {
    switch (kind) {
        case TarEntry::Kind::file: return '0';
        case TarEntry::Kind::hard_link: return '1';
        case TarEntry::Kind::symbolic_link: return '2';
        case TarEntry::Kind::character_device: return '3';
        case TarEntry::Kind::block_device: return '4';
        case TarEntry::Kind::folder: return '5';
        case TarEntry::Kind::fifo: return '6';
    }
    return '0';
}

void TarWriter::add(const TarEntry& entry) {
    if (left_ != 0) throw Error(ErrorKind::internal, cat("a file in an archive lacks ", left_, " bytes"));
    std::string path = entry.path;
    if (entry.kind == TarEntry::Kind::folder && !path.ends_with('/')) path += '/';
    if (const std::string records = pax_records(entry, path); !records.empty()) {
        TarEntry plain;
        plain.mode = 0644;
        sink_.write(header(plain, 'x', "PaxHeaders/entry", {}, static_cast<std::int64_t>(records.size())));
        sink_.write(records);
        written_ = static_cast<std::int64_t>(records.size());
        pad();
    }
    const std::int64_t size = entry.kind == TarEntry::Kind::file ? entry.size : 0;
    sink_.write(header(entry, type_of(entry.kind), path, entry.link, size));
    left_ = size;
    written_ = 0;
}

void TarWriter::content(std::string_view bytes) {
    const auto n = static_cast<std::int64_t>(bytes.size());
    if (n > left_) throw Error(ErrorKind::internal, "a file in an archive is longer than announced");
    sink_.write(bytes);
    left_ -= n;
    written_ += n;
    if (left_ == 0) pad();
}

void TarWriter::pad() {
    for (std::int64_t rest = (512 - written_ % 512) % 512; rest > 0;) {
        const std::int64_t n = std::min<std::int64_t>(rest, static_cast<std::int64_t>(zeros.size()));
        sink_.write(zeros.substr(0, static_cast<std::size_t>(n)));
        rest -= n;
    }
    written_ = 0;
}

void TarWriter::finish() {
    if (left_ != 0) throw Error(ErrorKind::internal, cat("a file in an archive lacks ", left_, " bytes"));
    for (int i = 0; i < 16; ++i) sink_.write(zeros);
}

}  // namespace tutti::oci
