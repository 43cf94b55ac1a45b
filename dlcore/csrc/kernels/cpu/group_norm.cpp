// Channels taken in groups: (n, c, ...) as one row for each group of each sample, and the normalisation of such rows.
// Computed in float32 (float64 for float64 arrays); the gradient makes mean and variance again.
#include <vector>

#include "kernels/cpu/isa/layer_norm.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

// The number of groups, 0 meaning one for each channel.
template <class Call>
int64_t groups_of(const Call& c, const std::string& op, const Shape& x) {
  if (x.n < 2) throw ValueError(op + ": expected x of at least 2 dimensions (N, C, ...), got shape " + to_string(x));
  int64_t groups = int_attr(c, "groups", 0);
  if (groups == 0) groups = x[1];
  if (groups < 0 || (groups && x[1] % groups))
    throw ValueError(
        format("%s: %lld channels cannot be cut into %lld groups", op.c_str(), (long long)x[1], (long long)groups));
  return groups;
}

DL_INFER("group_rows", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  int64_t groups = groups_of(c, c.name(), x);
  Meta rows[2] = {c.in[0], c.in[0]};
  rows[1].shape = Shape{x[0] * groups, groups && x[0] ? numel(x) / (x[0] * groups) : 0};
  InferCall call{c.op, rows, 2, c.attrs, c.out};
  find_infer("reshape_like")(call);
});

// x as rows of `each` channels with `places` numbers.
struct Groups {
  int64_t rows, groups, each, places;
  int64_t length() const { return each * places; }
  int64_t channel(int64_t row) const { return row % groups * each; }  // the first one
};

Groups cut(const KernelCall& c, const Shape& x) {
  Groups g{};
  g.groups = groups_of(c, c.op->name, x);
  g.rows = x[0] * g.groups, g.each = x[1] / g.groups;
  g.places = numel(x) / (x[0] * x[1]);
  return g;
}

// f(row) for all rows, shared by threads.
template <class F>
void for_rows(const Groups& s, F&& f) {
  parallel_for(s.rows, std::max<int64_t>(1, 8192 / s.length()), [&](int64_t b, int64_t e) {
    for (int64_t row = b; row < e; row++) f(row);
  });
}

template <class T>
const ChannelNorm<T>& isa() {
  if constexpr (std::is_same_v<T, float>)
    return pick_layer_norm_table()->channel_f32;
  else
    return pick_layer_norm_table()->channel_f64;
}

struct RowMajor {
  View out, view;
  Temp keep;
  RowMajor(const View& o, DType t) : out(o), view(o) {
    if (o.dtype != t || !is_contiguous(o.shape, o.strides)) view = temp_view(o.shape, t, keep);
  }
  void finish() {
    if (keep) copy_view(out, view);
  }
};

// Inputs (x, gamma, beta).
void group_norm(const KernelCall& c) {
  if (c.out[0].numel() == 0) return;
  Groups s = cut(c, c.in[0].shape);
  DType t = compute_type(c.out[0].dtype);
  Temp kx, kg, kb;
  View x = as_contiguous(c.in[0], t, kx), gamma = as_contiguous(c.in[1], t, kg), beta = as_contiguous(c.in[2], t, kb);
  RowMajor y(c.out[0], t);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    T eps = T(float_attr(c, "eps", 1e-5));
    for_rows(s, [&](int64_t row) {
      const T* px = x.ptr<const T>() + row * s.length();
      isa<T>().forward(px, s.each, s.places, gamma.ptr<const T>() + s.channel(row),
                       beta.ptr<const T>() + s.channel(row), eps, y.view.ptr<T>() + row * s.length());
    });
  });
  y.finish();
}
DL_KERNEL("group_norm", group_norm);

// Inputs (g, x, gamma), outputs dx, dgamma, dbeta.
void group_norm_grad(const KernelCall& c) {
  if (c.in[0].shape != c.in[1].shape)
    throw ValueError(c.op->name + ": expected g " + to_string(c.in[1].shape) + ", got " + to_string(c.in[0].shape));
  if (c.out[0].numel() == 0) {
    for (int k = 0; k < 3; k++) fill_zero(c.out[k]);
    return;
  }
  Groups s = cut(c, c.in[1].shape);
  DType t = compute_type(c.out[0].dtype);
  Temp kg, kx, kw;
  View g = as_contiguous(c.in[0], t, kg), x = as_contiguous(c.in[1], t, kx), gamma = as_contiguous(c.in[2], t, kw);
  RowMajor dx(c.out[0], t);
  int64_t channels = s.groups * s.each, samples = s.rows / s.groups;
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    T eps = T(float_attr(c, "eps", 1e-5));
    std::vector<T> sums(size_t(2 * s.rows * s.each));  // for each channel of each sample: of g * h, of g
    for_rows(s, [&](int64_t row) {
      int64_t at = row * s.length();
      isa<T>().backward(g.ptr<const T>() + at, x.ptr<const T>() + at, s.each, s.places,
                        gamma.ptr<const T>() + s.channel(row), eps, dx.view.ptr<T>() + at,
                        &sums[size_t(2 * row * s.each)]);
    });
    std::vector<double> total(size_t(2 * channels), 0.0);
    for (int64_t i = 0; i < samples; i++)
      for (int64_t k = 0; k < 2 * channels; k++) total[size_t(k)] += double(sums[size_t(i * 2 * channels + k)]);
    for (int k = 0; k < 2; k++) copy_view(c.out[1 + k], View{total.data() + k, DType::F64, Shape{channels}, Dims{2}});
  });
  dx.finish();
}
DL_KERNEL("group_norm_grad", group_norm_grad);

void check(InferCall& c, int x_at) {
  const Shape& x = c.in[x_at].shape;
  groups_of(c, c.name(), x);
  for (int i = x_at + 1; i < c.nin; i++)
    if (c.in[i].shape != Shape{x[1]})
      throw ValueError(std::string(c.name()) + ": expected " + c.op->inputs[size_t(i)].name + " (" +
                       std::to_string(x[1]) + ",) for x " + to_string(x) + ", got " + to_string(c.in[i].shape));
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = x;
  for (size_t i = 1; i < c.out.size(); i++) c.out[i].shape = Shape{x[1]};
}
DL_INFER("group_norm", [](InferCall& c) { check(c, 0); });
DL_INFER("group_norm_grad", [](InferCall& c) { check(c, 1); });

}  // namespace
}  // namespace dl
