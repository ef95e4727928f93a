// The bootstrap face of our engine: images/bootstrap in the contract's words. Used by engine.cpp only.
#pragma once

#include "embedded/parts.h"
#include "engine/bootstrap.h"

namespace tutti::embedded {

class BootstrapFace final : public engine::Bootstrapper {
  public:
    explicit BootstrapFace(Parts& parts) : parts_(parts) {}
    std::string bootstrap(const engine::BootstrapSpec& spec, base::Reporter& reporter,
                          const os::Cancel& cancel) override;

  private:
    Parts& parts_;
};

}  // namespace tutti::embedded
