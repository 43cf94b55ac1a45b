// "dense": x weight^T + bias, a matrix product (matmul.cpp).
#include "kernels/cpu/matmul.h"

namespace dl {
namespace {

struct DenseShape {
  int64_t rows, inputs, units;
  Shape out;
};

template <class Call>
DenseShape dense_shape(const Call& c, const Shape& x, const Shape& w, const Shape* bias) {
  const std::string& op = c.op->name;
  bool flatten = int_attr(c, "flatten", 1) != 0;
  if (w.n != 2) throw ValueError(op + ": expected weight (units, inputs), got shape " + to_string(w));
  if (x.n < 1) throw ValueError(op + ": expected x of at least 1 dimension, got shape ()");
  DenseShape s{1, 1, w[0], {}};
  int split = flatten && x.n > 1 ? 1 : x.n - 1;
  for (int i = 0; i < split; i++) s.rows *= x[i], s.out.push(x[i]);
  for (int i = split; i < x.n; i++) s.inputs *= x[i];
  s.out.push(s.units);
  if (s.inputs != w[1])
    throw ValueError(op + ": expected " + std::to_string(w[1]) + " inputs (weight " + to_string(w) + "), got x " +
                     to_string(x) + (flatten ? " with " : " whose last axis has ") + std::to_string(s.inputs));
  if (bias && (bias->n != 1 || (*bias)[0] != s.units))
    throw ValueError(op + ": expected bias (" + std::to_string(s.units) + ",), got shape " + to_string(*bias));
  return s;
}

// x as a matrix: a view where the strides allow it.
View as_matrix(const View& x, int64_t rows, int64_t cols, Temp& keep) {
  View v = x;
  bool two = x.shape.n == 2 && x.shape[0] == rows;
  if (!two) {
    v = as_contiguous(x, keep);
    v.strides = Dims{cols, 1};
  }
  v.shape = Shape{rows, cols};
  return v;
}

void dense(const KernelCall& c) {
  DenseShape s = dense_shape(c, c.in[0].shape, c.in[1].shape, c.present(2) ? &c.in[2].shape : nullptr);
  Temp keep;
  Product p{};
  p.m = s.rows, p.n = s.units, p.k = s.inputs;
  p.a = as_matrix(c.in[0], s.rows, s.inputs, keep);
  p.b = c.in[1];
  swap_last(p.b.shape), swap_last(p.b.strides);
  if (c.present(2)) p.bias = &c.in[2];
  Output out(c.out[0]);
  KernelCall flat = c;
  View y = out.view();
  y.shape = Shape{s.rows, s.units};
  y.strides = Dims{s.units, 1};
  flat.out = &y;
  matrix_product(flat, p);
  out.finish();
}
DL_KERNEL("dense", dense);

DL_INFER("dense", [](InferCall& c) {
  bool bias = c.nin > 2 && c.in[2].given;
  c.out[0].shape = dense_shape(c, c.in[0].shape, c.in[1].shape, bias ? &c.in[2].shape : nullptr).out;
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
