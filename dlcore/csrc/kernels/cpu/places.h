// Where an array is not zero.
#pragma once
#include <vector>

#include "tensor/tensor.h"

namespace dl {

// The places of all numbers of `x` that are not zero, in row-major order, as int64: one array for each axis, or with
// `flat` one of them all, counted from the first.
std::vector<Tensor> nonzero_places(const View& x, bool flat);

// The numbers of a contiguous `x` that `mask`, of the shape of its leading axes, chooses, in order.
Tensor chosen_numbers(const View& x, const View& mask);

}  // namespace dl
