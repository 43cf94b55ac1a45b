// The lower and upper triangle of matrices (the last two axes), zeros elsewhere.
#include <algorithm>

#include "kernels/cpu/row_copy.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

// Row i keeps columns [0, i + k] (lower) or [i + k, columns).
template <bool kLower>
void triangle(const KernelCall& c) {
  const View& x = c.in[0];
  if (x.shape.n < 2) throw ValueError(c.op->name + ": expected at least 2 dimensions, got shape " + to_string(x.shape));
  if (x.numel() == 0) return;
  const int64_t rows = x.shape[x.shape.n - 2], columns = x.shape[x.shape.n - 1], item = int64_t(itemsize(x.dtype));
  const int64_t k = std::clamp(int_attr(c, "k", 0), -rows, columns);  // further away is the same
  Output y(c.out[0]);
  char* to = y.view().ptr<char>();
  const char* from = x.ptr<const char>();
  if (!is_contiguous(x.shape, x.strides)) {
    copy_view(y.view(), x);
    from = to;
  }
  const RowCopy copy(to, x.numel() * item, columns * item);
  parallel_for(x.numel() / columns, (1 << 14) / columns + 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) {
      const int64_t edge = std::min(std::max(r % rows + k + (kLower ? 1 : 0), int64_t(0)), columns);
      const int64_t kept = r * columns + (kLower ? 0 : edge), zeros = r * columns + (kLower ? edge : 0);
      const int64_t upper = columns - edge;
      if (from != to) copy((kLower ? edge : upper) * item, from + kept * item, to + kept * item);
      copy.zeros((kLower ? upper : edge) * item, to + zeros * item);
    }
    copy.finish();
  });
  y.finish();
}

DL_KERNEL("tril", triangle<true>);
DL_KERNEL("triu", triangle<false>);

}  // namespace
}  // namespace dl
