// The parts of a plan that do not depend on who makes the box: its layers, and what the shim does as its parent.
#pragma once

#include "embedded/runtime/native/plan_builder.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::native {

void lower_overlay(PlanBuilder& plan, shim::Plan& out, const CreateOptions& options);
void lower_parent(PlanBuilder& plan, shim::Plan& out, const CreateOptions& options);

}  // namespace tutti::embedded::runtime::native
