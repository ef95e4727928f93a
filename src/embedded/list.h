// What a listing and an inspection say, from records alone: no process is asked. Used by the container face and by
// networks, volumes and images to see who uses them.
#pragma once

#include <functional>

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

engine::ContainerSummary summary(const std::string& id, const records::Evidence& evidence);
engine::Container inspect_container(Parts& parts, const records::Folder& folder);

// Every container that is there, with what is known of it. One that is removed meanwhile is left out.
void for_each_container(Parts& parts,
                        const std::function<void(const records::Folder&, const records::Evidence&)>& visit);

records::Evidence evidence_of(const records::Folder& folder);  // throws Error not_found

}  // namespace tutti::embedded
