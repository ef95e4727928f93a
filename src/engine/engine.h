// What a container engine can: five faces over names and specs. Makers: embedded (ours), docker/client (Docker,
// Podman), fake (tests). Used by state, plan, verbs and the faces of users. Knows nothing of Compose; every call is
// true of all makers or not here.
//
// All calls block; `os::Cancel` ends the long ones (throws base::Cancelled). All throw base::Error: not_found, conflict
// (name taken, still in use, port taken), invalid, denied, unavailable (engine gone), unsupported (named), internal.
// A container, image, network or volume may be named by name, id or unique id prefix wherever a `name` is taken.
#pragma once

#include "engine/containers.h"
#include "engine/images.h"
#include "engine/networks.h"
#include "engine/system.h"
#include "engine/volumes.h"

namespace tutti::engine {

class Bootstrapper;
class Builder;

class Engine {
  public:
    virtual ~Engine() = default;
    virtual Containers& containers() = 0;
    virtual Images& images() = 0;
    virtual Networks& networks() = 0;
    virtual Volumes& volumes() = 0;
    virtual System& system() = 0;
    virtual Builder* builder() { return nullptr; }            // null: this engine cannot build
    virtual Bootstrapper* bootstrapper() { return nullptr; }  // null: nor make images from packages
};

}  // namespace tutti::engine
