// Layer normalisation along one axis and its gradients. Computed in float32 (float64 for float64 arrays). The gradient
// makes mean and variance again, which costs less than keeping them. Lines are summed in blocks that do not depend on
// the number of threads, so results do not either.
#include <algorithm>
#include <vector>

#include "kernels/cpu/isa/layer_norm.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

constexpr int64_t kBlocks = 64;  // at most so many partial sums of dgamma and dbeta

template <class T>
const LayerNormLines<T>& isa() {
  if constexpr (std::is_same_v<T, float>)
    return pick_layer_norm_table()->f32;
  else
    return pick_layer_norm_table()->f64;
}

int axis_of(const KernelCall& c, const Shape& x) {
  return normalize_axis(int_attr(c, "axis", -1), x.n, c.op->name.c_str());
}

bool plain(const View& v, DType t) { return v.dtype == t && is_contiguous(v.shape, v.strides); }

// Inputs (x, gamma, beta).
void layer_norm(const KernelCall& c) {
  int axis = axis_of(c, c.in[0].shape);
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  Temp kg, kb;
  View x = axis_last(c.in[0], axis), y = axis_last(c.out[0], axis), gamma = as_contiguous(c.in[1], t, kg),
       beta = as_contiguous(c.in[2], t, kb);
  int64_t n = x.shape[x.shape.n - 1];
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    T eps = T(float_attr(c, "eps", 1e-5));
    auto run = [&](const T* from, int64_t lines, T* to) {
      isa<T>().forward(from, lines, n, gamma.ptr<const T>(), beta.ptr<const T>(), eps, to);
    };
    if (plain(x, t) && plain(y, t))
      parallel_for(x.numel() / n, std::max<int64_t>(1, 8192 / n),
                   [&](int64_t b, int64_t e) { run(x.ptr<const T>() + b * n, e - b, y.ptr<T>() + b * n); });
    else  // a few lines at a time, so that what is copied stays small
      each_few_lines(x, y, [&](const View& in, const View& out) {
        Temp keep;
        View made = temp_view(in.shape, t, keep);
        copy_view(made, in);
        run(made.ptr<const T>(), in.shape[0], made.ptr<T>());
        copy_view(out, made);
      });
  });
}
DL_KERNEL("layer_norm", layer_norm);

// Inputs (g, x, gamma), outputs dx, dgamma, dbeta.
void layer_norm_grad(const KernelCall& c) {
  if (c.in[0].shape != c.in[1].shape)
    throw ValueError(c.op->name + ": expected g " + to_string(c.in[1].shape) + ", got " + to_string(c.in[0].shape));
  int axis = axis_of(c, c.in[1].shape);
  if (c.out[0].numel() == 0) {
    for (int k = 0; k < 3; k++) fill_zero(c.out[k]);
    return;
  }
  DType t = compute_type(c.out[0].dtype);
  Temp kg, kx, kw;
  View g = as_contiguous(axis_last(c.in[0], axis), kg), x = as_contiguous(axis_last(c.in[1], axis), kx);
  View gamma = as_contiguous(c.in[2], t, kw);
  LineOutput dx(c.out[0], axis, c.out[0].dtype);
  int64_t n = x.shape[x.shape.n - 1], lines = x.numel() / n, size = (lines + kBlocks - 1) / kBlocks,
          blocks = (lines + size - 1) / size;
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    T eps = T(float_attr(c, "eps", 1e-5));
    std::vector<T> part(size_t(2 * blocks * n), T(0));
    parallel_for(blocks, std::max<int64_t>(1, 4096 / (n * size)), [&](int64_t first, int64_t last) {
      for (int64_t b = first; b < last; b++) {
        Temp keep[3];  // 16-bit floats are widened block by block
        View block[3];
        for (int k = 0; k < 3; k++) {
          const View& v = k == 0 ? g : k == 1 ? x : dx.view;
          char* at = v.ptr<char>() + b * size * n * int64_t(itemsize(v.dtype));
          block[k] = View{at, v.dtype, Shape{std::min(size, lines - b * size), n}, Dims{n, 1}};
        }
        View to = plain(block[2], t) ? block[2] : temp_view(block[2].shape, t, keep[2]);
        isa<T>().backward(as_contiguous(block[0], t, keep[0]).ptr<const T>(),
                          as_contiguous(block[1], t, keep[1]).ptr<const T>(), to.shape[0], n, gamma.ptr<const T>(), eps,
                          to.ptr<T>(), &part[size_t(2 * b * n)], &part[size_t((2 * b + 1) * n)]);
        if (keep[2]) copy_view(block[2], to);
      }
    });
    std::vector<double> sums(size_t(2 * n), 0.0);
    for (int64_t b = 0; b < blocks; b++)
      for (int64_t i = 0; i < 2 * n; i++) sums[size_t(i)] += double(part[size_t(2 * b * n + i)]);
    for (int k = 0; k < 2; k++) copy_view(c.out[1 + k], View{sums.data() + k * n, DType::F64, Shape{n}, Dims{1}});
  });
  dx.finish();
}
DL_KERNEL("layer_norm_grad", layer_norm_grad);

void check(InferCall& c, int x_at) {
  const Shape& x = c.in[x_at].shape;
  int64_t n = x[normalize_axis(int_attr(c, "axis", -1), x.n, c.name())];
  for (int i = x_at + 1; i < c.nin; i++)
    if (c.in[i].shape != Shape{n})
      throw ValueError(std::string(c.name()) + ": expected " + c.op->inputs[size_t(i)].name + " (" + std::to_string(n) +
                       ",) for x " + to_string(x) + ", got " + to_string(c.in[i].shape));
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = x;
  for (size_t i = 1; i < c.out.size(); i++) c.out[i].shape = Shape{n};
}
DL_INFER("layer_norm", [](InferCall& c) { check(c, 0); });
DL_INFER("layer_norm_grad", [](InferCall& c) { check(c, 1); });

}  // namespace
}  // namespace dl
