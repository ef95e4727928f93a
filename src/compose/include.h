// `include`: the resources of other files become part of a document, with that document on top.
// Used by the pipeline for each document of a model; files that are only extended have their includes ignored.
#pragma once

#include "compose/pipeline.h"

namespace tutti::compose {

// Takes `include` out of the document and lays the document's own resources on what it brings in. False after an error.
bool apply_includes(const Steps& steps, const FileSet& set, doc::Node& document, const Removals& removals);

}  // namespace tutti::compose
