// Two-dimensional pooling. The layout of x is kept: channels-last images are walked here, a window at a time for all
// channels (vector code in isa/pooling.cpp), other layouts in pooling_nd.cpp. Half precision is computed in float32.
#include <algorithm>
#include <vector>

#include "kernels/cpu/conv.h"
#include "kernels/cpu/isa/pooling.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/pooling.h"

namespace dl {
namespace {

struct PoolShape {
  int64_t n, c, h, w, oh, ow;
  int64_t kernel[2], stride[2], pad[2];
  bool count_pad;
  Shape x_shape() const { return Shape{n, c, h, w}; }
  Shape y_shape() const { return Shape{n, c, oh, ow}; }
  // No input pixel lies in two windows, and every one lies in a window: gradients can be written without adding.
  bool tiles() const {
    return stride[0] == kernel[0] && stride[1] == kernel[1] && pad[0] == 0 && pad[1] == 0 && h == oh * kernel[0] &&
           w == ow * kernel[1];
  }
};

template <class Call>
PoolShape pool_shape(const Call& c, const Shape& x) {
  const std::string& op = c.op->name;
  if (x.n != 4) throw ValueError(op + ": expected x of 4 dimensions (N, C, H, W), got shape " + to_string(x));
  PoolShape s{};
  s.n = x[0], s.c = x[1], s.h = x[2], s.w = x[3];
  PoolAttrs a = pool_attrs(c, 2);
  s.count_pad = a.count_pad;
  for (int i = 0; i < 2; i++) s.kernel[i] = a.kernel[i], s.stride[i] = a.stride[i], s.pad[i] = a.pad[i];
  s.oh = pool_count(op, x, 0, a);
  s.ow = pool_count(op, x, 1, a);
  return s;
}

template <class T>
const PoolRows<T>& rows() {
  if constexpr (std::is_same_v<T, float>)
    return pick_pool_table()->f32;
  else
    return pick_pool_table()->f64;
}

// The part of window (oy, ox) that lies inside the image.
struct Window {
  int64_t y0, y1, x0, x1, padded;  // padded: its size with the padding it covers
  Window(const PoolShape& s, int64_t oy, int64_t ox) {
    int64_t y = oy * s.stride[0] - s.pad[0], x = ox * s.stride[1] - s.pad[1];
    padded = std::min(s.kernel[0], s.h + s.pad[0] - y) * std::min(s.kernel[1], s.w + s.pad[1] - x);
    y0 = std::max<int64_t>(y, 0), y1 = std::min(y + s.kernel[0], s.h);
    x0 = std::max<int64_t>(x, 0), x1 = std::min(x + s.kernel[1], s.w);
  }
  int64_t size() const { return std::max<int64_t>(0, y1 - y0) * std::max<int64_t>(0, x1 - x0); }
};

double divisor(const PoolShape& s, const Window& w) {
  return s.count_pad ? double(w.padded) : double(std::max<int64_t>(1, w.size()));
}

// ---- channels-last ----

// Calls f(window, first pixel of the image, output pixel). Images are independent, so they are what threads share; a
// single image is shared by rows of the output where windows write to outputs only (`by_row`).
template <class F>
void for_windows(const PoolShape& s, bool by_row, F&& f) {
  int64_t work = s.oh * s.ow * s.c * s.kernel[0] * s.kernel[1];
  int64_t items = by_row ? s.n * s.oh : s.n, each = std::max<int64_t>(1, by_row ? work / s.oh : work);
  parallel_for(items, std::max<int64_t>(1, (1 << 15) / each), [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      int64_t n = by_row ? i / s.oh : i, first = by_row ? i % s.oh : 0, last = by_row ? first + 1 : s.oh;
      for (int64_t oy = first; oy < last; oy++)
        for (int64_t ox = 0; ox < s.ow; ox++) f(Window(s, oy, ox), n * s.h * s.w, (n * s.oh + oy) * s.ow + ox);
    }
  });
}

// Pointers to the pixels of a window in an image that starts at `base`.
template <class T>
int64_t pixels(const PoolShape& s, const Window& w, T* base, std::vector<T*>& out) {
  size_t k = 0;
  for (int64_t y = w.y0; y < w.y1; y++)
    for (int64_t x = w.x0; x < w.x1; x++) out[k++] = base + (y * s.w + x) * s.c;
  return int64_t(k);
}
template <class T>
std::vector<T*>& pointer_list(const PoolShape& s) {
  static thread_local std::vector<T*> list;
  list.resize(size_t(s.kernel[0] * s.kernel[1]));
  return list;
}

template <class T>
struct LastMax {
  static void forward(const PoolShape& s, const T* x, T* y) {
    for_windows(s, true, [&](const Window& w, int64_t image, int64_t o) {
      auto& src = pointer_list<const T>(s);
      int64_t n = pixels(s, w, x + image * s.c, src);
      rows<T>().max(src.data(), n, s.c, y + o * s.c);
    });
  }
  static void pick(const PoolShape& s, const T* g, const T* x, T* y) {
    for_windows(s, true, [&](const Window& w, int64_t image, int64_t o) {
      auto& src = pointer_list<const T>(s);
      std::vector<const T*> values(src.size());
      int64_t n = pixels(s, w, x + image * s.c, src);
      pixels(s, w, g + image * s.c, values);
      rows<T>().max_pick(src.data(), n, s.c, values.data(), y + o * s.c);
    });
  }
  static void backward(const PoolShape& s, const T* g, const T* x, T* gx, bool add) {
    for_windows(s, false, [&](const Window& w, int64_t image, int64_t o) {
      auto& src = pointer_list<const T>(s);
      auto& dst = pointer_list<T>(s);
      int64_t n = pixels(s, w, x + image * s.c, src);
      pixels(s, w, gx + image * s.c, dst);
      rows<T>().max_grad(src.data(), n, s.c, g + o * s.c, dst.data(), add);
    });
  }
};

template <class T>
struct LastAvg {
  static void forward(const PoolShape& s, const T* x, T* y) {
    for_windows(s, true, [&](const Window& w, int64_t image, int64_t o) {
      auto& src = pointer_list<const T>(s);
      int64_t n = pixels(s, w, x + image * s.c, src);
      rows<T>().avg(src.data(), n, s.c, T(1 / divisor(s, w)), y + o * s.c);
    });
  }
  static void backward(const PoolShape& s, const T* g, T* gx, bool add) {
    for_windows(s, false, [&](const Window& w, int64_t image, int64_t o) {
      auto& dst = pointer_list<T>(s);
      int64_t n = pixels(s, w, gx + image * s.c, dst);
      rows<T>().avg_grad(g + o * s.c, n, s.c, T(1 / divisor(s, w)), dst.data(), add);
    });
  }
};

// ---- kernels ----

bool by_channels(const View& x) { return x.shape[1] >= 4 && is_channels_last(x.shape, x.strides); }

// All arrays of one call with channels last and in one dtype (float32 or float64), and the result copied back if it is
// not there.
struct PoolArrays {
  DType type;
  Temp keep[4];
  int used = 0;

  explicit PoolArrays(DType t) : type(compute_type(t)) {}
  bool fits(const View& v) const { return v.dtype == type && is_channels_last(v.shape, v.strides); }
  View input(const View& v) {
    if (fits(v)) return v;
    View r = temp_view(v.shape, channels_last_strides(v.shape), type, keep[used++]);
    copy_view(r, v);
    return r;
  }
  View output(const View& v) {
    return fits(v) ? v : temp_view(v.shape, channels_last_strides(v.shape), type, keep[used++]);
  }
};

void finish(const View& out, const View& made) {
  if (out.data != made.data) copy_view(out, made);
}

void check_shape(const KernelCall& c, const char* name, const Shape& got, const Shape& want) {
  if (got != want)
    throw ValueError(c.op->name + ": expected " + name + " " + to_string(want) + ", got " + to_string(got));
}

void max_pool2d(const KernelCall& c) {
  PoolShape s = pool_shape(c, c.in[0].shape);
  if (c.out[0].numel() == 0) return;
  if (!by_channels(c.in[0])) return max_pool_planes(c);
  PoolArrays arrays(c.out[0].dtype);
  View x = arrays.input(c.in[0]), y = arrays.output(c.out[0]);
  with_compute_type(arrays.type, [&](auto zero) {
    using T = decltype(zero);
    LastMax<T>::forward(s, x.ptr<const T>(), y.ptr<T>());
  });
  finish(c.out[0], y);
}
DL_KERNEL("max_pool2d", max_pool2d);

void max_pool2d_grad(const KernelCall& c) {
  PoolShape s = pool_shape(c, c.in[1].shape);
  check_shape(c, "g", c.in[0].shape, s.y_shape());
  if (c.out[0].numel() == 0) return;
  if (!by_channels(c.in[1])) return max_pool_planes_grad(c);
  PoolArrays arrays(c.out[0].dtype);
  View g = arrays.input(c.in[0]), x = arrays.input(c.in[1]), gx = arrays.output(c.out[0]);
  bool add = !s.tiles();
  if (add) fill_zero(gx);
  with_compute_type(arrays.type, [&](auto zero) {
    using T = decltype(zero);
    LastMax<T>::backward(s, g.ptr<const T>(), x.ptr<const T>(), gx.ptr<T>(), add);
  });
  finish(c.out[0], gx);
}
DL_KERNEL("max_pool2d_grad", max_pool2d_grad);

// Inputs (g, x), both of x's shape: for every window the number of g where x has its maximum.
void max_pool2d_pick(const KernelCall& c) {
  PoolShape s = pool_shape(c, c.in[1].shape);
  check_shape(c, "g", c.in[0].shape, s.x_shape());
  if (c.out[0].numel() == 0) return;
  if (!by_channels(c.in[1])) return max_pool_planes_pick(c);
  PoolArrays arrays(c.out[0].dtype);
  View g = arrays.input(c.in[0]), x = arrays.input(c.in[1]), y = arrays.output(c.out[0]);
  with_compute_type(arrays.type, [&](auto zero) {
    using T = decltype(zero);
    LastMax<T>::pick(s, g.ptr<const T>(), x.ptr<const T>(), y.ptr<T>());
  });
  finish(c.out[0], y);
}
DL_KERNEL("max_pool2d_pick", max_pool2d_pick);

void avg_pool2d(const KernelCall& c) {
  PoolShape s = pool_shape(c, c.in[0].shape);
  if (c.out[0].numel() == 0) return;
  if (!by_channels(c.in[0])) return avg_pool_planes(c);
  PoolArrays arrays(c.out[0].dtype);
  View x = arrays.input(c.in[0]), y = arrays.output(c.out[0]);
  with_compute_type(arrays.type, [&](auto zero) {
    using T = decltype(zero);
    LastAvg<T>::forward(s, x.ptr<const T>(), y.ptr<T>());
  });
  finish(c.out[0], y);
}
DL_KERNEL("avg_pool2d", avg_pool2d);

void avg_pool2d_grad(const KernelCall& c) {
  PoolShape s = pool_shape(c, c.out[0].shape);
  check_shape(c, "g", c.in[0].shape, s.y_shape());
  if (c.out[0].numel() == 0) return;
  if (!by_channels(c.out[0])) return avg_pool_planes_grad(c);
  PoolArrays arrays(c.out[0].dtype);
  View g = arrays.input(c.in[0]), gx = arrays.output(c.out[0]);
  bool add = !s.tiles();
  if (add) fill_zero(gx);
  with_compute_type(arrays.type, [&](auto zero) {
    using T = decltype(zero);
    LastAvg<T>::backward(s, g.ptr<const T>(), gx.ptr<T>(), add);
  });
  finish(c.out[0], gx);
}
DL_KERNEL("avg_pool2d_grad", avg_pool2d_grad);

DL_INFER("pool2d", [](InferCall& c) {
  const Meta& x = c.in[c.nin - 1];
  PoolShape s = pool_shape(c, x.shape);
  if (!is_float(c.out[0].dtype))
    throw TypeError(c.op->name + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = s.y_shape();
  bool last = is_channels_last(x.shape, x.strides) && !is_contiguous(x.shape, x.strides);
  c.out[0].strides = last ? channels_last_strides(s.y_shape()) : contiguous_strides(s.y_shape());
});

}  // namespace
}  // namespace dl
