// Lists whose entries have a key hold each key once: the first position is kept, the last value wins.
// Used by load after each merge, before and after the short forms become long ones. The keys are those of Compose,
// taken from the text as written. Repeats in other lists are the schema's to refuse.
#pragma once

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

bool drop_repeats(doc::Node& model,
                  doc::Diagnostics& diagnostics);  // false after an error: an entry that can have no key

}  // namespace tutti::compose
