// What may stand where: keys, types, patterns, required and unique entries of a merged model, in both spellings.
// Used by load after each file's merge, before make_canonical.
// No relations between parts: that is check.h.
#pragma once

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// Of a part (a document that cannot be merged, as another fault is known) nothing is missed, and nulls and values with
// variables in them pass.
enum class Extent : unsigned char { whole, part };

// All faults are reported, each where it stands, with what was probably meant. False after an error.
bool check_schema(const doc::Node& model, doc::Diagnostics& diagnostics, Extent extent = Extent::whole);

}  // namespace tutti::compose
