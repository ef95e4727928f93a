// The findings of advice's lint as located warnings: beside the faults of the files, on standard error.
// Used by config and by what loads a whole project to run it. TUTTI_ADVICE=off silences them.
// Prints nothing by itself and changes no answer.
#pragma once

#include "cli/project.h"

namespace tutti::cli {

// other_profiles: also what would happen with profiles that are not active.
void advise(const compose::Loaded& loaded, const Arguments& arguments, const Session& session, bool other_profiles,
            Reading& reading);

}  // namespace tutti::cli
