// What may stand where: keys, types, patterns, required and unique entries of a merged model, in both spellings.
// Used by load after each file's merge, before make_canonical.
// No relations between parts: that is check.h.
#pragma once

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// All faults are reported, each where it stands, with what was probably meant. False after an error.
bool check_schema(const doc::Node& model, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
