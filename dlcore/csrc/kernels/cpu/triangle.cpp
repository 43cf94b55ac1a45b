// The lower and upper triangle of matrices (the last two axes), zeros elsewhere.
#include <algorithm>

#include "kernels/cpu/views.h"

namespace dl {
namespace {

// Row i keeps columns [0, i + k] (lower) or [i + k, columns).
template <bool kLower>
void triangle(const KernelCall& c) {
  const View& x = c.in[0];
  if (x.shape.n < 2) throw ValueError(c.op->name + ": expected at least 2 dimensions, got shape " + to_string(x.shape));
  copy_view(c.out[0], x);
  int64_t rows = x.shape[x.shape.n - 2], columns = x.shape[x.shape.n - 1];
  int64_t k = std::clamp(int_attr(c, "k", 0), -rows, columns);  // further away is the same
  for (int64_t i = 0; i < rows; i++) {
    int64_t edge = std::min(std::max(i + k + (kLower ? 1 : 0), int64_t(0)), columns);
    int64_t begin = kLower ? edge : 0, end = kLower ? columns : edge;
    if (begin >= end) continue;
    View part = c.out[0];
    int r = part.shape.n - 2;
    part.data = part.ptr<char>() + (i * part.strides[r] + begin * part.strides[r + 1]) * int64_t(itemsize(part.dtype));
    part.shape[r] = 1;
    part.shape[r + 1] = end - begin;
    fill_zero(part);
  }
}

DL_KERNEL("tril", triangle<true>);
DL_KERNEL("triu", triangle<false>);

}  // namespace
}  // namespace dl
