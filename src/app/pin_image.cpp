#include "app/pin_image.h"

#include "app/registries.h"
#include "base/text.h"
#include "oci/reference.h"
#include "oci/registry.h"
#include "os/scope.h"

namespace tutti::app {

std::string pin_image(std::string_view image, const std::map<std::string, std::string>& environment) {
    oci::Reference name = oci::Reference::parse(image);
    if (!name.digest) {
        const os::Cancel cancel;
        const oci::Repository repository(name, registries(environment), oci::Repository::Access::pull, cancel);
        name.digest = repository.manifest(name.tag).digest;
    }
    return base::cat(name.repository(), "@", name.digest->to_text());
}

}  // namespace tutti::app
