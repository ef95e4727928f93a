#include "oci/tar.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"

namespace tutti::oci {

using base::Error;
using Kind = TarEntry::Kind;

struct Read {
    std::vector<TarEntry> entries;
    std::vector<std::string> contents;
    std::string raw;
};

static Read read_all(const std::string& archive) {
    Read out;
    base::TextSource source(archive);
    TarReader reader(source, TarReader::Mode::archive, [&](std::string_view bytes) { out.raw += bytes; });
    while (auto entry = reader.next()) {
        out.entries.push_back(*entry);
        std::string content;
        for (auto piece = reader.more(5); !piece.empty(); piece = reader.more(5)) content += piece;
        out.contents.push_back(content);
    }
    return out;
}

static std::string write_all(const std::vector<std::pair<TarEntry, std::string>>& entries) {
    base::TextSink sink;
    TarWriter writer(sink);
    for (auto [entry, content] : entries) {
        entry.size = entry.real_size = static_cast<std::int64_t>(content.size());
        writer.add(entry);
        if (!content.empty()) writer.content(content);
    }
    writer.finish();
    return sink.text;
}

TEST(Tar, WhatIsWrittenIsRead) {
    TarEntry file;
    file.path = std::string(300, 'p') + "/täxt";
    file.mode = 04755;
    file.uid = 3'000'000;
    file.gid = 5;
    file.mtime = -7;
    file.mtime_nanos = 250'000'000;
    file.xattrs["security.capability"] = std::string("\1\0\0\2", 4);
    TarEntry link;
    link.kind = Kind::symbolic_link;
    link.path = "l";
    link.link = std::string(150, 't');
    TarEntry device;
    device.kind = Kind::character_device;
    device.path = "null";
    device.major = 1;
    device.minor = 3;
    TarEntry folder;
    folder.kind = Kind::folder;
    folder.path = "d";
    const Read got = read_all(write_all({{file, "hello"}, {link, ""}, {device, ""}, {folder, ""}}));
    ASSERT_EQ(got.entries.size(), 4u);
    EXPECT_EQ(got.entries[0].path, file.path);
    EXPECT_EQ(got.entries[0].mode, 04755u);
    EXPECT_EQ(got.entries[0].uid, 3'000'000u);
    EXPECT_EQ(got.entries[0].mtime, -7);
    EXPECT_EQ(got.entries[0].mtime_nanos, 250'000'000);
    EXPECT_EQ(got.entries[0].xattrs, file.xattrs);
    EXPECT_EQ(got.contents[0], "hello");
    EXPECT_EQ(got.entries[1].link, link.link);
    EXPECT_EQ(got.entries[2].minor, 3u);
    EXPECT_EQ(got.entries[3].kind, Kind::folder);
}

// A raw header, to build what our writer never would.
static std::string header(const std::string& path, char type, std::size_t size, const std::string& link = {},
                          bool gnu = false) {
    std::string block(512, '\0');
    path.copy(block.data(), 100);
    std::snprintf(block.data() + 100, 8, "%07o", 0644);
    std::snprintf(block.data() + 108, 8, "%07o", 0);
    std::snprintf(block.data() + 116, 8, "%07o", 0);
    std::snprintf(block.data() + 124, 12, "%011zo", size);
    std::snprintf(block.data() + 136, 12, "%011o", 0);
    block[156] = type;
    link.copy(block.data() + 157, 100);
    std::memcpy(block.data() + 257, gnu ? "ustar  " : "ustar\00000", 8);
    return block;
}

static std::string sealed(std::string block) {
    std::memset(block.data() + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : block.substr(0, 512)) sum += static_cast<unsigned char>(c);
    std::snprintf(block.data() + 148, 8, "%06o", sum);
    return block;
}

static std::string padded(std::string content) {
    content.resize((content.size() + 511) / 512 * 512, '\0');
    return content;
}

static std::string record(const std::string& text) {
    const std::size_t length = text.size() + 4;  // two digits, a blank, a newline
    return std::to_string(length) + ' ' + text + '\n';
}

static const std::string end(1024, '\0');

TEST(Tar, GnuLongNames) {
    const std::string name(200, 'n'), target(180, 't');
    const std::string archive = sealed(header("././@LongLink", 'K', target.size() + 1, "", true)) +
                                padded(target + '\0') +
                                sealed(header("././@LongLink", 'L', name.size() + 1, "", true)) + padded(name + '\0') +
                                sealed(header("short", '2', 0, "short", true)) + end;
    const Read got = read_all(archive);
    ASSERT_EQ(got.entries.size(), 1u);
    EXPECT_EQ(got.entries[0].path, name);
    EXPECT_EQ(got.entries[0].link, target);
    EXPECT_EQ(got.raw, archive);
}

TEST(Tar, BothKindsOfSparseFiles) {
    std::string old = header("old", 'S', 6, "", true);
    std::snprintf(old.data() + 386, 12, "%011o", 0);
    std::snprintf(old.data() + 398, 12, "%011o", 3);
    std::snprintf(old.data() + 410, 12, "%011o", 1000);
    std::snprintf(old.data() + 422, 12, "%011o", 3);
    std::snprintf(old.data() + 483, 12, "%011o", 2000);
    const std::string records = record("GNU.sparse.major=1") + record("GNU.sparse.minor=0") +
                                record("GNU.sparse.name=modern") + record("GNU.sparse.realsize=10000");
    const std::string map = padded("1\n4096\n5\n");
    const Read got =
        read_all(sealed(old) + padded("abcdef") + sealed(header("x", 'x', records.size())) + padded(records) +
                 sealed(header("GNUSparseFile.0/modern", '0', map.size() + 5)) + map + padded("hello") + end);
    ASSERT_EQ(got.entries.size(), 2u);
    EXPECT_EQ(got.entries[0].real_size, 2000);
    ASSERT_EQ(got.entries[0].segments.size(), 2u);
    EXPECT_EQ(got.entries[0].segments[1].offset, 1000);
    EXPECT_EQ(got.contents[0], "abcdef");
    EXPECT_EQ(got.entries[1].path, "modern");
    EXPECT_EQ(got.entries[1].real_size, 10000);
    EXPECT_EQ(got.entries[1].segments.at(0).offset, 4096);
    EXPECT_EQ(got.contents[1], "hello");
}

TEST(Tar, ANameCutAtASlashIsStillAFile) {
    TarEntry file;
    file.path = std::string(99, 'd') + "/file";
    const Read got = read_all(write_all({{file, "content"}}));
    EXPECT_EQ(got.entries.at(0).kind, Kind::file);
    EXPECT_EQ(got.contents.at(0), "content");
    EXPECT_EQ(read_all(sealed(header("old/", '0', 0)) + end).entries.at(0).kind, Kind::folder);
}

TEST(Tar, RefusesDamage) {
    const std::string good = sealed(header("f", '0', 5)) + padded("hello");
    EXPECT_EQ(read_all(good).contents.at(0), "hello");  // an archive may lack its end
    EXPECT_THROW(read_all(good.substr(0, 514)), Error);
    EXPECT_THROW(read_all(good.substr(0, 300)), Error);
    std::string flipped = good;
    flipped[0] = 'g';
    EXPECT_THROW(read_all(flipped), Error);
    EXPECT_THROW(read_all(sealed(header("f", 'V', 0)) + end), Error);
    for (const char* records : {"5 a=b\n", "99 a=b\n", "x", "6 a=bc", "12 path=ab\n", "0 a=b\n"})
        EXPECT_THROW(read_all(sealed(header("x", 'x', std::strlen(records))) + padded(records) + good + end), Error)
            << records;
    EXPECT_THROW(
        read_all(sealed(header("x", 'x', std::size_t{2} << 20)) + std::string(std::size_t{2} << 20, 'a') + end), Error);
}

TEST(Tar, NumbersOutOfRangeAreErrors) {
    std::string huge = header("f", '0', 0);
    std::memset(huge.data() + 124, '\xff', 12);
    EXPECT_THROW(read_all(sealed(huge) + end), Error);
    std::string owner = header("f", '0', 0);
    std::memcpy(owner.data() + 108, "\x80\0\0\0\xff\xff\xff\xff", 8);
    EXPECT_THROW(read_all(sealed(owner) + end), Error);
}

}  // namespace tutti::oci
