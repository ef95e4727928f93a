#include "embedded/runtime/native/launch.h"
#include "embedded/runtime/native/lower.h"
#include "embedded/runtime/native/native.h"
#include "embedded/runtime/process_record.h"

namespace tutti::embedded::runtime::native {

std::unique_ptr<ExecProcess> Native::exec(const Box& box, const ExecSpec& spec) {
    const ProcessRecord record = read_process_record(box);
    const ExecSpec wanted = complete_exec(box, spec, record);
    const Filter filter = spec.inherit_security ? recorded_filter(box, record, options_.cache_dir) : Filter{};
    return launch_exec(
        box, wanted, program_,
        lower_exec({wanted.process, wanted, box, box.namespaces, hierarchies_, filter.program, filter.flags}));
}

}  // namespace tutti::embedded::runtime::native
