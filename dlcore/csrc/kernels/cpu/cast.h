// Conversion loops between any two dtypes, complex ones included.
#pragma once
#include "kernels/cpu/isa/cast_table.h"
#include "tensor/dtype.h"

namespace dl {

// From or to a complex dtype. Into a real one the imaginary part is dropped (into bool it counts): whoever must not
// lose it asks first.
CastFn complex_cast(DType from, DType to);

inline CastFn cast_fn(DType from, DType to) {
  if (is_complex(from) || is_complex(to)) return complex_cast(from, to);
  return pick_cast_table()->fn[int(from)][int(to)];
}

}  // namespace dl
