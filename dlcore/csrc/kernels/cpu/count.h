// How often numbers occur. The results' shapes or edges follow from values, so these are no operators: bind/counts.cpp
// calls them.
#pragma once
#include "tensor/tensor.h"

namespace dl {

// How often each of 0, 1, ... occurs among whole numbers, up to the largest, and at least of 0 to `least` - 1: a vector
// of int64. ValueError for a negative number.
Tensor count_numbers(const View& x, int64_t least);

// How many of real numbers lie in each of `bins` bins: bin i begins at edges[i] and ends before edges[i + 1], the last
// one with it. `even`: all bins are equally wide, but for rounding.
Tensor count_in_bins(const View& x, const double* edges, int64_t bins, bool even);

}  // namespace dl
