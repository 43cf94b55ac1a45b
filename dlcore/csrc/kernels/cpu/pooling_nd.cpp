// Pooling over one and three axes, and sums over windows of one to three: plain loops over row-major planes, computed
// in float32 (float64 for float64 arrays). Two-dimensional maxima and means have vector code in pooling.cpp.
#include <algorithm>

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

// f(plane, box, output position) for every window of every plane, planes in parallel.
template <class F>
void for_boxes(const Volume& v, F&& f) {
  int64_t work = std::max<int64_t>(1, v.out_plane() * v.kernel[0] * v.kernel[1] * v.kernel[2]);
  parallel_for(v.planes, std::max<int64_t>(1, (1 << 14) / work), [&](int64_t begin, int64_t end) {
    Box box;
    for (int64_t p = begin; p < end; p++) {
      int64_t o = p * v.out_plane();
      for (int64_t a = 0; a < v.out[0]; a++) {
        double depth = span(v, 0, a, box);
        for (int64_t b = 0; b < v.out[1]; b++) {
          double area = depth * span(v, 1, b, box);
          for (int64_t d = 0; d < v.out[2]; d++, o++) {
            box.padded = area * span(v, 2, d, box);
            f(p * v.in_plane(), box, o);
          }
        }
      }
    }
  });
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
    for_boxes(v, [&](int64_t plane, const Box& box, int64_t o) { y[o] = x[plane + largest(v, box, x + plane)]; });
  });
}
template <int nd>
void max_pool_grad(const KernelCall& c) {  // (g, x)
  Volume v = volume(c, nd, kMax, c.in[1].shape);
  check_g(c, c.in[0].shape, v.y);
  with_rows(c, [&](auto* g, auto* x, auto* gx) {
    std::fill(gx, gx + v.planes * v.in_plane(), 0);
    for_boxes(v, [&](int64_t plane, const Box& box, int64_t o) { gx[plane + largest(v, box, x + plane)] += g[o]; });
  });
}
template <int nd>
void max_pool_pick(const KernelCall& c) {  // (g, x), both of x's shape
  Volume v = volume(c, nd, kMax, c.in[1].shape);
  check_g(c, c.in[0].shape, v.x);
  with_rows(c, [&](auto* g, auto* x, auto* y) {
    for_boxes(v, [&](int64_t plane, const Box& box, int64_t o) { y[o] = g[plane + largest(v, box, x + plane)]; });
  });
}

template <int nd, Kind kind>
void mean_pool(const KernelCall& c) {
  Volume v = volume(c, nd, kind, c.in[0].shape);
  with_rows(c, [&](auto* x, auto*, auto* y) {
    using T = std::remove_reference_t<decltype(*y)>;
    for_boxes(v, [&](int64_t plane, const Box& box, int64_t o) {
      T sum = 0;
      for_places(v, box, [&](int64_t i) { sum += x[plane + i]; });
      y[o] = T(sum / T(box.divisor(v)));
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
    for_boxes(v, [&](int64_t plane, const Box& box, int64_t o) {
      T share = T(g[o] / T(box.divisor(v)));
      for_places(v, box, [&](int64_t i) { gx[plane + i] += share; });
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

}  // namespace
}  // namespace dl
