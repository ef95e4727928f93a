// Words that many parts of the model share: mappings, lists of hosts, command lines, extensions.
// Used by every other header of this room.
// No decoding here: that is model/read.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "base/bytes.h"
#include "base/duration.h"
#include "doc/node.h"

namespace tutti::model {

using base::Boxed;
using base::Bytes;
using base::Duration;

template <class T>
using Named = std::map<std::string, T, std::less<>>;

using Texts = std::vector<std::string>;
using Mapping = Named<std::string>;                     // labels, options, annotations, sysctls
using Environment = Named<std::optional<std::string>>;  // no value: `KEY` alone, which unsets the image's value
using Hosts = Named<Texts>;                             // name → addresses
using Command = std::optional<Texts>;                   // nothing: the image's own; empty: none at all

// The x-* keys of a section, as written; a map. Nothing reads them but the writers.
using Extensions = Boxed<doc::Node>;

struct FileMode {
    std::int64_t bits = 0;
    bool operator==(const FileMode&) const = default;
};

struct Ulimit {
    std::int64_t single = 0;  // set: both limits; 0: soft and hard count
    std::int64_t soft = 0, hard = 0;
    bool operator==(const Ulimit&) const = default;
};

}  // namespace tutti::model
