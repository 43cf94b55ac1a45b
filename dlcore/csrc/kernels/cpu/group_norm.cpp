// The shape rule of channels taken in groups: (n, c, ...) as one row for each group of each sample.
#include "kernels/cpu/views.h"

namespace dl {
namespace {

DL_INFER("group_rows", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  if (x.n < 2)
    throw ValueError(std::string(c.name()) + ": expected x of at least 2 dimensions (N, C, ...), got shape " +
                     to_string(x));
  int64_t groups = int_attr(c, "groups", 0);
  if (groups == 0) groups = x[1];
  if (groups < 0 || (groups == 0 && x[1]) || (groups && x[1] % groups))
    throw ValueError(
        format("%s: %lld channels cannot be cut into %lld groups", c.name(), (long long)x[1], (long long)groups));
  Meta rows[2] = {c.in[0], c.in[0]};
  rows[1].shape = Shape{x[0] * groups, groups * x[0] ? numel(x) / (x[0] * groups) : 0};
  InferCall call{c.op, rows, 2, c.attrs, c.out};
  find_infer("reshape_like")(call);
});

}  // namespace
}  // namespace dl
