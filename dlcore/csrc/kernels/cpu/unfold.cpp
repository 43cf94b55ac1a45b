// Windows of an image as columns (im2col) and the sums the other way (col2im).
#include <algorithm>

#include "kernels/cpu/conv.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/need_shape.h"
#include "kernels/cpu/spatial.h"

namespace dl {
namespace {

struct Windows {
  int64_t n, c, h, w, kernel[2], stride[2], pad[2], dilate[2], oh, ow;
  int64_t rows() const { return kernel[0] * kernel[1]; }
  Shape image() const { return Shape{n, c, h, w}; }
  Shape columns() const { return Shape{n, c * rows(), oh * ow}; }
};

template <class Call>
Windows windows(const Call& c, const Shape& x) {
  const std::string& op = c.op->name;
  if (x.n != 4) throw ValueError(op + ": expected an image (N, C, H, W), got shape " + to_string(x));
  Windows s{};
  s.n = x[0], s.c = x[1], s.h = x[2], s.w = x[3];
  spatial_attr(c, "kernel", 2, 1, s.kernel);
  spatial_attr(c, "stride", 2, 1, s.stride);
  spatial_attr(c, "pad", 2, 0, s.pad);
  spatial_attr(c, "dilate", 2, 1, s.dilate);
  s.oh = window_count(s.h, s.kernel[0], s.stride[0], 2 * s.pad[0], s.dilate[0]);
  s.ow = window_count(s.w, s.kernel[1], s.stride[1], 2 * s.pad[1], s.dilate[1]);
  if (s.oh < 0 || s.ow < 0) throw ValueError(op + ": the window is larger than the padded image " + to_string(x));
  return s;
}

// f(first pixel, first place, count) for every run of places in a line of the columns that lies inside the image; the
// pixels of a run are stride[1] apart. One plane (image, channel) after the other.
template <class F>
void for_runs(const Windows& s, F&& f) {
  int64_t work = std::max<int64_t>(1, s.oh * s.ow * s.rows());
  parallel_for(s.n * s.c, std::max<int64_t>(1, (1 << 14) / work), [&](int64_t b, int64_t e) {
    for (int64_t p = b; p < e; p++)
      for (int64_t k = 0; k < s.rows(); k++) {
        int64_t dy = k / s.kernel[1] * s.dilate[0] - s.pad[0], dx = k % s.kernel[1] * s.dilate[1] - s.pad[1];
        int64_t first = dx >= 0 ? 0 : (-dx + s.stride[1] - 1) / s.stride[1];
        int64_t last = dx >= s.w ? 0 : std::min(s.ow, (s.w - 1 - dx) / s.stride[1] + 1);
        if (first >= last) continue;
        for (int64_t oy = 0; oy < s.oh; oy++) {
          int64_t y = oy * s.stride[0] + dy;
          if (y < 0 || y >= s.h) continue;
          f((p * s.h + y) * s.w + first * s.stride[1] + dx, ((p * s.rows() + k) * s.oh + oy) * s.ow + first,
            last - first);
        }
      }
  });
}

void run(const KernelCall& c, const Windows& s, bool back) {
  DType t = compute_type(c.out[0].dtype);
  Temp ki, ko;
  bool direct = c.out[0].dtype == t && is_contiguous(c.out[0].shape, c.out[0].strides);
  View in = as_contiguous(c.in[0], t, ki), out = direct ? c.out[0] : temp_view(c.out[0].shape, t, ko);
  if (back || s.pad[0] || s.pad[1]) fill_zero(out);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    const T* x = in.ptr<const T>();
    T* y = out.ptr<T>();
    int64_t step = s.stride[1];
    if (back)
      for_runs(s, [&](int64_t pixel, int64_t place, int64_t count) {
        for (int64_t i = 0; i < count; i++) y[pixel + i * step] += x[place + i];
      });
    else
      for_runs(s, [&](int64_t pixel, int64_t place, int64_t count) {
        for (int64_t i = 0; i < count; i++) y[place + i] = x[pixel + i * step];
      });
  });
  if (!direct) copy_view(c.out[0], out);
}

// The image that col2im's columns (N, C * KH * KW, places) come from.
template <class Call>
Shape image_of(const Call& c, const Shape& cols) {
  int64_t size[3], kernel[3];
  spatial_attr(c, "size", 2, 1, size);
  spatial_attr(c, "kernel", 2, 1, kernel);
  int64_t rows = kernel[0] * kernel[1];
  if (cols.n != 3 || rows < 1 || cols[1] % rows)
    throw ValueError(c.op->name + ": expected columns (N, C * KH * KW, places) with KH * KW = " + std::to_string(rows) +
                     ", got shape " + to_string(cols));
  Shape image{cols[0], cols[1] / rows, size[0], size[1]};
  Windows s = windows(c, image);
  if (s.columns() != cols)
    throw ValueError(c.op->name + ": expected columns " + to_string(s.columns()) + " for an image " + to_string(image) +
                     ", got " + to_string(cols));
  return image;
}

DL_KERNEL("im2col", [](const KernelCall& c) { run(c, windows(c, c.in[0].shape), false); });
DL_KERNEL("col2im", [](const KernelCall& c) { run(c, windows(c, c.out[0].shape), true); });
DL_INFER("im2col", [](InferCall& c) {
  c.out[0].shape = windows(c, c.in[0].shape).columns();
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});
DL_INFER("col2im_like", [](InferCall& c) {
  c.out[0].shape = c.in[1].shape;
  c.out[0].strides = contiguous_strides(c.out[0].shape);
  need_shape(c, 0, windows(c, c.in[1].shape).columns());
});
DL_INFER("col2im", [](InferCall& c) {
  c.out[0].shape = image_of(c, c.in[0].shape);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
