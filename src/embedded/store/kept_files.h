// External secrets and configs on disk, sealed under a key that only its user reads.
// Made by app; used through engine::KeptFiles.
// The key lies apart from what it seals, so that a copy of the data alone tells nothing.
//
//   ROOT/kept/secrets/NAME.json   id, times, labels, size, and the sealed content in hex
//   ROOT/kept/configs/NAME.json   likewise
//   KEY                           32 random bytes, mode 0600, made with the first file that is kept
#pragma once

#include <string>

#include "engine/kept_files.h"

namespace tutti::embedded::store {

class KeptFiles : public engine::KeptFiles {
  public:
    KeptFiles(std::string root, std::string key_path) : root_(std::move(root)), key_path_(std::move(key_path)) {}

    std::vector<engine::KeptFile> list(engine::KeptKind kind) override;
    std::optional<engine::KeptFile> find(engine::KeptKind kind, const std::string& name) override;
    std::string create(engine::KeptKind kind, const engine::KeptFile& file, const std::string& content) override;
    void remove(engine::KeptKind kind, const std::string& name) override;
    std::string content(engine::KeptKind kind, const std::string& name) override;

  private:
    std::string folder(engine::KeptKind kind) const;
    std::string path(engine::KeptKind kind, const std::string& name) const;
    std::string key() const;  // throws denied where others may read it
    std::string key_or_new();
    std::string root_, key_path_;
};

}  // namespace tutti::embedded::store
