// The diagonals of matrices that lie on two axes, as a view, and the way back: zeros with numbers on that diagonal.
#include <algorithm>

#include "kernels/cpu/views.h"

namespace dl {
namespace {

struct Diagonal {
  int a, b;  // the rows' axis and the columns'
  Shape shape;
  Dims strides;
  int64_t offset = 0;
};

// The other axes keep their order; the diagonal is the last one. One beyond the matrix has length 0.
Diagonal diagonal_of(const Shape& shape, const Dims& strides, int64_t axis1, int64_t axis2, int64_t k,
                     const std::string& op) {
  if (shape.n < 2) throw ValueError(op + ": expected at least 2 axes, got shape " + to_string(shape));
  Diagonal d;
  d.a = normalize_axis(axis1, shape.n, op.c_str());
  d.b = normalize_axis(axis2, shape.n, op.c_str());
  if (d.a == d.b)
    throw ValueError(op + ": axis1 and axis2 must differ, got " + std::to_string(axis1) + " and " +
                     std::to_string(axis2) + " for shape " + to_string(shape));
  for (int i = 0; i < shape.n; i++)
    if (i != d.a && i != d.b) {
      d.shape.push(shape[i]);
      d.strides.push(strides[i]);
    }
  int64_t rows = shape[d.a], columns = shape[d.b];
  k = std::max(-rows, std::min(columns, k));
  int64_t length = k >= 0 ? std::min(rows, columns - k) : std::min(rows + k, columns);
  d.shape.push(std::max<int64_t>(length, 0));
  d.strides.push(strides[d.a] + strides[d.b]);
  if (numel(d.shape)) d.offset = k >= 0 ? k * strides[d.b] : -k * strides[d.a];
  return d;
}

void infer_diagonal(InferCall& c) {
  Diagonal d =
      diagonal_of(c.in[0].shape, c.in[0].strides, c.attr("axis1").i, c.attr("axis2").i, c.attr("offset").i, c.op->name);
  c.out[0].shape = d.shape;
  c.out[0].strides = d.strides;
  c.out[0].view_of = 0;
  c.out[0].offset = d.offset;
}
DL_INFER("diagonal", infer_diagonal);

void put_diagonal(const KernelCall& c) {
  const View &g = c.in[0], &out = c.out[0];
  fill_zero(out);
  Diagonal d = diagonal_of(out.shape, out.strides, int_attr(c, "axis1", 0), int_attr(c, "axis2", 1),
                           int_attr(c, "offset", 0), c.op->name);
  if (d.shape != g.shape)
    throw ValueError(c.op->name + ": expected numbers of the diagonal's shape " + to_string(d.shape) + ", got " +
                     to_string(g.shape));
  if (g.numel() == 0) return;
  View to{out.ptr<char>() + d.offset * int64_t(itemsize(out.dtype)), out.dtype, d.shape, d.strides};
  copy_view(to, g);
}
DL_KERNEL("put_diagonal", put_diagonal);

}  // namespace
}  // namespace dl
