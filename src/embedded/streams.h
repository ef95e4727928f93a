// What a container says and hears: its log, and both ends of an attached terminal or pipe. Used by the container face.
#pragma once

#include <memory>

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

void read_logs(Parts& parts, const records::Folder& folder, const engine::LogOptions& options,
               const engine::LogSink& sink, const os::Cancel& cancel);

std::unique_ptr<engine::Attached> attach_container(Parts& parts, const records::Folder& folder,
                                                   const engine::AttachOptions& options);

}  // namespace tutti::embedded
