// What gradient kernels ask of their inputs, which they read without looking again.
#pragma once
#include "runtime/registry.h"

namespace dl {

// Input `i`, where it is given, must have this shape.
inline void need_shape(const InferCall& c, int i, const Shape& want) {
  if (i >= c.nin || !c.in[i].given || c.in[i].shape == want) return;
  throw ValueError(format("%s: expected %s %s, got %s", c.name(), c.op->inputs[size_t(i)].name.c_str(),
                          to_string(want).c_str(), to_string(c.in[i].shape).c_str()));
}

}  // namespace dl
