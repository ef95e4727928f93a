// The builder of our engine: build/ put on its store, runtime and networks. Used by engine.cpp only.
#pragma once

#include <memory>

#include "embedded/build/builder.h"
#include "embedded/parts.h"

namespace tutti::embedded {

std::unique_ptr<build::Builder> make_builder(Parts& parts);

}  // namespace tutti::embedded
