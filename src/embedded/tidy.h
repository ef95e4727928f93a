// What a killed create or remove left behind goes away: folders that are no containers yet or any more, with the names
// and images they hold.
// Called by the first change that a process makes. Leaves alone whatever somebody is still at work on (its lock is
// held).
#pragma once

#include "embedded/parts.h"

namespace tutti::embedded {

void tidy(Parts& parts);

}  // namespace tutti::embedded
