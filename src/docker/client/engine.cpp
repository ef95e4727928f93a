#include "docker/client/engine.h"

#include "docker/client/builder.h"
#include "docker/client/faces.h"
#include "http/url.h"

namespace tutti::docker::client {

namespace {

class FarEngine : public engine::Engine {
  public:
    explicit FarEngine(Options options)
        : api_(std::move(options)), containers_(api_), images_(api_), networks_(api_), volumes_(api_), system_(api_) {}

    engine::Containers& containers() override { return containers_; }
    engine::Images& images() override { return images_; }
    engine::Networks& networks() override { return networks_; }
    engine::Volumes& volumes() override { return volumes_; }
    engine::System& system() override { return system_; }
    engine::Builder* builder() override { return &builder_; }

  private:
    Api api_;
    ContainersFace containers_;
    ImagesFace images_;
    NetworksFace networks_;
    VolumesFace volumes_;
    SystemFace system_;
    BuildxBuilder builder_{api_};
};

}  // namespace

std::unique_ptr<engine::Engine> open_engine(Options options) { return std::make_unique<FarEngine>(std::move(options)); }

std::string in_path(const std::string& name) {
    std::string out;
    for (const char c : name)
        out += c == '/' || c == ':' || c == '@' ? std::string(1, c) : http::percent_encode({&c, 1});
    return out;
}

std::string seconds_text(engine::Time time) {
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    if (nanoseconds == 0) return {};
    std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
    return std::to_string(nanoseconds / 1'000'000'000) + '.' + std::string(9 - fraction.size(), '0') + fraction;
}

std::size_t FunctionSource::read(char* into, std::size_t size) {
    if (left_.empty() && !ended_) {
        left_ = next_();
        ended_ = left_.empty();
    }
    const std::size_t n = left_.copy(into, size);
    left_.erase(0, n);
    return n;
}

void drain(base::Source& body, const std::function<void(std::string_view)>& sink) {
    std::string buffer(65536, '\0');
    while (const std::size_t n = body.read(buffer.data(), buffer.size())) sink({buffer.data(), n});
}

}  // namespace tutti::docker::client
