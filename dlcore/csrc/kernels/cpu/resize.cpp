// Resizing along one to three spatial axes: nearest, linear, cubic, and the mean over the covered area. Every kind is a
// sum over a few places with fixed weights, one axis after the other, so its gradient is the same sums the other way.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/lines.h"
#include "kernels/cpu/spatial.h"

namespace dl {
namespace {

enum class Mode { nearest, linear, cubic, area };

// Where each new place along an axis comes from: places first[i] ... first[i + 1] - 1 of `at` and `weight`.
struct Taps {
  int64_t before, after;
  std::vector<int64_t> first{0}, at;
  std::vector<double> weight;

  void put(int64_t place, double w) {
    at.push_back(std::min(std::max<int64_t>(place, 0), before - 1));
    weight.push_back(w);
  }
  Taps(Mode mode, bool corners, int64_t n, int64_t m) : before(n), after(m) {
    for (int64_t i = 0; i < m; i++) {
      double from = corners ? (m > 1 ? double(i) * double(n - 1) / double(m - 1) : 0.0)
                            : (double(i) + 0.5) * double(n) / double(m) - 0.5;
      if (mode == Mode::nearest) put(corners ? int64_t(std::floor(from + 0.5)) : i * n / m, 1);
      if (mode == Mode::linear) linear(std::max(from, 0.0));
      if (mode == Mode::cubic) cubic(from);
      if (mode == Mode::area) {
        int64_t begin = i * n / m, end = ((i + 1) * n + m - 1) / m;
        for (int64_t k = begin; k < end; k++) put(k, 1.0 / double(end - begin));
      }
      first.push_back(int64_t(at.size()));
    }
  }
  void linear(double from) {
    int64_t low = std::min(int64_t(from), before - 1);
    double t = from - double(low);
    put(low, 1 - t);
    if (t > 0) put(low + 1, t);
  }
  // Cubic convolution with a = -0.75 (Keys, IEEE Trans. ASSP 29 (1981) 1153).
  void cubic(double from) {
    const double a = -0.75;
    int64_t low = int64_t(std::floor(from));
    double t = from - double(low);
    auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    put(low - 1, far(t + 1));
    put(low, near(t));
    put(low + 1, near(1 - t));
    put(low + 2, far(2 - t));
  }
};

template <class Call>
Mode mode_of(const Call& c) {
  const std::string& name = find_attr(c, "mode")->s;
  static const char* const names[] = {"nearest", "linear", "cubic", "area"};
  for (int i = 0; i < 4; i++)
    if (name == names[i]) return Mode(i);
  throw ValueError(c.op->name + ": mode must be nearest, linear, cubic or area, got '" + name + "'");
}

template <class Call>
Shape resized(const Call& c, const Shape& x) {
  const std::string& op = c.op->name;
  if (x.n < 3 || x.n > 5)
    throw ValueError(op + ": expected x of 3 to 5 dimensions (N, C, 1 to 3 of space), got shape " + to_string(x));
  int64_t size[3];
  spatial_attr(c, "size", x.n - 2, 1, size);
  Shape y{x[0], x[1]};
  for (int i = 2; i < x.n; i++) {
    if (size[i - 2] < 1 || x[i] < 1)
      throw ValueError(op + ": cannot make size " + std::to_string(size[i - 2]) + " of x " + to_string(x) +
                       "; both must be at least 1");
    y.push(size[i - 2]);
  }
  return y;
}

// (before, inner) to (after, inner).
template <class T>
void gather(const Taps& taps, const std::vector<T>& weight, int64_t inner, const T* x, T* y) {
  for (int64_t i = 0; i < taps.after; i++) {
    int64_t first = taps.first[size_t(i)], last = taps.first[size_t(i + 1)];
    if (inner == 1) {
      T sum = 0;
      for (int64_t k = first; k < last; k++) sum += weight[size_t(k)] * x[taps.at[size_t(k)]];
      y[i] = sum;
      continue;
    }
    T* to = y + i * inner;
    for (int64_t k = first; k < last; k++) {
      const T *from = x + taps.at[size_t(k)] * inner, w = weight[size_t(k)];
      if (k == first)
        for (int64_t j = 0; j < inner; j++) to[j] = w * from[j];
      else
        for (int64_t j = 0; j < inner; j++) to[j] += w * from[j];
    }
  }
}
// The transposed sums: (after, inner) to (before, inner).
template <class T>
void scatter(const Taps& taps, const std::vector<T>& weight, int64_t inner, const T* y, T* x) {
  std::fill(x, x + taps.before * inner, T(0));
  for (int64_t i = 0; i < taps.after; i++)
    for (int64_t k = taps.first[size_t(i)]; k < taps.first[size_t(i + 1)]; k++) {
      T w = weight[size_t(k)], *to = x + taps.at[size_t(k)] * inner;
      for (int64_t j = 0; j < inner; j++) to[j] += w * y[i * inner + j];
    }
}

// Both for every one of `outer` blocks.
template <class T>
void along_axis(const Taps& taps, int64_t outer, int64_t inner, bool back, const T* from, T* to) {
  std::vector<T> weight(taps.weight.begin(), taps.weight.end());
  int64_t in = (back ? taps.after : taps.before) * inner, out = (back ? taps.before : taps.after) * inner;
  parallel_for(outer, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, out)), [&](int64_t b, int64_t e) {
    for (int64_t o = b; o < e; o++)
      back ? scatter(taps, weight, inner, from + o * in, to + o * out)
           : gather(taps, weight, inner, from + o * in, to + o * out);
  });
}

// `small` is the shape before, `large` that after resizing; back goes from large to small.
template <class T>
void all_axes(const KernelCall& c, const Shape& small, const Shape& large, bool back, const T* x, T* y) {
  Mode mode = mode_of(c);
  bool corners = int_attr(c, "align_corners", 0) != 0;
  std::vector<T> buffer[2];
  Shape now = back ? large : small;
  const T* from = x;
  for (int k = 2; k < now.n; k++) {
    Taps taps(mode, corners, small[k], large[k]);
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < k; i++) outer *= now[i];
    for (int i = k + 1; i < now.n; i++) inner *= now[i];
    now[k] = back ? small[k] : large[k];
    T* to = y;
    if (k + 1 < now.n) {
      buffer[k % 2].resize(size_t(numel(now)));
      to = buffer[k % 2].data();
    }
    along_axis(taps, outer, inner, back, from, to);
    from = to;
  }
}

void run(const KernelCall& c, bool back, const Shape& small, const Shape& large) {
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  Temp ki, ko;
  bool direct = c.out[0].dtype == t && is_contiguous(c.out[0].shape, c.out[0].strides);
  View in = as_contiguous(c.in[0], t, ki), out = direct ? c.out[0] : temp_view(c.out[0].shape, t, ko);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    all_axes<T>(c, small, large, back, in.ptr<const T>(), out.ptr<T>());
  });
  if (!direct) copy_view(c.out[0], out);
}

DL_KERNEL("resize", [](const KernelCall& c) { run(c, false, c.in[0].shape, c.out[0].shape); });
DL_KERNEL("resize_grad", [](const KernelCall& c) {  // (g, x: like)
  Shape y = resized(c, c.out[0].shape);
  if (c.in[0].shape != y)
    throw ValueError(c.op->name + ": expected g " + to_string(y) + ", got " + to_string(c.in[0].shape));
  run(c, true, c.out[0].shape, y);
});
DL_INFER("resize", [](InferCall& c) {
  mode_of(c);
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = resized(c, c.in[0].shape);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
