#include "model/service.h"

namespace tutti::model {

std::int64_t Service::replicas() const {
    if (scale) return *scale;
    if (deploy && deploy->replicas) return *deploy->replicas;
    return 1;
}

}  // namespace tutti::model
