#include "base/error.h"
#include "embedded/runtime/native/native.h"

namespace tutti::embedded::runtime::native {

std::unique_ptr<ExecProcess> Native::exec(const Box&, const ExecSpec&) {
    throw base::Error(base::ErrorKind::unsupported, "exec");
}

}  // namespace tutti::embedded::runtime::native
