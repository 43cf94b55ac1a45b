// Resizing along one to three spatial axes: nearest, linear, cubic, and the mean over the covered area. Every kind is a
// sum over a few places with fixed weights, one axis after the other, so its gradient is the same sums the other way.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/isa/resize_table.h"
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
    if (x[i] < 1)
      throw ValueError(op + ": expected x of at least 1 along each axis of space, got shape " + to_string(x));
    y.push(size[i - 2]);
  }
  return y;
}

// Taps with their weights in the type that is computed in. Where two places are summed for each of some neighbouring
// new ones, these lie in vectors: `pairs` says where those begin and end, in turns.
template <class T>
struct Weighted {
  Taps taps;
  std::vector<T> weight;
  const ResizeTable* table = pick_resize_table();
  std::vector<int32_t> low, high;
  std::vector<float> low_weight, high_weight;
  std::vector<int64_t> pairs;

  Weighted(Mode mode, bool corners, int64_t n, int64_t m)
      : taps(mode, corners, n, m), weight(taps.weight.begin(), taps.weight.end()) {
    if constexpr (std::is_same_v<T, float>)
      if (mode == Mode::linear && table->lanes && n >= table->lanes && n < INT32_MAX) find_pairs();
  }

  // Two for each new place; where there is one only, what is found twice is not used.
  void find_pairs() {
    const int64_t lanes = table->lanes;
    for (int64_t i = 0; i < taps.after; i++) {
      const size_t first = size_t(taps.first[size_t(i)]), last = size_t(taps.first[size_t(i + 1)] - 1);
      low.push_back(int32_t(taps.at[first]));
      high.push_back(int32_t(taps.at[last]));
      low_weight.push_back(weight[first]);
      high_weight.push_back(weight[last]);
    }
    for (int64_t i = 0; i + lanes <= taps.after; i += lanes) {
      bool fits = true;
      for (const std::vector<int32_t>* side : {&low, &high}) {
        const int64_t begin = (*side)[size_t(i)], end = (*side)[size_t(i + lanes - 1)];
        fits = fits && end - std::min(begin, taps.before - lanes) < lanes;
      }
      for (int64_t k = i; k < i + lanes; k++) fits = fits && taps.first[size_t(k + 1)] - taps.first[size_t(k)] == 2;
      if (!fits) continue;
      if (!pairs.empty() && pairs.back() == i)
        pairs.pop_back();
      else
        pairs.push_back(i);
      pairs.push_back(i + lanes);
    }
  }

  void sum_each(int64_t begin, int64_t end, const T* x, T* y) const {
    for (int64_t i = begin; i < end; i++) {
      T sum = 0;
      for (int64_t k = taps.first[size_t(i)]; k < taps.first[size_t(i + 1)]; k++)
        sum += weight[size_t(k)] * x[taps.at[size_t(k)]];
      y[i] = sum;
    }
  }
  // A line of `before` numbers to one of `after`.
  void sum_line(const T* x, T* y) const {
    int64_t done = 0;
    if constexpr (std::is_same_v<T, float>)
      for (size_t k = 0; k < pairs.size(); k += 2) {
        const int64_t begin = pairs[k];
        sum_each(done, begin, x, y);
        done = pairs[k + 1];
        table->two_taps(done - begin, taps.before, &low[size_t(begin)], &high[size_t(begin)],
                        &low_weight[size_t(begin)], &high_weight[size_t(begin)], x, y + begin);
      }
    sum_each(done, taps.after, x, y);
  }
};

// (before, inner) to (after, inner).
template <class T>
void gather(const Weighted<T>& by, int64_t inner, const T* x, T* y) {
  if (inner == 1) return by.sum_line(x, y);
  for (int64_t i = 0; i < by.taps.after; i++) {
    int64_t k = by.taps.first[size_t(i)], last = by.taps.first[size_t(i + 1)];
    auto from = [&](int64_t j) { return x + by.taps.at[size_t(j)] * inner; };
    T* to = y + i * inner;
    const T *first = from(k), w = by.weight[size_t(k)];
    if (last - k == 2) {
      const T *second = from(k + 1), v = by.weight[size_t(k + 1)];
      for (int64_t j = 0; j < inner; j++) to[j] = w * first[j] + v * second[j];
      continue;
    }
    for (int64_t j = 0; j < inner; j++) to[j] = w * first[j];
    for (k++; k < last; k++) {
      const T *more = from(k), v = by.weight[size_t(k)];
      for (int64_t j = 0; j < inner; j++) to[j] += v * more[j];
    }
  }
}
// The transposed sums: (after, inner) to (before, inner).
template <class T>
void scatter(const Weighted<T>& by, int64_t inner, const T* y, T* x) {
  const Taps& taps = by.taps;
  std::fill(x, x + taps.before * inner, T(0));
  for (int64_t i = 0; i < taps.after; i++)
    for (int64_t k = taps.first[size_t(i)]; k < taps.first[size_t(i + 1)]; k++) {
      T w = by.weight[size_t(k)], *to = x + taps.at[size_t(k)] * inner;
      for (int64_t j = 0; j < inner; j++) to[j] += w * y[i * inner + j];
    }
}

// Both for every one of `outer` blocks.
template <class T>
void along_axis(const Weighted<T>& by, int64_t outer, int64_t inner, bool back, const T* from, T* to) {
  const Taps& taps = by.taps;
  int64_t in = (back ? taps.after : taps.before) * inner, out = (back ? taps.before : taps.after) * inner;
  parallel_for(outer, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, out)), [&](int64_t b, int64_t e) {
    for (int64_t o = b; o < e; o++)
      back ? scatter(by, inner, from + o * in, to + o * out) : gather(by, inner, from + o * in, to + o * out);
  });
}

// Axis after axis of `count` pictures, whose sizes are `now`; what lies between goes to `kept`.
template <class T>
void all_axes(const std::vector<Weighted<T>>& axes, Dims now, int64_t count, bool back, const T* x, T* y,
              std::vector<T>* kept) {
  const T* from = x;
  for (int k = 0; k < now.n; k++) {
    const Weighted<T>& by = axes[size_t(k)];
    int64_t outer = count, inner = 1;
    for (int i = 0; i < k; i++) outer *= now[i];
    for (int i = k + 1; i < now.n; i++) inner *= now[i];
    now[k] = back ? by.taps.before : by.taps.after;
    T* to = y;
    if (k + 1 < now.n) {
      kept[k].resize(size_t(outer * now[k] * inner));
      to = kept[k].data();
    }
    along_axis(by, outer, inner, back, from, to);
    from = to;
  }
}

// `small` is the shape before, `large` that after resizing; back goes from large to small. Threads share pictures,
// which stay in the cache from axis to axis; where there are few of these, they share the lines of all.
template <class T>
void all_pictures(const KernelCall& c, const Shape& small, const Shape& large, bool back, const T* x, T* y) {
  Mode mode = mode_of(c);
  bool corners = int_attr(c, "align_corners", 0) != 0;
  std::vector<Weighted<T>> axes;
  Dims now;
  int64_t in = 1, out = 1;
  for (int k = 2; k < small.n; k++) {
    axes.emplace_back(mode, corners, small[k], large[k]);
    now.push((back ? large : small)[k]);
    in *= (back ? large : small)[k];
    out *= (back ? small : large)[k];
  }
  const int64_t pictures = small[0] * small[1];
  std::vector<T> kept[2];
  if (pictures < num_threads()) return all_axes(axes, now, pictures, back, x, y, kept);
  parallel_for(pictures, (1 << 14) / (in + out) + 1, [&](int64_t b, int64_t e) {
    std::vector<T> own[2];
    for (int64_t p = b; p < e; p++) all_axes(axes, now, 1, back, x + p * in, y + p * out, own);
  });
}

void run(const KernelCall& c, bool back, const Shape& small, const Shape& large) {
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  Temp ki, ko;
  bool direct = c.out[0].dtype == t && is_contiguous(c.out[0].shape, c.out[0].strides);
  View in = as_contiguous(c.in[0], t, ki), out = direct ? c.out[0] : temp_view(c.out[0].shape, t, ko);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    all_pictures<T>(c, small, large, back, in.ptr<const T>(), out.ptr<T>());
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
