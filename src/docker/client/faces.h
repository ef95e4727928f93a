// The five faces of the engine far away. One .cpp a face; engine.cpp puts them together.
// Used by engine.cpp alone.
#pragma once

#include "docker/client/api.h"
#include "engine/engine.h"

namespace tutti::docker::client {

class ContainersFace : public engine::Containers {
  public:
    explicit ContainersFace(Api& api) : api_(api) {}

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
    void put_files(const std::string& id, const std::vector<engine::FileSpec>& files);
    void post(const std::string& name, std::string_view action, Query query = {}, const os::Cancel& cancel = {},
              std::chrono::milliseconds patience = std::chrono::seconds(120));
    Api& api_;
};

class ImagesFace : public engine::Images {
  public:
    explicit ImagesFace(Api& api) : api_(api) {}

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
    std::string auth_header(const std::string& reference) const;
    Api& api_;
};

class NetworksFace : public engine::Networks {
  public:
    explicit NetworksFace(Api& api) : api_(api) {}

    std::vector<engine::Network> list(const engine::LabelFilter& labels) override;
    std::optional<engine::Network> find(const std::string& name) override;
    std::string create(const engine::NetworkSpec& spec) override;
    void remove(const std::string& name) override;
    void connect(const std::string& network, const std::string& container,
                 const engine::EndpointSpec& endpoint) override;
    void disconnect(const std::string& network, const std::string& container, bool force) override;
    std::vector<std::string> prune(const engine::LabelFilter& labels) override;

  private:
    Api& api_;
};

class VolumesFace : public engine::Volumes {
  public:
    explicit VolumesFace(Api& api) : api_(api) {}

    std::vector<engine::Volume> list(const engine::LabelFilter& labels) override;
    std::optional<engine::Volume> find(const std::string& name) override;
    std::string create(const engine::VolumeSpec& spec) override;
    void remove(const std::string& name, bool force) override;
    std::vector<std::string> prune(bool all, const engine::LabelFilter& labels) override;

  private:
    Api& api_;
};

class SystemFace : public engine::System {
  public:
    explicit SystemFace(Api& api) : api_(api) {}

    engine::EngineInfo info() override;
    void ping() override;
    void events(const engine::EventOptions& options, const engine::EventSink& sink, const os::Cancel& cancel) override;
    engine::LoginAnswer check_credentials(const engine::Credentials& credentials) override;

  private:
    Api& api_;
};

// A name as part of a path; '/' of image references stays.
std::string in_path(const std::string& name);
std::string seconds_text(engine::Time time);  // "1700000000.123456789"; empty for the epoch
// A pulling function as a stream and the other way round.
class FunctionSource : public base::Source {
  public:
    explicit FunctionSource(const std::function<std::string()>& next) : next_(next) {}
    std::size_t read(char* into, std::size_t size) override;

  private:
    const std::function<std::string()>& next_;
    std::string left_;
    bool ended_ = false;
};
void drain(base::Source& body, const std::function<void(std::string_view)>& sink);

}  // namespace tutti::docker::client
