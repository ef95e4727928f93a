// The process of a spec, or of an exec, as a part of a plan. Used by lower.cpp. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "embedded/runtime/native/plan_builder.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::native {

shim::ProcessStep lower_process(PlanBuilder& plan, const Process& process, const std::optional<NamedUser>& user,
                                std::string_view filter, std::uint32_t filter_flags);

}  // namespace tutti::embedded::runtime::native
