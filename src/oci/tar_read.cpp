#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "oci/tar.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr std::int64_t block_size = 512;
constexpr std::int64_t max_metadata = std::int64_t{1} << 20;  // of one PAX header or long name
constexpr std::size_t max_segments = 1'000'000;
constexpr std::int64_t max_file = std::int64_t{1} << 50;

[[noreturn]] static void bad(std::string_view what) { throw Error(ErrorKind::invalid, cat("damaged archive: ", what)); }

static std::string text_field(const std::string& block, std::size_t offset, std::size_t length) {
    const std::string_view field = std::string_view(block).substr(offset, length);
    return std::string(field.substr(0, field.find('\0')));
}

// Octal digits, or with the top bit set a big-endian number (GNU).
static std::int64_t number_field(const std::string& block, std::size_t offset, std::size_t length) {
    const std::string_view field = std::string_view(block).substr(offset, length);
    const auto first = static_cast<unsigned char>(field[0]);
    if (first & 0x80) {
        std::uint64_t value = first & 0x40 ? ~std::uint64_t{0} : 0;  // sign
        value = value << 6 | (first & 0x3f);
        for (const char c : field.substr(1)) {
            if ((value >> 55) != 0 && (value >> 55) != 0x1ff) bad("a number is out of range");
            value = value << 8 | static_cast<unsigned char>(c);
        }
        return static_cast<std::int64_t>(value);
    }
    std::string_view digits = field.substr(0, field.find('\0'));
    digits = base::trim(digits);
    if (digits.empty()) return 0;
    const auto value = base::to_uint(digits, 8);
    if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) bad("a number in a header");
    return static_cast<std::int64_t>(*value);
}

static bool checksum_fits(const std::string& block) {
    std::int64_t as_unsigned = 0, as_signed = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const char c = i >= 148 && i < 156 ? ' ' : block[i];
        as_unsigned += static_cast<unsigned char>(c);
        as_signed += static_cast<signed char>(c);
    }
    const std::int64_t written = number_field(block, 148, 8);
    return written == as_unsigned || written == as_signed;
}

TarReader::TarReader(base::Source& source, Mode mode, std::function<void(std::string_view)> raw)
    : source_(source), mode_(mode), raw_(std::move(raw)) {}

// More bytes at the end of the buffer; false at the source's end.
bool TarReader::fill() {
    if (source_ended_) return false;
    if (at_ == buffer_.size()) {
        buffer_.clear();
        at_ = 0;
    } else if (at_ > (std::size_t{64} << 10)) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
    const std::size_t old = buffer_.size(), piece = std::size_t{256} << 10;
    buffer_.resize(old + piece);
    const std::size_t n = source_.read(buffer_.data() + old, piece);
    buffer_.resize(old + n);
    source_ended_ = n == 0;
    return n != 0;
}

void TarReader::consume_raw(std::string_view bytes) {
    if (raw_) raw_(bytes);
    at_ += bytes.size();
}

std::string_view TarReader::need(std::size_t bytes) {
    while (buffer_.size() - at_ < bytes)
        if (!fill()) bad("it ends in the middle");
    const std::string_view piece = std::string_view(buffer_).substr(at_, bytes);
    consume_raw(piece);
    return piece;
}

std::string_view TarReader::more(std::size_t at_most) {
    if (left_ == 0 || mode_ == Mode::skeleton) return {};
    if (at_ == buffer_.size() && !fill()) bad("it ends in the middle of a file");
    const auto available = static_cast<std::int64_t>(std::min(buffer_.size() - at_, at_most));
    const auto n = static_cast<std::size_t>(std::min(available, left_));
    const std::string_view piece = std::string_view(buffer_).substr(at_, n);
    at_ += n;
    left_ -= static_cast<std::int64_t>(n);
    return piece;
}

void TarReader::skip_padding(std::int64_t size) {
    if (const std::int64_t rest = size % block_size) need(static_cast<std::size_t>(block_size - rest));
}

// Reads a header block; false at the end of the archive, with everything behind it consumed.
bool TarReader::next_header(std::string& block) {
    while (buffer_.size() - at_ < static_cast<std::size_t>(block_size))
        if (!fill()) break;
    if (buffer_.size() != at_) {
        block = need(block_size);
        if (block.find_first_not_of('\0') != std::string::npos) {
            if (!checksum_fits(block)) bad("the checksum of a header does not fit");
            return true;
        }
    }
    do consume_raw(std::string_view(buffer_).substr(at_));
    while (fill());
    return false;
}

std::string TarReader::metadata_body(std::int64_t size) {
    metadata_ += std::max<std::int64_t>(size, 0);
    if (size < 0 || size > max_metadata || metadata_ > 4 * max_metadata) bad("more metadata for an entry than is sane");
    std::string body(need(static_cast<std::size_t>(size)));
    skip_padding(size);
    return body;
}

// "LENGTH KEY=VALUE\n", again and again.
void TarReader::read_pax(std::string_view body, Records& into) const {
    while (!body.empty()) {
        const auto blank = body.find(' ');
        const auto length = base::to_uint(body.substr(0, std::min(blank, std::size_t{20})));
        if (blank == std::string_view::npos || !length || *length <= blank + 2 || *length > body.size())
            bad("a PAX record");
        const std::string_view record = body.substr(blank + 1, *length - blank - 2);
        if (body[*length - 1] != '\n') bad("a PAX record");
        body.remove_prefix(*length);
        const auto equals = record.find('=');
        if (equals == std::string_view::npos || equals == 0) bad("a PAX record");
        const std::string key(record.substr(0, equals)), value(record.substr(equals + 1));
        // Version 0.0 of sparse files repeats its keys, so the order matters.
        if (key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes") {
            std::string& list = into["GNU.sparse.map"];
            list += cat(list.empty() ? "" : ",", value);
        } else {
            into[key] = value;
        }
    }
}

static TarEntry::Kind kind_of(char type, const std::string& path) {
    using Kind = TarEntry::Kind;
    switch (type) {
        case '\0':
        case '0':
        case '7':
        case 'S': return Kind::file;
        case '1': return Kind::hard_link;
        case '2': return Kind::symbolic_link;
        case '3': return Kind::character_device;
        case '4': return Kind::block_device;
        case '5': return Kind::folder;
        case '6': return Kind::fifo;
        default: break;
    }
    throw Error(ErrorKind::unsupported, cat("the archive holds an entry of type '", type, "' at ", path));
}

static std::uint32_t id_of(std::int64_t value) {
    if (value < 0 || value > std::int64_t{UINT32_MAX} - 1) bad(cat("an owner's number is out of range: ", value));
    return static_cast<std::uint32_t>(value);
}

TarEntry TarReader::make_entry(const std::string& block) {
    TarEntry entry;
    entry.path = text_field(block, 0, 100);
    const bool ustar = block.compare(257, 6, std::string_view("ustar\0", 6)) == 0;
    if (ustar)
        if (const std::string prefix = text_field(block, 345, 155); !prefix.empty())
            entry.path = cat(prefix, '/', entry.path);
    if (!long_name_.empty()) entry.path = std::exchange(long_name_, {});
    entry.link = long_link_.empty() ? text_field(block, 157, 100) : std::exchange(long_link_, {});
    entry.mode = static_cast<unsigned>(number_field(block, 100, 8)) & 07777;
    entry.uid = records_.contains("uid") ? 0 : id_of(number_field(block, 108, 8));
    entry.gid = records_.contains("gid") ? 0 : id_of(number_field(block, 116, 8));
    entry.size = entry.real_size = number_field(block, 124, 12);
    entry.mtime = number_field(block, 136, 12);
    if (block.compare(257, 5, "ustar") == 0) {
        entry.user = text_field(block, 265, 32);
        entry.group = text_field(block, 297, 32);
        entry.major = static_cast<unsigned>(number_field(block, 329, 8));
        entry.minor = static_cast<unsigned>(number_field(block, 337, 8));
    }
    return entry;
}

static std::int64_t pax_number(const std::string& text) {
    const auto value = base::to_int(text);
    if (!value || *value < 0) bad(cat("a number in a PAX record: ", text.substr(0, 40)));
    return *value;
}

// "1234.567891011": seconds may be negative.
static void pax_time(const std::string& text, TarEntry& entry) {
    const auto dot = text.find('.');
    const auto seconds = base::to_int(std::string_view(text).substr(0, dot));
    if (!seconds) bad("a time in a PAX record");
    entry.mtime = *seconds;
    entry.mtime_nanos = 0;
    if (dot == std::string::npos) return;
    std::string digits = text.substr(dot + 1, 9);
    digits.resize(9, '0');
    const auto nanos = base::to_uint(digits);
    if (!nanos) bad("a time in a PAX record");
    entry.mtime_nanos = static_cast<long>(*nanos);
    if (text.starts_with('-') && entry.mtime_nanos != 0) {
        --entry.mtime;
        entry.mtime_nanos = 1'000'000'000 - entry.mtime_nanos;
    }
}

void TarReader::apply_pax(TarEntry& entry) {
    Records all = global_;
    for (auto& [key, value] : records_) all[key] = std::move(value);
    records_.clear();
    for (const auto& [key, value] : all) {
        if (key == "path") {
            entry.path = value;
        } else if (key == "linkpath") {
            entry.link = value;
        } else if (key == "size") {
            entry.size = entry.real_size = pax_number(value);
        } else if (key == "uid") {
            entry.uid = id_of(pax_number(value));
        } else if (key == "gid") {
            entry.gid = id_of(pax_number(value));
        } else if (key == "mtime") {
            pax_time(value, entry);
        } else if (key == "uname") {
            entry.user = value;
        } else if (key == "gname") {
            entry.group = value;
        } else if (key.starts_with("SCHILY.xattr.")) {
            entry.xattrs[key.substr(13)] = value;
        }
    }
    if (entry.kind == TarEntry::Kind::file && all.contains("GNU.sparse.map")) read_pax_sparse(entry, all);
    if (entry.kind == TarEntry::Kind::file && all.contains("GNU.sparse.major")) read_pax_sparse(entry, all);
}

// The old GNU form: segments in the header and in blocks that follow it.
void TarReader::read_gnu_sparse(TarEntry& entry, const std::string& block) {
    entry.sparse = true;
    entry.real_size = number_field(block, 483, 12);
    const auto take = [&](const std::string& from, std::size_t offset, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            if (from[offset + i * 24] == '\0') return;
            entry.segments.push_back(
                {number_field(from, offset + i * 24, 12), number_field(from, offset + i * 24 + 12, 12)});
        }
    };
    take(block, 386, 4);
    for (bool extended = block[482] != '\0'; extended;) {
        if (entry.segments.size() > max_segments) bad("a sparse file of too many pieces");
        const std::string more_segments(need(block_size));
        take(more_segments, 0, 21);
        extended = more_segments[504] != '\0';
    }
    check_sparse(entry);
}

void TarReader::read_pax_sparse(TarEntry& entry, const Records& records) {
    const auto get = [&](const char* key) {
        const auto found = records.find(key);
        return found == records.end() ? std::string() : found->second;
    };
    if (entry.sparse) return;
    entry.sparse = true;
    if (const std::string name = get("GNU.sparse.name"); !name.empty()) entry.path = name;
    const std::string real_size =
        records.contains("GNU.sparse.realsize") ? get("GNU.sparse.realsize") : get("GNU.sparse.size");
    entry.real_size = pax_number(real_size);
    std::vector<std::int64_t> numbers;
    if (get("GNU.sparse.major") == "1") {
        // Version 1.0: the map stands before the content, one number a line, in whole blocks.
        std::string text;
        std::size_t at = 0;
        std::int64_t used = 0;
        const auto next_number = [&] {
            std::size_t end;
            while ((end = text.find('\n', at)) == std::string::npos) {
                if (used + block_size > entry.size || used > max_metadata * 32) bad("the map of a sparse file");
                text += need(block_size);
                used += block_size;
            }
            const std::int64_t number = pax_number(text.substr(at, end - at));
            at = end + 1;
            return number;
        };
        const std::int64_t count = next_number();
        if (count > static_cast<std::int64_t>(max_segments)) bad("a sparse file of too many pieces");
        for (std::int64_t i = 0; i < 2 * count; ++i) numbers.push_back(next_number());
        entry.size -= used;
    } else if (const std::string map = get("GNU.sparse.map"); !map.empty()) {
        for (const auto part : base::split(map, ',')) numbers.push_back(pax_number(std::string(part)));
    }
    if (numbers.size() % 2 != 0) bad("the map of a sparse file");
    for (std::size_t i = 0; i < numbers.size(); i += 2) entry.segments.push_back({numbers[i], numbers[i + 1]});
    check_sparse(entry);
}

void TarReader::check_sparse(const TarEntry& entry) const {
    std::int64_t end = 0, total = 0;
    for (const auto& [offset, length] : entry.segments) {
        if (offset < end || length < 0 || offset > max_file || length > max_file) bad("the map of a sparse file");
        end = offset + length;
        total += length;
    }
    if (entry.real_size < end || entry.real_size > max_file || total != entry.size)
        bad("the map of a sparse file does not fit its size");
}

std::optional<TarEntry> TarReader::next() {
    while (!more().empty()) {}
    left_ = 0;
    if (const auto padding = static_cast<std::size_t>(std::exchange(padding_, 0))) need(padding);

    std::string block;
    while (next_header(block)) {
        const char type = block[156];
        const std::int64_t size = number_field(block, 124, 12);
        if (type == 'x' || type == 'X') {
            read_pax(metadata_body(size), records_);
        } else if (type == 'g') {
            read_pax(metadata_body(size), global_);
            global_metadata_ += size;
            if (global_metadata_ > 4 * max_metadata) bad("too many global PAX records");
        } else if (type == 'L' || type == 'K') {
            std::string body = metadata_body(size);
            body.resize(std::min(body.find('\0'), body.size()));
            (type == 'L' ? long_name_ : long_link_) = std::move(body);
        } else {
            TarEntry entry = make_entry(block);
            entry.kind = kind_of(type, entry.path);
            std::int64_t stored = records_.contains("size") ? pax_number(records_["size"]) : entry.size;
            if (entry.kind != TarEntry::Kind::file) stored = 0;
            apply_pax(entry);
            // How archives before ustar wrote folders. Only the whole name counts: the header's may be cut at a slash.
            if (type != 'S' && entry.kind == TarEntry::Kind::file && entry.path.ends_with('/')) {
                entry.kind = TarEntry::Kind::folder;
                stored = 0;
            }
            if (type == 'S') read_gnu_sparse(entry, block);
            if (entry.kind != TarEntry::Kind::file) entry.size = entry.real_size = 0;
            if (entry.size < 0 || stored < 0 || stored > max_file) bad("the size of a file");
            if (entry.path.empty()) bad("an entry without a name");
            if (entry.path.find('\0') != std::string::npos || entry.link.find('\0') != std::string::npos)
                bad("a zero byte in a name");
            metadata_ = 0;
            left_ = entry.size;
            padding_ = stored % block_size == 0 ? 0 : block_size - stored % block_size;
            return entry;
        }
    }
    return std::nullopt;
}

}  // namespace tutti::oci
