#include "model/hash.h"

#include "base/digest.h"
#include "doc/json.h"
#include "model/table.h"

namespace tutti::model {

// Left out by the tables: build, pull_policy, scale, deploy.replicas, depends_on, profiles. Bytewise sorted maps, as Go
// writes.
std::string config_hash(const Service& service) {
    return base::Digest::of(doc::write_json(write(service, Shape::hash))).hex();
}

std::string config_hash(const Network& network) {
    return base::Digest::of(doc::write_json(write(network, Shape::hash))).hex();
}

std::string config_hash(const Volume& volume) {
    if (!volume.driver.empty()) return base::Digest::of(doc::write_json(write(volume, Shape::hash))).hex();
    Volume local = volume;
    local.driver = "local";
    return base::Digest::of(doc::write_json(write(local, Shape::hash))).hex();
}

}  // namespace tutti::model
