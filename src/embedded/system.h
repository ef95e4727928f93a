// The system face of our engine: who it is, and what happens in it. Used by engine.cpp only.
#pragma once

#include "embedded/parts.h"
#include "engine/system.h"

namespace tutti::embedded {

class SystemFace final : public engine::System {
  public:
    explicit SystemFace(Parts& parts) : parts_(parts) {}

    engine::EngineInfo info() override;
    void ping() override {}  // no daemon, nobody who might not answer
    void events(const engine::EventOptions& options, const engine::EventSink& sink, const os::Cancel& cancel) override;
    engine::LoginAnswer check_credentials(const engine::Credentials& credentials) override;

  private:
    Parts& parts_;
};

}  // namespace tutti::embedded
