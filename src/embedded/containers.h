// The container face of our engine: each call finds the container and hands on to the file that does the work.
// Used by engine.cpp only.
#pragma once

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

class ContainersFace final : public engine::Containers {
  public:
    explicit ContainersFace(Parts& parts) : parts_(parts) {}

    std::vector<engine::ContainerSummary> list(const engine::ListOptions& options) override;
    engine::Container inspect(const std::string& name) override;
    std::string create(const engine::ContainerSpec& spec) override;
    std::vector<std::string> start(const std::string& name) override;
    void stop(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) override;
    void restart(const std::string& name, const engine::StopOptions& options, const os::Cancel& cancel) override;
    void kill(const std::string& name, const std::string& signal) override;
    void pause(const std::string& name) override;
    void unpause(const std::string& name) override;
    void remove(const std::string& name, const engine::RemoveOptions& options) override;
    void rename(const std::string& name, const std::string& new_name) override;
    void update(const std::string& name, const engine::Resources& resources,
                const std::optional<engine::RestartPolicy>& restart) override;
    int wait(const std::string& name, engine::WaitFor what, const os::Cancel& cancel) override;

    std::unique_ptr<engine::Attached> attach(const std::string& name, const engine::AttachOptions& options) override;
    void logs(const std::string& name, const engine::LogOptions& options, const engine::LogSink& sink,
              const os::Cancel& cancel) override;
    std::unique_ptr<engine::Exec> exec(const std::string& name, const engine::ExecSpec& spec) override;
    void resize(const std::string& name, int rows, int columns) override;
    engine::ProcessTable top(const std::string& name, const std::vector<std::string>& ps_args) override;
    engine::Stats stats(const std::string& name) override;

    void copy_out(const std::string& name, const std::string& path,
                  const std::function<void(std::string_view)>& sink) override;
    void copy_in(const std::string& name, const std::string& path, const std::function<std::string()>& source,
                 bool keep_owner) override;
    std::optional<PathStat> stat_path(const std::string& name, const std::string& path) override;
    void export_(const std::string& name, const std::function<void(std::string_view)>& sink) override;
    std::string commit(const std::string& name, const CommitOptions& options) override;

  private:
    Parts& parts_;
};

}  // namespace tutti::embedded
