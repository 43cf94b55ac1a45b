// Copies between arrays of any layout and dtype.
#pragma once
#include "tensor/tensor.h"

namespace dl {

// dst[...] = src, converted to dst's dtype (rules in isa/cast_table.h). `src` is broadcast to dst's shape; any strides
// on both sides; in parallel, through blocks where the two run along different axes. The arrays must not partly
// overlap.
void strided_copy(const View& dst, const View& src);

}  // namespace dl
