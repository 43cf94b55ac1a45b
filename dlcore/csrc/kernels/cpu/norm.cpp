// Batch normalisation over all axes but one: statistics, normalised result and gradients. Computed in float32 (float64
// for float64 arrays), bfloat16 being read and written as it is, with partial results joined in float64.
//
// Sums and squared distances are made block by block around a centre near the block's mean; blocks are joined by the
// rule of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing sample variances", 1979),
// so that a large mean does not spoil the variance. Blocks do not depend on the number of threads, so neither do
// results.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/cpu/isa/norm.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

// Numbers of images are X: float, double, or uint16_t for bfloat16; statistics T.
template <class X>
using Computed = std::conditional_t<std::is_same_v<X, uint16_t>, float, X>;

template <class X>
const NormRows<X, Computed<X>>& isa() {
  if constexpr (std::is_same_v<X, float>)
    return pick_norm_table()->f32;
  else if constexpr (std::is_same_v<X, double>)
    return pick_norm_table()->f64;
  else
    return pick_norm_table()->bf16;
}

// The dtype in which images of dtype `t` are read and written.
DType image_type(DType t) { return t == DType::BF16 ? t : compute_type(t); }

// f(a zero of the type X for that dtype).
template <class F>
void with_image_type(DType t, F&& f) {
  if (t == DType::BF16)
    f(uint16_t(0));
  else
    with_compute_type(t, f);
}

// How x lies in memory: `rows` rows with the channels side by side, or (outer, channels, inner).
struct Layout {
  int axis;
  int64_t channels, count;  // count: numbers per channel
  bool last;
  int64_t outer, inner;

  Layout(const View& x, int axis_) : axis(axis_) {
    AxisSplit s(x.shape, axis);
    channels = s.n;
    count = s.outer * s.inner;
    outer = s.outer, inner = s.inner;
    View turned = axis_last(x, axis);
    last = is_contiguous(turned.shape, turned.strides) || !is_contiguous(x.shape, x.strides) || inner < 16;
  }
  View arrange(const View& v) const { return last ? axis_last(v, axis) : v; }
  // v in this layout and dtype, for reading.
  View input(const View& v, DType t, Temp& keep) const { return as_contiguous(arrange(v), t, keep); }
};

struct LayoutOutput {
  View out, view;
  Temp keep;
  LayoutOutput(const Layout& l, const View& o, DType t) : out(l.arrange(o)), view(out) {
    if (o.dtype != t || !is_contiguous(out.shape, out.strides)) view = temp_view(out.shape, t, keep);
  }
  void finish() {
    if (keep) copy_view(out, view);
  }
};

int64_t block_rows(int64_t rows) { return std::max<int64_t>(256, (rows + 255) / 256); }

// f(block, first row, number of rows) in parallel. A second pass goes `backwards`: what the first read last is in the
// cache.
template <class F>
void for_blocks(int64_t rows, F&& f, bool backwards = false) {
  int64_t size = block_rows(rows), blocks = (rows + size - 1) / size;
  parallel_for(blocks, 1, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) {
      int64_t i = backwards ? blocks - 1 - k : k;
      f(i, i * size, std::min(size, rows - i * size));
    }
  });
}

// f(channel) in parallel, for the (outer, channels, inner) layout.
template <class F>
void for_channels(const Layout& l, F&& f) {
  parallel_for(l.channels, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, l.count)), [&](int64_t b, int64_t e) {
    for (int64_t c = b; c < e; c++) f(c);
  });
}

template <class X>
void stats_last(const Layout& l, const X* x, double* mean, double* var) {
  using T = Computed<X>;
  int64_t c = l.channels, size = block_rows(l.count), blocks = (l.count + size - 1) / size;
  std::vector<T> part(size_t(blocks * c * 2));
  for_blocks(l.count, [&](int64_t b, int64_t row, int64_t n) {
    isa<X>().stats(x + row * c, n, c, &part[size_t(2 * b * c)], &part[size_t((2 * b + 1) * c)]);
  });
  for (int64_t i = 0; i < c; i++) {
    double n = 0, m = 0, m2 = 0;
    for (int64_t b = 0; b < blocks; b++) {
      double nb = double(std::min(size, l.count - b * size)), d = double(part[size_t(2 * b * c + i)]) - m;
      m2 += double(part[size_t((2 * b + 1) * c + i)]) + d * d * n * nb / (n + nb);
      m += d * nb / (n + nb);
      n += nb;
    }
    mean[i] = m;
    var[i] = m2 / n;
  }
}

template <class X>
void stats_planes(const Layout& l, const X* x, double* mean, double* var) {
  using T = Computed<X>;
  for_channels(l, [&](int64_t c) {
    double sum = 0, squares = 0;
    for (int64_t o = 0; o < l.outer; o++) sum += double(isa<X>().line_sum(x + (o * l.channels + c) * l.inner, l.inner));
    mean[c] = sum / double(l.count);
    T m = T(mean[c]);
    for (int64_t o = 0; o < l.outer; o++)
      squares += double(isa<X>().line_squares(x + (o * l.channels + c) * l.inner, l.inner, m));
    double off = mean[c] - double(m);  // the mean was rounded to T
    var[c] = std::max(0.0, squares / double(l.count) - off * off);
  });
}

template <class X>
void statistics(const Layout& l, const X* x, double* mean, double* var) {
  if (l.last)
    stats_last(l, x, mean, var);
  else
    stats_planes(l, x, mean, var);
}

int axis_of(const KernelCall& c, const Shape& x) {
  return normalize_axis(int_attr(c, "axis", 1), x.n, c.op->name.c_str());
}

template <class T>
std::vector<T> narrowed(const std::vector<double>& v) {
  return std::vector<T>(v.begin(), v.end());
}

void store_vector(const View& out, const std::vector<double>& v) {
  copy_view(out, View{const_cast<double*>(v.data()), DType::F64, out.shape, Dims{1}});
}

std::vector<double> load_vector(const View& v) {
  std::vector<double> r(size_t(v.numel()));
  copy_view(View{r.data(), DType::F64, v.shape, Dims{1}}, v);
  return r;
}

// ---- batch_norm_train: (x, gamma, beta) -> y, mean, var ----

void batch_norm_train(const KernelCall& c) {
  Layout l(c.in[0], axis_of(c, c.in[0].shape));
  DType t = image_type(c.in[0].dtype);
  double eps = float_attr(c, "eps", 1e-5);
  size_t n = size_t(l.channels);
  std::vector<double> mean(n, 0.0), var(n, 0.0), scale(n), shift = load_vector(c.in[2]), gamma = load_vector(c.in[1]);
  Temp keep;
  View x = l.input(c.in[0], t, keep);
  LayoutOutput y(l, c.out[0], t);
  with_image_type(t, [&](auto zero) {
    using X = decltype(zero);
    using T = Computed<X>;
    const X* px = x.ptr<const X>();
    X* py = y.view.ptr<X>();
    if (l.count > 0) statistics(l, px, mean.data(), var.data());
    for (size_t i = 0; i < n; i++) scale[i] = gamma[i] / std::sqrt(var[i] + eps);
    auto m = narrowed<T>(mean), a = narrowed<T>(scale), b = narrowed<T>(shift);
    if (l.last) {
      for_blocks(
          l.count,
          [&](int64_t, int64_t row, int64_t rows) {
            int64_t at = row * l.channels;
            isa<X>().apply(px + at, rows, l.channels, m.data(), a.data(), b.data(), py + at);
          },
          true);
    } else {
      for_channels(l, [&](int64_t ch) {
        for (int64_t o = 0; o < l.outer; o++) {
          int64_t at = (o * l.channels + ch) * l.inner;
          isa<X>().line_apply(px + at, l.inner, m[size_t(ch)], a[size_t(ch)], b[size_t(ch)], py + at);
        }
      });
    }
  });
  y.finish();
  store_vector(c.out[1], mean);
  store_vector(c.out[2], var);
}
DL_KERNEL("batch_norm_train", batch_norm_train);

// ---- batch_norm_grad: (g, x, gamma, mean, var) -> dx, dgamma, dbeta ----

template <class X>
void gradient_sums(const Layout& l, const X* g, const X* x, const std::vector<Computed<X>>& mean, double* sum_g,
                   double* sum_gx) {
  int64_t c = l.channels;
  if (!l.last) {
    for_channels(l, [&](int64_t ch) {
      double sg = 0, sx = 0;
      for (int64_t o = 0; o < l.outer; o++) {
        int64_t at = (o * c + ch) * l.inner;
        sg += double(isa<X>().line_sum(g + at, l.inner));
        sx += double(isa<X>().line_products(g + at, x + at, l.inner, mean[size_t(ch)]));
      }
      sum_g[ch] = sg;
      sum_gx[ch] = sx;
    });
    return;
  }
  int64_t size = block_rows(l.count), blocks = (l.count + size - 1) / size;
  std::vector<Computed<X>> part(size_t(blocks * c * 2));
  for_blocks(l.count, [&](int64_t b, int64_t row, int64_t n) {
    isa<X>().grad_sums(g + row * c, x + row * c, n, c, mean.data(), &part[size_t(2 * b * c)],
                       &part[size_t((2 * b + 1) * c)]);
  });
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t i = 0; i < c; i++) {
      sum_g[i] += double(part[size_t(2 * b * c + i)]);
      sum_gx[i] += double(part[size_t((2 * b + 1) * c + i)]);
    }
}

void batch_norm_grad(const KernelCall& c) {
  if (c.in[0].shape != c.in[1].shape)
    throw ValueError(c.op->name + ": expected g " + to_string(c.in[1].shape) + ", got " + to_string(c.in[0].shape));
  Layout l(c.in[1], axis_of(c, c.in[1].shape));
  DType t = c.in[0].dtype == c.in[1].dtype ? image_type(c.in[1].dtype) : compute_type(c.in[1].dtype);
  double eps = float_attr(c, "eps", 1e-5), count = double(l.count);
  size_t n = size_t(l.channels);
  std::vector<double> gamma = load_vector(c.in[2]), mean = load_vector(c.in[3]), var = load_vector(c.in[4]);
  std::vector<double> sum_g(n, 0.0), sum_gx(n, 0.0), a(n), b(n), k(n);
  Temp kg, kx;
  View g = l.input(c.in[0], t, kg), x = l.input(c.in[1], t, kx);
  LayoutOutput dx(l, c.out[0], t);
  with_image_type(t, [&](auto zero) {
    using X = decltype(zero);
    using T = Computed<X>;
    const X *pg = g.ptr<const X>(), *px = x.ptr<const X>();
    X* pd = dx.view.ptr<X>();
    auto m = narrowed<T>(mean);
    gradient_sums(l, pg, px, m, sum_g.data(), sum_gx.data());
    for (size_t i = 0; i < n; i++) {
      double r = 1 / std::sqrt(var[i] + eps);
      a[i] = gamma[i] * r;
      b[i] = -a[i] * r * r * sum_gx[i] / count;
      k[i] = -a[i] * sum_g[i] / count;
      sum_gx[i] *= r;  // the gradient by gamma
    }
    auto ta = narrowed<T>(a), tb = narrowed<T>(b), tk = narrowed<T>(k);
    if (l.last) {
      for_blocks(
          l.count,
          [&](int64_t, int64_t row, int64_t rows) {
            int64_t at = row * l.channels;
            isa<X>().grad(pg + at, px + at, rows, l.channels, m.data(), ta.data(), tb.data(), tk.data(), pd + at);
          },
          true);
    } else {
      for_channels(l, [&](int64_t ch) {
        size_t i = size_t(ch);
        for (int64_t o = 0; o < l.outer; o++) {
          int64_t at = (o * l.channels + ch) * l.inner;
          isa<X>().line_grad(pg + at, px + at, l.inner, m[i], ta[i], tb[i], tk[i], pd + at);
        }
      });
    }
  });
  dx.finish();
  store_vector(c.out[1], sum_gx);
  store_vector(c.out[2], sum_g);
}
DL_KERNEL("batch_norm_grad", batch_norm_grad);

// ---- helpers of the rules ----

void mean_but(const KernelCall& c) {
  Layout l(c.in[0], axis_of(c, c.in[0].shape));
  DType t = image_type(c.in[0].dtype);
  std::vector<double> mean(size_t(l.channels), std::nan("")), var(size_t(l.channels));
  Temp keep;
  View x = l.input(c.in[0], t, keep);
  with_image_type(t, [&](auto zero) {
    using X = decltype(zero);
    if (l.count > 0) statistics(l, x.ptr<const X>(), mean.data(), var.data());
  });
  store_vector(c.out[0], mean);
}
DL_KERNEL("mean_but", mean_but);

DL_KERNEL("size_but", [](const KernelCall& c) {
  Layout l(c.in[0], axis_of(c, c.in[0].shape));
  double n = double(l.count);
  copy_view(c.out[0], View{&n, DType::F64, Shape{}, Dims{}});
});

// ---- inference rules ----

int64_t channels_of(const InferCall& c, const Shape& x) {
  return x[normalize_axis(int_attr(c, "axis", 1), x.n, c.name())];
}

void check_vector(const InferCall& c, int input, const Shape& x, int64_t channels) {
  const Shape& v = c.in[input].shape;
  if (v.n != 1 || v[0] != channels)
    throw ValueError(std::string(c.name()) + ": expected " + c.op->inputs[size_t(input)].name + " (" +
                     std::to_string(channels) + ",) for x " + to_string(x) + ", got " + to_string(v));
}

DL_INFER("batch_norm", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  int64_t n = channels_of(c, x);
  for (int i = 1; i < c.nin; i++) check_vector(c, i, x, n);
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = x;
  for (size_t i = 1; i < c.out.size(); i++) c.out[i].shape = Shape{n};
});
DL_INFER("batch_norm_grad", [](InferCall& c) {
  const Shape& x = c.in[1].shape;
  int64_t n = channels_of(c, x);
  for (int i = 2; i < c.nin; i++) check_vector(c, i, x, n);
  c.out[0].shape = x;
  for (size_t i = 1; i < c.out.size(); i++) c.out[i].shape = Shape{n};
});
DL_INFER("reduce_but", [](InferCall& c) { c.out[0].shape = Shape{channels_of(c, c.in[0].shape)}; });

// A vector seen with axes of length 1 around it: a view.
DL_INFER("along", [](InferCall& c) {
  const Shape& x = c.in[1].shape;
  int axis = normalize_axis(int_attr(c, "axis", 1), x.n, c.name());
  check_vector(c, 0, x, x[axis]);
  Meta& m = c.out[0];
  m.view_of = 0;
  for (int i = 0; i < x.n; i++) {
    m.shape.push(i == axis ? x[axis] : 1);
    m.strides.push(i == axis ? c.in[0].strides[0] : 1);
  }
});

}  // namespace
}  // namespace dl
