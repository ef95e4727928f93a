// What one function pushes another pulls, through a pipe: the first runs on a thread of its own meanwhile.
// Used where archives are made and taken at once: cp and watch.
// Holds no more than the pipe does.
#pragma once

#include <functional>

#include "base/stream.h"
#include "os/scope.h"

namespace tutti::verbs {

// Throws what failed first: a writer that fails as nobody reads any more is not the cause.
void through_pipe(os::Scope& scope, const std::function<void(base::Sink&)>& write,
                  const std::function<void(base::Source&)>& read);

// The same source as the engine's faces take it: "" at the end.
std::function<std::string()> pieces(base::Source& source);

}  // namespace tutti::verbs
