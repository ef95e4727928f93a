// The seam through which rooms without the operating system read files (compose, dotenv).
// os::RealFiles is the real one, base::FilesInMemory the one of tests. Reading only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::base {

class Files {
  public:
    enum class Kind { absent, file, directory, other };

    virtual ~Files() = default;
    virtual Kind kind(const std::string& path) const = 0;  // follows symbolic links
    // The whole file. Throws Error: not_found, denied, invalid (a directory, a FIFO, larger than the limit of the
    // maker).
    virtual std::string read(const std::string& path) const = 0;
    virtual std::optional<std::string> read_link(
        const std::string& path) const = 0;  // the target as written, or nothing
    virtual std::string read_stdin() const = 0;
};

class FilesInMemory : public Files {
  public:
    std::map<std::string, std::string> files;  // absolute path → content; parents exist by themselves
    std::string standard_input;

    Kind kind(const std::string& path) const override;
    std::string read(const std::string& path) const override;
    std::optional<std::string> read_link(const std::string&) const override { return std::nullopt; }
    std::string read_stdin() const override { return standard_input; }
};

}  // namespace tutti::base
