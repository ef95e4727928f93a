// An Engine in memory, for the tests of everything above the contract: containers "run" as their Behaviour says, time
// is a counter, images come from a list. Events, logs, waits and conflicts are those of a real maker.
// Not a simulation of processes, networks or files: what is copied in is kept as bytes, addresses are made up.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/fake/world.h"

namespace tutti::engine::fake {

class FakeEngine final : public Engine {
  public:
    FakeEngine();
    ~FakeEngine() override;

    Containers& containers() override;
    Images& images() override;
    Networks& networks() override;
    Volumes& volumes() override;
    System& system() override;

    // The world before and around the calls.
    void add_image(const std::string& reference, Image image = {});         // is here
    void add_remote_image(const std::string& reference, Image image = {});  // can be pulled
    void on_start(const std::string& image, Behaviour behaviour);           // of all containers of that image
    void exit(const std::string& container, int code);                      // its process ends
    void set_health(const std::string& container, Health health, ProbeResult probe = {});
    void write_log(const std::string& container, StreamKind stream, std::string text);
    void fail_next(const std::string& call, base::Error error);  // "start demo-web-1" throws once

    // The changing calls so far, "create demo-web-1", "start demo-web-1"; in the order in which they took effect.
    std::vector<std::string> calls() const;
    void forget_calls();

  private:
    std::shared_ptr<World> world_;
    struct Faces;
    std::unique_ptr<Faces> faces_;
};

}  // namespace tutti::engine::fake
