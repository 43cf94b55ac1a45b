// Regions of an image brought to one size: the mean of samples between pixels (RoIAlign), or the largest pixel of each
// cell. A region is (image, x1, y1, x2, y2); one with a negative image gives zeros. Regions get no gradient.
#include <algorithm>
#include <cmath>

#include "kernels/cpu/lines.h"
#include "kernels/cpu/spatial.h"

namespace dl {
namespace {

struct Regions {
  int64_t n, c, h, w, count, ph, pw, samples;
  double scale;
  bool aligned;
  int64_t plane() const { return h * w; }
};

constexpr int64_t kMostSamples = 1024;

template <class Call>
Regions regions(const Call& c, const Shape& x, const Shape& rois) {
  const std::string& op = c.op->name;
  if (x.n != 4 || rois.n != 2 || rois[1] != 5)
    throw ValueError(op + ": expected x (N, C, H, W) and rois (R, 5), got " + to_string(x) + " and " + to_string(rois));
  int64_t size[3];
  spatial_attr(c, "size", 2, 1, size);
  if (x[2] < 1 || x[3] < 1) throw ValueError(op + ": expected an image with pixels, got x " + to_string(x));
  int64_t samples = int_attr(c, "samples", -1);
  if (samples > kMostSamples)
    throw ValueError(format("%s: samples must be at most %lld in each direction, got %lld", op.c_str(),
                            (long long)kMostSamples, (long long)samples));
  return {x[0],
          x[1],
          x[2],
          x[3],
          rois[0],
          size[0],
          size[1],
          samples,
          float_attr(c, "scale", 1),
          int_attr(c, "aligned", 0) != 0};
}

// The image of region r, or -1; an image that is not there is an IndexError.
template <class T>
int64_t image_of(const KernelCall& c, const Regions& s, const T* rois, int64_t r) {
  double n = double(rois[5 * r]);
  if (!(n < double(s.n)))
    throw IndexError(
        format("%s: region %lld names image %g of %lld", c.op->name.c_str(), (long long)r, n, (long long)s.n));
  return n < 0 ? -1 : int64_t(n);
}

// f(cell, pixel, weight) for everything that the cells of one region are made of.
template <class T, class F>
void align(const Regions& s, const T* roi, F&& f) {
  double shift = s.aligned ? 0.5 : 0;
  double x1 = double(roi[1]) * s.scale - shift, y1 = double(roi[2]) * s.scale - shift;
  double width = double(roi[3]) * s.scale - shift - x1, height = double(roi[4]) * s.scale - shift - y1;
  if (!s.aligned) width = std::max(width, 1.0), height = std::max(height, 1.0);
  double bw = width / double(s.pw), bh = height / double(s.ph);
  auto count = [&](double cell) -> int64_t {
    if (s.samples > 0) return s.samples;
    return cell > 0 && std::isfinite(cell) ? int64_t(std::ceil(std::min(cell, double(kMostSamples)))) : 0;
  };
  int64_t nx = count(bw), ny = count(bh);
  double share = 1.0 / double(std::max<int64_t>(1, nx * ny));
  for (int64_t cell = 0; cell < s.ph * s.pw; cell++)
    for (int64_t iy = 0; iy < ny; iy++) {
      double line = y1 + bh * (double(cell / s.pw) + (double(iy) + 0.5) / double(ny));
      if (!(line >= -1 && line <= double(s.h))) continue;  // of a huge region nearly all points lie outside
      double y = std::min(std::max(line, 0.0), double(s.h - 1));
      for (int64_t ix = 0; ix < nx; ix++) {
        double x = x1 + bw * (double(cell % s.pw) + (double(ix) + 0.5) / double(nx));
        if (!(x >= -1 && x <= double(s.w))) continue;
        x = std::min(std::max(x, 0.0), double(s.w - 1));
        int64_t top = int64_t(y), left = int64_t(x);
        double ty = y - double(top), tx = x - double(left);
        int64_t low = std::min(top + 1, s.h - 1), right = std::min(left + 1, s.w - 1);
        f(cell, top * s.w + left, share * (1 - ty) * (1 - tx));
        f(cell, top * s.w + right, share * (1 - ty) * tx);
        f(cell, low * s.w + left, share * ty * (1 - tx));
        f(cell, low * s.w + right, share * ty * tx);
      }
    }
}

// f(cell, pixel) with the first largest pixel of each cell of one region; cells without pixels are left out.
template <class T, class F>
void largest(const Regions& s, const T* roi, const T* x, F&& f) {
  auto bound = [](double v) { return v >= -1e9 ? int64_t(std::min(v, 1e9)) : int64_t(-1e9); };  // NaN too
  int64_t x1 = bound(std::round(double(roi[1]) * s.scale)), y1 = bound(std::round(double(roi[2]) * s.scale));
  int64_t x2 = bound(std::round(double(roi[3]) * s.scale)), y2 = bound(std::round(double(roi[4]) * s.scale));
  double bw = double(std::max<int64_t>(x2 - x1 + 1, 1)) / double(s.pw);
  double bh = double(std::max<int64_t>(y2 - y1 + 1, 1)) / double(s.ph);
  auto clip = [](int64_t v, int64_t n) { return std::min(std::max<int64_t>(v, 0), n); };
  for (int64_t cell = 0; cell < s.ph * s.pw; cell++) {
    double py = double(cell / s.pw), px = double(cell % s.pw);
    int64_t top = clip(y1 + int64_t(std::floor(py * bh)), s.h), low = clip(y1 + int64_t(std::ceil((py + 1) * bh)), s.h);
    int64_t left = clip(x1 + int64_t(std::floor(px * bw)), s.w);
    int64_t right = clip(x1 + int64_t(std::ceil((px + 1) * bw)), s.w);
    int64_t best = -1;
    for (int64_t y = top; y < low; y++)
      for (int64_t k = y * s.w + left; k < y * s.w + right; k++)
        if (best < 0 || x[k] > x[best]) best = k;
    if (best >= 0) f(cell, best);
  }
}

// body(T zero, in pointers, out pointer) over row-major arrays; the result starts at zero.
template <class F>
void with_arrays(const KernelCall& c, F&& body) {
  DType t = compute_type(c.out[0].dtype);
  Temp keep[3], ko;
  View out = temp_view(c.out[0].shape, t, ko);
  fill_zero(out);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    const T* in[3] = {};
    for (int i = 0; i < c.nin && i < 3; i++) in[i] = as_contiguous(c.in[i], t, keep[i]).template ptr<const T>();
    body(in, out.template ptr<T>());
  });
  copy_view(c.out[0], out);
}

void check_g(const KernelCall& c, const Regions& s, const Shape& g) {
  Shape want{s.count, s.c, s.ph, s.pw};
  if (g != want) throw ValueError(c.op->name + ": expected g " + to_string(want) + ", got " + to_string(g));
}

// f(region, image, channel plane of the image, channel plane of the result) for all regions and channels in order.
template <class T, class F>
void for_planes(const KernelCall& c, const Regions& s, const T* rois, F&& f) {
  for (int64_t r = 0; r < s.count; r++) {
    int64_t image = image_of(c, s, rois, r);
    for (int64_t k = 0; k < s.c && image >= 0; k++)
      f(rois + 5 * r, (image * s.c + k) * s.plane(), (r * s.c + k) * s.ph * s.pw);
  }
}

DL_KERNEL("roi_align", [](const KernelCall& c) {  // (x, rois)
  Regions s = regions(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto* y) {
    for_planes(c, s, in[1], [&](auto* roi, int64_t from, int64_t to) {
      using T = std::remove_pointer_t<decltype(y)>;
      align(s, roi, [&](int64_t cell, int64_t pixel, double w) { y[to + cell] += T(w) * in[0][from + pixel]; });
    });
  });
});
DL_KERNEL("roi_align_grad", [](const KernelCall& c) {  // (g, rois, x: like)
  Regions s = regions(c, c.out[0].shape, c.in[1].shape);
  check_g(c, s, c.in[0].shape);
  KernelCall call = c;
  call.nin = 2;
  with_arrays(call, [&](auto& in, auto* dx) {
    for_planes(c, s, in[1], [&](auto* roi, int64_t from, int64_t to) {
      using T = std::remove_pointer_t<decltype(dx)>;
      align(s, roi, [&](int64_t cell, int64_t pixel, double w) { dx[from + pixel] += T(w) * in[0][to + cell]; });
    });
  });
});
DL_KERNEL("roi_pool", [](const KernelCall& c) {  // (x, rois)
  Regions s = regions(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto* y) {
    for_planes(c, s, in[1], [&](auto* roi, int64_t from, int64_t to) {
      largest(s, roi, in[0] + from, [&](int64_t cell, int64_t pixel) { y[to + cell] = in[0][from + pixel]; });
    });
  });
});
DL_KERNEL("roi_pool_grad", [](const KernelCall& c) {  // (g, rois, x)
  Regions s = regions(c, c.in[2].shape, c.in[1].shape);
  check_g(c, s, c.in[0].shape);
  with_arrays(c, [&](auto& in, auto* dx) {
    for_planes(c, s, in[1], [&](auto* roi, int64_t from, int64_t to) {
      largest(s, roi, in[2] + from, [&](int64_t cell, int64_t pixel) { dx[from + pixel] += in[0][to + cell]; });
    });
  });
});
DL_KERNEL("roi_pool_pick", [](const KernelCall& c) {  // (g of x's shape, rois, x)
  Regions s = regions(c, c.in[2].shape, c.in[1].shape);
  if (c.in[0].shape != c.in[2].shape)
    throw ValueError(c.op->name + ": expected g " + to_string(c.in[2].shape) + ", got " + to_string(c.in[0].shape));
  with_arrays(c, [&](auto& in, auto* y) {
    for_planes(c, s, in[1], [&](auto* roi, int64_t from, int64_t to) {
      largest(s, roi, in[2] + from, [&](int64_t cell, int64_t pixel) { y[to + cell] = in[0][from + pixel]; });
    });
  });
});
DL_INFER("roi", [](InferCall& c) {
  Regions s = regions(c, c.in[c.nin == 3 ? 2 : 0].shape, c.in[1].shape);
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  c.out[0].shape = Shape{s.count, s.c, s.ph, s.pw};
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
