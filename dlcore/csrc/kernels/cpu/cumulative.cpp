// Kernels cumsum and cumprod: running sums and products along an axis, forwards or from the end.
//
// A long line is cut into blocks of a fixed length: the blocks' totals first, what stands before each block from those,
// then every block for itself. So the result is the same on any number of threads.
#include <algorithm>
#include <vector>

#include "kernels/cpu/complex_math.h"
#include "kernels/cpu/isa/cumulative_table.h"
#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

constexpr int64_t kBlock = 8 * 1024;
constexpr int64_t kLong = 4 * kBlock;
constexpr int64_t kStretchBytes = 4 << 20;

template <class T>
struct IsComplex : std::false_type {};
template <class T>
struct IsComplex<std::complex<T>> : std::true_type {};

template <bool Sum, class T>
T combine(T a, T b) {
  if constexpr (!IsComplex<T>::value || Sum)
    return Sum ? a + b : a * b;
  else
    return c_mul(a, b);
}

// Complex numbers take plain loops, the others the vectorised ones.
template <bool Sum, class T>
struct Loops {
  static T total(int64_t n, const T* x) {
    T t = x[0];
    for (int64_t i = 1; i < n; i++) t = combine<Sum>(t, x[i]);
    return t;
  }
  static void line(int64_t n, const T* x, T* y, T before, bool reverse) {
    for (int64_t k = 0; k < n; k++) {
      int64_t i = reverse ? n - 1 - k : k;
      y[i] = before = combine<Sum>(before, x[i]);
    }
  }
  static void rows(int64_t count, int64_t n, T* before, const T* x, T* y, int64_t step, bool) {
    for (int64_t r = 0; r < count; r++)
      for (int64_t k = 0; k < n; k++) y[r * step + k] = before[k] = combine<Sum>(before[k], x[r * step + k]);
  }
};
template <bool Sum, class T>
const CumulativeFns<T>& pick(const CumulativeOps<T>& ops) {
  return Sum ? ops.sum : ops.product;
}
template <bool Sum, class T>
auto loops() {
  if constexpr (IsComplex<T>::value)
    return Loops<Sum, T>();
  else if constexpr (std::is_same_v<T, float>)
    return pick<Sum>(pick_cumulative_table()->f32);
  else if constexpr (std::is_same_v<T, double>)
    return pick<Sum>(pick_cumulative_table()->f64);
  else
    return pick<Sum>(pick_cumulative_table()->u64);
}

template <bool Sum, class T>
constexpr T identity() {
  return Sum ? T(0) : T(1);
}

// `start`: what the line goes on from; gives what a line after it would.
template <bool Sum, class T>
T long_line(int64_t n, const T* x, T* y, bool reverse, T start = identity<Sum, T>()) {
  auto fns = loops<Sum, T>();
  int64_t blocks = (n + kBlock - 1) / kBlock;
  auto part = [&](int64_t k, auto&& f) {  // block k in the order of the running sum
    int64_t at = (reverse ? blocks - 1 - k : k) * kBlock;
    f(std::min(kBlock, n - at), x + at, y + at);
  };
  if (num_threads() == 1) {
    for (int64_t k = 0; k < blocks; k++)
      part(k, [&](int64_t m, const T* from, T* to) {
        T total = fns.total(m, from);
        fns.line(m, from, to, start, reverse);
        start = combine<Sum>(start, total);
      });
    return start;
  }
  // Stretch by stretch, so that the totals leave in the cache what is read again.
  const int64_t stretch = std::max<int64_t>(1, kStretchBytes / (kBlock * int64_t(sizeof(T))));
  std::vector<T> before(size_t(std::min(stretch, blocks)));
  for (int64_t first = 0; first < blocks; first += stretch) {
    const int64_t count = std::min(stretch, blocks - first);
    parallel_for(count, 1, [&](int64_t b, int64_t e) {
      for (int64_t k = b; k < e; k++)
        part(first + k, [&](int64_t m, const T* from, T*) { before[size_t(k)] = fns.total(m, from); });
    });
    for (int64_t k = 0; k < count; k++) {
      T total = before[size_t(k)];
      before[size_t(k)] = start;
      start = combine<Sum>(start, total);
    }
    parallel_for(count, 1, [&](int64_t b, int64_t e) {
      for (int64_t k = b; k < e; k++)
        part(first + k, [&](int64_t m, const T* from, T* to) { fns.line(m, from, to, before[size_t(k)], reverse); });
    });
  }
  return start;
}

template <bool Sum, class T>
void lines(const T* x, T* y, int64_t count, int64_t n, bool reverse) {
  if (n >= kLong) {
    for (int64_t i = 0; i < count; i++) long_line<Sum>(n, x + i * n, y + i * n, reverse);
    return;
  }
  auto fns = loops<Sum, T>();
  parallel_for(count, 16 * 1024 / n + 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) fns.line(n, x + i * n, y + i * n, identity<Sum, T>(), reverse);
  });
}

// The axis has a stride: row by row, in strips of columns, as wide as the nearest cache holds the running row of beside
// what is read and written, or narrower where threads would have none.
template <bool Sum, class T>
void columns(const T* x, T* y, const AxisSplit& s, bool reverse) {
  constexpr int64_t line = 64 / int64_t(sizeof(T)), widest = 16 * 1024 / int64_t(sizeof(T)), narrowest = 8 * line;
  const bool far = s.outer * s.n * s.inner * int64_t(sizeof(T)) >= stream_bytes() && x != y;
  auto fns = loops<Sum, T>();
  const int64_t wanted = std::max<int64_t>((s.inner + widest - 1) / widest, num_threads() / s.outer);
  const int64_t strip = std::max(narrowest, ((s.inner + wanted - 1) / wanted + line - 1) / line * line);
  const int64_t strips = (s.inner + strip - 1) / strip;
  parallel_for(s.outer * strips, 16 * 1024 / (std::min(strip, s.inner) * s.n) + 1, [&](int64_t b, int64_t e) {
    Temp keep(size_t(strip) * sizeof(T));
    T* before = keep.ptr<T>();
    for (int64_t u = b; u < e; u++) {
      const int64_t first = u % strips * strip, m = std::min(strip, s.inner - first);
      int64_t at = u / strips * s.n * s.inner + first, by = s.inner;
      if (reverse) at += (s.n - 1) * s.inner, by = -by;
      std::copy(x + at, x + at + m, before);
      std::copy(before, before + m, y + at);
      fns.rows(s.n - 1, m, before, x + at + by, y + at + by, by, far);
    }
    if (far) pick_stream_table()->finish();
  });
}

template <bool Sum, class T>
void scan(const View& x, const View& y, const AxisSplit& s, bool reverse) {
  if (s.inner == 1)
    lines<Sum>(x.ptr<const T>(), y.ptr<T>(), s.outer, s.n, reverse);
  else
    columns<Sum>(x.ptr<const T>(), y.ptr<T>(), s, reverse);
}

View part_of(const View& v, int64_t at, const Shape& shape, const Dims& strides) {
  return View{v.ptr<char>() + at * int64_t(itemsize(v.dtype)), v.dtype, shape, strides};
}

// A row-major array in another shape.
View shaped(const View& v, const Shape& shape) { return View{v.data, v.dtype, shape, contiguous_strides(shape)}; }

// Row-major arrays of 16-bit floats: some lines, columns, or stretches of a long line at a time are computed in single
// precision, so that little memory is needed.
template <bool Sum>
void scan_halves(const View& in, const View& out, const AxisSplit& s, bool reverse) {
  auto copied = [&](int64_t at, const Shape& shape, const Dims& strides, auto&& f) {
    Temp keep;
    View made = temp_view(shape, DType::F32, keep);
    copy_view(made, part_of(in, at, shape, strides));
    f(made.ptr<float>());
    copy_view(part_of(out, at, shape, strides), made);
  };
  if (s.inner == 1 && s.n >= kLong) {
    constexpr int64_t stretch = 4 * kBlock;
    for (int64_t o = 0; o < s.outer; o++) {
      float start = identity<Sum, float>();
      for (int64_t done = 0, m; done < s.n; done += m) {
        m = std::min(stretch, s.n - done);
        const int64_t at = o * s.n + (reverse ? s.n - done - m : done);
        copied(at, Shape{m}, Dims{1}, [&](float* x) { start = long_line<Sum>(m, x, x, reverse, start); });
      }
    }
    return;
  }
  const bool wide = s.inner > 1 && s.n * 512 <= in.numel();  // so that 16 columns are few
  const int64_t few = std::max<int64_t>(copied_at_once(in.numel()) / s.n, wide ? 16 : 1);
  const int64_t all = s.inner == 1 ? s.outer : s.inner, groups = (all + few - 1) / few;
  parallel_for(s.inner == 1 ? groups : s.outer * groups, 1, [&](int64_t b, int64_t e) {
    for (int64_t u = b; u < e; u++) {
      const int64_t first = u % groups * few, m = std::min(few, all - first);
      if (s.inner == 1)
        copied(first * s.n, Shape{m, s.n}, Dims{s.n, 1}, [&](float* x) { lines<Sum>(x, x, m, s.n, reverse); });
      else
        copied(u / groups * s.n * s.inner + first, Shape{s.n, m}, Dims{s.inner, 1},
               [&](float* x) { columns<Sum>(x, x, AxisSplit(Shape{s.n, m}, 0), reverse); });
    }
  });
}

template <bool Sum>
void cumulative(const KernelCall& c) {
  const View &in = c.in[0], &out = c.out[0];
  if (in.numel() == 0) return;
  const Attr* axis = find_attr(c, "axis");
  bool all = !axis || axis->none(), reverse = int_attr(c, "reverse", 0) != 0;
  DType type = is_complex(out.dtype)     ? out.dtype
               : out.dtype == DType::F64 ? DType::F64
               : is_float(out.dtype)     ? DType::F32
                                         : DType::U64;  // wraps as the signed ones do
  AxisSplit s(in.shape, all ? 0 : normalize_axis(axis->i, in.shape.n, c.op->name.c_str()));
  if (all) s.outer = s.inner = 1, s.n = in.numel();
  bool same = type == DType::U64 ? out.dtype == DType::U64 || out.dtype == DType::I64 : out.dtype == type;
  bool direct = same && is_contiguous(out.shape, out.strides);
  const bool tidy = is_contiguous(in.shape, in.strides);
  if (type == DType::F32 && in.dtype == out.dtype && !same && is_contiguous(out.shape, out.strides)) {
    if (!tidy) copy_view(shaped(out, in.shape), in);
    return scan_halves<Sum>(tidy ? in : out, out, s, reverse);
  }
  Temp keep_y;
  View y = direct ? out : temp_view(out.shape, type, keep_y), x = in;
  if (!tidy || in.dtype != out.dtype || !direct) {
    View whole = shaped(y, in.shape);
    if (type == DType::U64) whole.dtype = out.dtype;
    copy_view(whole, in);
    x = y;
  }
  y.dtype = type;
  if (type == DType::F32)
    scan<Sum, float>(x, y, s, reverse);
  else if (type == DType::F64)
    scan<Sum, double>(x, y, s, reverse);
  else if (type == DType::C64)
    scan<Sum, std::complex<float>>(x, y, s, reverse);
  else if (type == DType::C128)
    scan<Sum, std::complex<double>>(x, y, s, reverse);
  else
    scan<Sum, uint64_t>(x, y, s, reverse);
  if (!direct) copy_view(out, y);
}

DL_KERNEL("cumsum", cumulative<true>);
DL_KERNEL("cumprod", cumulative<false>);

}  // namespace
}  // namespace dl
