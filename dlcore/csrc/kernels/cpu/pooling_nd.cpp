// Pooling of row-major planes over one to three axes, computed in float32 (float64 for float64 arrays). Windows of a
// line that lie inside the input go together (vector code in isa/pooling.cpp), those at its edges one by one.
#include <algorithm>
#include <vector>

#include "kernels/cpu/isa/pooling.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/pooling.h"

namespace dl {
namespace {

enum Kind { kMax, kAvg, kSum };

// Fewer axes are seen as three, the missing ones in front with length 1.
struct Volume {
  int nd;
  Kind kind;
  bool count_pad;
  int64_t planes, in[3], out[3], kernel[3], stride[3], pad[3];
  int64_t in_plane() const { return in[0] * in[1] * in[2]; }
  int64_t out_plane() const { return out[0] * out[1] * out[2]; }
  Shape x, y;
};

template <class Call>
Volume volume(const Call& c, int nd, Kind kind, const Shape& x) {
  const std::string& op = c.op->name;
  if (x.n != nd + 2)
    throw ValueError(op + ": expected x of " + std::to_string(nd + 2) + " dimensions (N, C, ...), got shape " +
                     to_string(x));
  PoolAttrs a = pool_attrs(c, nd);
  Volume v{};
  v.nd = nd, v.kind = kind, v.count_pad = a.count_pad, v.planes = x[0] * x[1];
  for (int i = 0; i < 3; i++) v.in[i] = v.out[i] = v.kernel[i] = v.stride[i] = 1;
  v.x = x;
  v.y = Shape{x[0], x[1]};
  for (int i = 0; i < nd; i++) {
    int k = 3 - nd + i;
    v.in[k] = x[2 + i], v.kernel[k] = a.kernel[i], v.stride[k] = a.stride[i], v.pad[k] = a.pad[i];
    v.out[k] = pool_count(op, x, i, a);
    v.y.push(v.out[k]);
  }
  return v;
}

// The part of a window that lies inside the input.
struct Box {
  int64_t lo[3], hi[3];
  double padded;  // its size with the padding it covers
  double size() const { return double(hi[0] - lo[0]) * double(hi[1] - lo[1]) * double(hi[2] - lo[2]); }
  double divisor(const Volume& v) const { return v.kind == kSum ? 1 : v.count_pad ? padded : std::max(1.0, size()); }
};

// Window `at` along axis i: where it begins and ends inside the input; returns its length with padding.
inline double span(const Volume& v, int i, int64_t at, Box& box) {
  int64_t first = at * v.stride[i] - v.pad[i], last = std::min(first + v.kernel[i], v.in[i] + v.pad[i]);
  box.lo[i] = std::max<int64_t>(first, 0);
  box.hi[i] = std::max(box.lo[i], std::min(last, v.in[i]));
  return double(last - first);
}

constexpr int64_t kWindows = 256;  // at most so many windows of a line at a time

// Windows of one line that lie inside the input along it: the first one, how many there are, and the offsets of a
// window's places from its begin.
struct Line {
  int64_t begin, n, stride;
  std::vector<int64_t> places;
  void collect(const Volume& v, const Box& box) {
    places.clear();
    for (int64_t a = box.lo[0]; a < box.hi[0]; a++)
      for (int64_t b = box.lo[1]; b < box.hi[1]; b++)
        for (int64_t d = 0; d < v.kernel[2]; d++) places.push_back((a * v.in[1] + b) * v.in[2] + d);
  }
};

// one(plane, box, output position) for each window at an edge of a line, line(plane, line, box, first output position)
// for the others of every line of windows, a run at a time. Planes are shared by threads.
template <class One, class Many>
void for_lines(const Volume& v, One&& one, Many&& line) {
  int64_t work = std::max<int64_t>(1, v.out_plane() * v.kernel[0] * v.kernel[1] * v.kernel[2]);
  int64_t first = std::min((v.pad[2] + v.stride[2] - 1) / v.stride[2], v.out[2]),
          room = v.in[2] + v.pad[2] - v.kernel[2];
  int64_t last = std::max(first, std::min(v.out[2], room < 0 ? 0 : room / v.stride[2] + 1));
  parallel_for(v.planes, std::max<int64_t>(1, (1 << 14) / work), [&](int64_t begin, int64_t end) {
    Box box;
    Line windows;
    windows.stride = v.stride[2];
    for (int64_t p = begin; p < end; p++) {
      int64_t o = p * v.out_plane(), plane = p * v.in_plane();
      for (int64_t a = 0; a < v.out[0]; a++) {
        double depth = span(v, 0, a, box);
        for (int64_t b = 0; b < v.out[1]; b++, o += v.out[2]) {
          double area = depth * span(v, 1, b, box);
          for (int64_t d = 0; d < v.out[2]; d++) {
            if (d == first) d = last;
            if (d == v.out[2]) break;
            box.padded = area * span(v, 2, d, box);
            one(plane, box, o + d);
          }
          if (first == last) continue;
          windows.collect(v, box);
          box.padded = area * span(v, 2, first, box);
          for (int64_t d = first; d < last; d += kWindows) {
            windows.begin = d * v.stride[2] - v.pad[2], windows.n = std::min(kWindows, last - d);
            line(plane, windows, box, o + d);
          }
        }
      }
    }
  });
}

template <class T>
const auto& isa() {
  if constexpr (std::is_same_v<T, float>)
    return pick_pool_table()->lines_f32;
  else
    return pick_pool_table()->lines_f64;
}
template <class T>
using IndexOf = std::conditional_t<std::is_same_v<T, float>, int32_t, int64_t>;

// f(window, place of the plane) with the first largest number of each window of a line that begins at x.
template <class T, class F>
void for_largest(const Line& line, const T* x, F&& f) {
  IndexOf<T> k[kWindows];
  isa<T>().first(x, line.places.data(), int64_t(line.places.size()), line.stride, line.n, k);
  for (int64_t i = 0; i < line.n; i++) f(i, line.begin + line.places[size_t(k[i])] + i * line.stride);
}

// f(position in the plane) for every place of a box.
template <class F>
void for_places(const Volume& v, const Box& box, F&& f) {
  for (int64_t a = box.lo[0]; a < box.hi[0]; a++)
    for (int64_t b = box.lo[1]; b < box.hi[1]; b++)
      for (int64_t d = box.lo[2]; d < box.hi[2]; d++) f((a * v.in[1] + b) * v.in[2] + d);
}

// The first largest number of a box; a NaN counts as larger than all.
template <class T>
int64_t largest(const Volume& v, const Box& box, const T* x) {
  int64_t best = (box.lo[0] * v.in[1] + box.lo[1]) * v.in[2] + box.lo[2];
  T top = x[best];
  for (int64_t a = box.lo[0]; a < box.hi[0]; a++)
    for (int64_t b = box.lo[1]; b < box.hi[1]; b++) {
      int64_t line = (a * v.in[1] + b) * v.in[2];
      for (int64_t i = line + box.lo[2]; i < line + box.hi[2]; i++)
        if (!(x[i] <= top) && top == top) best = i, top = x[i];
    }
  return best;
}

// ---- kernels: f(T zero, inputs as row-major pointers, output pointer) ----

template <class F>
void with_rows(const KernelCall& c, F&& f) {
  DType t = compute_type(c.out[0].dtype);
  Temp ka, kb, ko;
  View a = as_contiguous(c.in[0], t, ka), b = c.nin > 1 ? as_contiguous(c.in[1], t, kb) : View{};
  bool direct = c.out[0].dtype == t && is_contiguous(c.out[0].shape, c.out[0].strides);
  View out = direct ? c.out[0] : temp_view(c.out[0].shape, t, ko);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    f(a.ptr<const T>(), b.ptr<const T>(), out.ptr<T>());
  });
  if (!direct) copy_view(c.out[0], out);
}

void check_g(const KernelCall& c, const Shape& got, const Shape& want) {
  if (got != want) throw ValueError(c.op->name + ": expected g " + to_string(want) + ", got " + to_string(got));
}

template <int nd>
void max_pool(const KernelCall& c) {
  Volume v = volume(c, nd, kMax, c.in[0].shape);
  with_rows(c, [&](auto* x, auto*, auto* y) {
    using T = std::remove_reference_t<decltype(*y)>;
    for_lines(
        v, [&](int64_t plane, const Box& box, int64_t o) { y[o] = x[plane + largest(v, box, x + plane)]; },
        [&](int64_t plane, const Line& line, const Box&, int64_t o) {
          isa<T>().max(x + plane + line.begin, line.places.data(), int64_t(line.places.size()), line.stride, line.n,
                       y + o);
        });
  });
}
template <int nd>
void max_pool_grad(const KernelCall& c) {  // (g, x)
  Volume v = volume(c, nd, kMax, c.in[1].shape);
  check_g(c, c.in[0].shape, v.y);
  with_rows(c, [&](auto* g, auto* x, auto* gx) {
    std::fill(gx, gx + v.planes * v.in_plane(), 0);
    for_lines(
        v, [&](int64_t plane, const Box& box, int64_t o) { gx[plane + largest(v, box, x + plane)] += g[o]; },
        [&](int64_t plane, const Line& line, const Box&, int64_t o) {
          for_largest(line, x + plane + line.begin, [&](int64_t i, int64_t at) { gx[plane + at] += g[o + i]; });
        });
  });
}
template <int nd>
void max_pool_pick(const KernelCall& c) {  // (g, x), both of x's shape
  Volume v = volume(c, nd, kMax, c.in[1].shape);
  check_g(c, c.in[0].shape, v.x);
  with_rows(c, [&](auto* g, auto* x, auto* y) {
    for_lines(
        v, [&](int64_t plane, const Box& box, int64_t o) { y[o] = g[plane + largest(v, box, x + plane)]; },
        [&](int64_t plane, const Line& line, const Box&, int64_t o) {
          for_largest(line, x + plane + line.begin, [&](int64_t i, int64_t at) { y[o + i] = g[plane + at]; });
        });
  });
}

template <int nd, Kind kind>
void mean_pool(const KernelCall& c) {
  Volume v = volume(c, nd, kind, c.in[0].shape);
  with_rows(c, [&](auto* x, auto*, auto* y) {
    using T = std::remove_reference_t<decltype(*y)>;
    for_lines(
        v,
        [&](int64_t plane, const Box& box, int64_t o) {
          T sum = 0;
          for_places(v, box, [&](int64_t i) { sum += x[plane + i]; });
          y[o] = T(sum / T(box.divisor(v)));
        },
        [&](int64_t plane, const Line& line, const Box& box, int64_t o) {
          isa<T>().sum(x + plane + line.begin, line.places.data(), int64_t(line.places.size()), line.stride, line.n,
                       y + o);
          T divisor = T(box.divisor(v));
          for (int64_t i = 0; i < line.n; i++) y[o + i] /= divisor;
        });
  });
}
template <int nd, Kind kind>
void mean_pool_grad(const KernelCall& c) {  // (g, x: like)
  Volume v = volume(c, nd, kind, c.out[0].shape);
  check_g(c, c.in[0].shape, v.y);
  KernelCall alone = c;
  alone.nin = 1;
  with_rows(alone, [&](auto* g, auto*, auto* gx) {
    using T = std::remove_reference_t<decltype(*gx)>;
    std::fill(gx, gx + v.planes * v.in_plane(), T(0));
    for_lines(
        v,
        [&](int64_t plane, const Box& box, int64_t o) {
          T share = T(g[o] / T(box.divisor(v)));
          for_places(v, box, [&](int64_t i) { gx[plane + i] += share; });
        },
        [&](int64_t plane, const Line& line, const Box& box, int64_t o) {
          T share[kWindows], divisor = T(box.divisor(v));
          for (int64_t i = 0; i < line.n; i++) share[i] = T(g[o + i] / divisor);
          isa<T>().spread(share, line.places.data(), int64_t(line.places.size()), line.stride, line.n,
                          gx + plane + line.begin);
        });
  });
}

DL_KERNEL("max_pool1d", max_pool<1>);
DL_KERNEL("max_pool3d", max_pool<3>);
DL_KERNEL("max_pool1d_grad", max_pool_grad<1>);
DL_KERNEL("max_pool3d_grad", max_pool_grad<3>);
DL_KERNEL("max_pool1d_pick", max_pool_pick<1>);
DL_KERNEL("max_pool3d_pick", max_pool_pick<3>);
DL_KERNEL("avg_pool1d", mean_pool<1, kAvg>);
DL_KERNEL("avg_pool3d", mean_pool<3, kAvg>);
DL_KERNEL("avg_pool1d_grad", mean_pool_grad<1, kAvg>);
DL_KERNEL("avg_pool3d_grad", mean_pool_grad<3, kAvg>);
DL_KERNEL("sum_pool1d", mean_pool<1, kSum>);
DL_KERNEL("sum_pool2d", mean_pool<2, kSum>);
DL_KERNEL("sum_pool3d", mean_pool<3, kSum>);
DL_KERNEL("sum_pool1d_grad", mean_pool_grad<1, kSum>);
DL_KERNEL("sum_pool2d_grad", mean_pool_grad<2, kSum>);
DL_KERNEL("sum_pool3d_grad", mean_pool_grad<3, kSum>);

template <int nd>
void infer(InferCall& c) {
  Volume v = volume(c, nd, kAvg, c.in[c.nin - 1].shape);
  if (!is_float(c.out[0].dtype))
    throw TypeError(c.op->name + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = v.y;
  c.out[0].strides = contiguous_strides(v.y);
}
DL_INFER("pool1d", infer<1>);
DL_INFER("sum_pool2d", infer<2>);
DL_INFER("pool3d", infer<3>);
DL_INFER("check_order", [](InferCall& c) {  // below 1 it is no norm, and at 0 no number
  int64_t p = c.attr("p").i;
  if (p < 1) throw ValueError(c.op->name + ": p, the order of the norm, must be at least 1, got " + std::to_string(p));
});

}  // namespace

void max_pool_planes(const KernelCall& c) { max_pool<2>(c); }
void max_pool_planes_grad(const KernelCall& c) { max_pool_grad<2>(c); }
void max_pool_planes_pick(const KernelCall& c) { max_pool_pick<2>(c); }
void avg_pool_planes(const KernelCall& c) { mean_pool<2, kAvg>(c); }
void avg_pool_planes_grad(const KernelCall& c) { mean_pool_grad<2, kAvg>(c); }

}  // namespace dl
