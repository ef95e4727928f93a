// An image out of the distribution's packages, with mmdebstrap: how a machine without any registry gets its first
// image. Used by `image bootstrap`. Needs mmdebstrap, root and a Debian mirror; nothing of the result depends on when
// it was made.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "embedded/images/images.h"

namespace tutti::embedded::images {

struct Bootstrap {
    std::string suite = "bookworm";
    std::string variant = "minbase";                        // mmdebstrap's: minbase, apt, essential, extract, …
    std::string mirror;                                     // a URL or a sources line; empty: Debian's
    std::vector<std::string> components;                    // empty: main
    std::vector<std::string> include;                       // packages
    std::vector<std::pair<std::string, std::string>> copy;  // host's path → image's path; a folder's content, or a file
    std::vector<std::string> run;                           // shell commands inside, after the packages and the copies
    oci::RunConfig config;                                  // PATH is added if it has none
    bool refresh = false;                  // make it anew though it was made with the same parameters before
    std::vector<std::string> environment;  // "K=V" for mmdebstrap: proxies
};

// Archives of packages are kept in the store's folder, and an image of the same parameters and copied contents is made
// once.
Image bootstrap(Images& images, store::Store& store, const oci::Reference& name, const Bootstrap& wanted,
                base::Reporter& reporter, os::Scope& scope);

}  // namespace tutti::embedded::images
