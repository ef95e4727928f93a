// Docker's json-file format, written with rotation: one line of JSON a log line, the full file renamed to NAME.1 and so
// on. Linked by the static shim, so no heap, no exceptions, system calls only. Does not read and does not compress.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tutti::embedded::logs {

constexpr std::size_t longest_line =
    16 * 1024;  // what is longer becomes several entries, only the last with a line end

struct JsonFileOptions {
    std::uint64_t max_size = 0;  // bytes of one file; 0: no limit
    unsigned max_files = 1;      // with the current one; 1: a full file is started anew
};

class JsonFile {
  public:
    JsonFile() = default;
    JsonFile(const JsonFile&) = delete;
    JsonFile& operator=(const JsonFile&) = delete;
    ~JsonFile() { close(); }

    bool open(const char* path, const JsonFileOptions& options);  // appends; false and errno
    // One entry; `text` with its line end if it has one. `time`: nanoseconds since 1970.
    void add(int stream, const char* text, std::size_t size, std::int64_t time);
    void flush();  // hands everything to the kernel; what cannot be written is counted in lost()
    void close();
    std::uint64_t lost() const { return lost_; }  // entries that a full disk swallowed

  private:
    void put(const char* text, std::size_t size);
    void put(char c) { put(&c, 1); }
    void put_text(const char* text, std::size_t size);
    void put_time(std::int64_t time);
    void rotate();

    int fd_ = -1;
    std::uint64_t size_ = 0;  // of the file, buffered bytes included
    std::size_t used_ = 0;    // of the buffer
    unsigned entries_ = 0;    // in the buffer
    std::uint64_t lost_ = 0;
    JsonFileOptions options_;
    char path_[4096] = {};
    char buffer_[128 * 1024];
};

// "2026-01-02T03:04:05.000000006Z", 30 characters and a zero.
void write_rfc3339_nano(std::int64_t time, char (&text)[31]);

}  // namespace tutti::embedded::logs
