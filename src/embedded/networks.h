// The networks face of our engine: the words of the contract over embedded/network. Used by engine.cpp only.
#pragma once

#include "embedded/parts.h"
#include "engine/networks.h"

namespace tutti::embedded {

class NetworksFace final : public engine::Networks {
  public:
    explicit NetworksFace(Parts& parts) : parts_(parts) {}

    std::vector<engine::Network> list(const engine::LabelFilter& labels) override;
    std::optional<engine::Network> find(const std::string& name) override;
    std::string create(const engine::NetworkSpec& spec) override;
    void remove(const std::string& name) override;
    void connect(const std::string& network, const std::string& container,
                 const engine::EndpointSpec& endpoint) override;
    void disconnect(const std::string& network, const std::string& container, bool force) override;
    std::vector<std::string> prune(const engine::LabelFilter& labels) override;

  private:
    Parts& parts_;
};

}  // namespace tutti::embedded
