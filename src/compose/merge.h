// One tree laid over another with the rules of Compose: mappings deeply, lists appended, scalars replaced, and what the
// table in merge.cpp says otherwise. Used for several files, several documents, extends and include. Drops no repeats:
// see unicity.h.
#pragma once

#include <string_view>

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// Lays the document `over` on `base`. What it replaces stays known as Origin overrode. False after an error.
bool merge(doc::Node& base, doc::Node over, doc::Diagnostics& diagnostics);

// The same for one service, or for one entry of a top-level section ("services", "web").
bool merge_entry(doc::Node& base, doc::Node over, std::string_view section, std::string_view name,
                 doc::Diagnostics& diagnostics);

// Says in `by` that it took the place of `replaced`.
void note_override(doc::Node& by, const doc::Node& replaced);

}  // namespace tutti::compose
