// The images face of our engine: the words of the contract over embedded/images. Used by engine.cpp only.
#pragma once

#include "embedded/parts.h"
#include "engine/images.h"

namespace tutti::embedded {

class ImagesFace final : public engine::Images {
  public:
    explicit ImagesFace(Parts& parts) : parts_(parts) {}

    std::vector<engine::ImageSummary> list(const engine::LabelFilter& labels) override;
    std::optional<engine::Image> find(const std::string& reference) override;
    void pull(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
              const os::Cancel& cancel) override;
    void push(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
              const os::Cancel& cancel) override;
    void tag(const std::string& source, const std::string& target) override;
    engine::RemovedImage remove(const std::string& reference, bool force) override;
    std::vector<engine::HistoryRow> history(const std::string& reference) override;
    void save(const std::vector<std::string>& references, const std::function<void(std::string_view)>& sink) override;
    std::vector<std::string> load(const std::function<std::string()>& source) override;
    std::string import(const std::function<std::string()>& source, const std::string& reference,
                       const std::vector<std::string>& changes) override;
    std::string remote_digest(const std::string& reference, const os::Cancel& cancel) override;
    std::vector<std::string> prune(bool all_unused, const engine::LabelFilter& labels) override;

  private:
    Parts& parts_;
};

}  // namespace tutti::embedded
