// Signals of a person or a service manager, as calls of a handler on a thread of their own.
// Made once, by app, before any other thread: it blocks the signals for all of them.
// Not for signals between our own processes.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "os/fd.h"
#include "os/scope.h"

namespace tutti::os {

class Signals {
  public:
    using Handler = std::function<void(int signal)>;
    explicit Signals(std::initializer_list<int> which);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Replaces the handler; the old one is handed back, to be set again. Calls to it are never concurrent.
    Handler set_handler(Handler handler);

  private:
    Fd fd_;
    std::shared_ptr<Locked<Handler>> handler_;
    Scope scope_;
};

}  // namespace tutti::os
