// "product_sums": a product of two matrices, and the sums of the left one's lines. As gradients of a dense layer's
// weights and bias they read the gradient of its result once.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

// In single precision, of which some may have passed the range on the way: those are taken anew in double precision.
void take_anew(const View& a, float* sums) {
  for (int64_t i = 0; i < a.shape[0]; i++) {
    if (std::isfinite(sums[i])) continue;
    double sum = 0;
    for (int64_t p = 0; p < a.shape[1]; p++) sum += double(a.ptr<const float>()[i * a.strides[0] + p * a.strides[1]]);
    sums[i] = float(sum);
  }
}

bool in_panels(const View& a, const View& b, const View& y, const View& sums) {
  for (const View* v : {&a, &b, &y, &sums})
    if (v->dtype != DType::F32) return false;
  if (!is_contiguous(y.shape, y.strides) || !is_contiguous(sums.shape, sums.strides)) return false;
  return panel_product_sums(y.shape[0], y.shape[1], a.shape[1], {a.ptr<const float>(), a.strides[0], a.strides[1]},
                            {b.ptr<const float>(), b.strides[0], b.strides[1]}, y.ptr<float>(), sums.ptr<float>());
}

template <class T>
void sum_lines(const View& a, DType t, ReduceType type, const View& sums) {
  Temp keep, made;
  View lines = as_contiguous(a, t, keep), to = temp_view(sums.shape, t, made);
  const ReduceFns& fn = pick_reduce_table()->fn[int(ReduceOp::Sum)][int(type)];
  fn.init(a.shape[0], to.data);
  fn.runs(a.shape[0], a.shape[1], lines.data, a.shape[1], to.data);
  if constexpr (sizeof(T) == sizeof(float)) take_anew(lines, to.ptr<float>());
  copy_view(sums, to);
}

void product_sums(const KernelCall& c) {
  const View &a = c.in[0], &b = c.in[1], &y = c.out[0], &sums = c.out[1];
  if (y.numel() && a.shape[1] && in_panels(a, b, y, sums)) return take_anew(a, sums.ptr<float>());
  KernelCall plain = c;
  plain.nout = 1;
  plain.state = nullptr;
  find_kernel("matmul")(plain);
  if (sums.dtype == DType::F64)
    sum_lines<double>(a, DType::F64, ReduceType::F64, sums);
  else
    sum_lines<float>(a, DType::F32, ReduceType::F32, sums);
}
DL_KERNEL("product_sums", product_sums);

DL_INFER("product_sums", [](InferCall& c) {
  for (int i = 0; i < 2; i++)
    if (c.in[i].shape.n != 2)
      throw ValueError(c.op->name + ": expected two matrices, got shapes " + to_string(c.in[0].shape) + " and " +
                       to_string(c.in[1].shape));
  find_infer("matmul")(c);
  c.out[1].shape = Shape{c.in[0].shape[0]};
  c.out[1].strides = Dims{1};
});

}  // namespace
}  // namespace dl
