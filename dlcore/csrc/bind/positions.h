// x[key] where the key holds arrays of whole numbers, and nothing harder.
#pragma once
#include "bind/convert.h"

namespace dl::bind {

// x[i], x[i, j, ...] and x[:, ..., i] with i, j, ... arrays or lists of whole numbers, plain numbers among them, and
// whole axes behind. Null for every other key, and for positions that are wrong.
Tensor take_positions(const Tensor& x, PyObject* key);

}  // namespace dl::bind
