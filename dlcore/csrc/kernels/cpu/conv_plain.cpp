// Convolution as a matrix product over unfolded windows (im2col): for float64, which finite-difference tests need, and
// for shapes without oneDNN code. One image at a time per thread; arrays are row-major.
#include <algorithm>
#include <vector>

#include "kernels/cpu/conv.h"
#include "kernels/cpu/gemm.h"

namespace dl {
namespace {

// Calls f(row, position, pixel) for every element of the unfolded image of one group: row = (channel, ky, kx), position
// = (oy, ox), pixel = offset into the group's channels or -1 in the padding.
template <class F>
void unfold(const ConvShape& s, F&& f) {
  int64_t row = 0;
  for (int64_t c = 0; c < s.c / s.groups; c++)
    for (int64_t ky = 0; ky < s.kh; ky++)
      for (int64_t kx = 0; kx < s.kw; kx++, row++) {
        int64_t pos = 0;
        for (int64_t oy = 0; oy < s.oh; oy++) {
          int64_t y = oy * s.stride[0] - s.pad[0] + ky * s.dilate[0];
          for (int64_t ox = 0; ox < s.ow; ox++, pos++) {
            int64_t x = ox * s.stride[1] - s.pad[1] + kx * s.dilate[1];
            bool inside = y >= 0 && y < s.h && x >= 0 && x < s.w;
            f(row, pos, inside ? (c * s.h + y) * s.w + x : -1);
          }
        }
      }
}

struct Sizes {
  int64_t rows, positions, out_per_group, x_group, y_group, w_group;
  explicit Sizes(const ConvShape& s)
      : rows(s.c / s.groups * s.kh * s.kw),
        positions(s.oh * s.ow),
        out_per_group(s.o / s.groups),
        x_group(s.c / s.groups * s.h * s.w),
        y_group(out_per_group * positions),
        w_group(out_per_group * rows) {}
};

template <class T>
void unfold_into(const ConvShape& s, const Sizes& z, const T* x, T* cols) {
  unfold(s,
         [&](int64_t row, int64_t pos, int64_t pixel) { cols[row * z.positions + pos] = pixel < 0 ? T(0) : x[pixel]; });
}

template <class T>
void forward(const ConvShape& s, const T* x, const T* w, const T* bias, T* y) {
  Sizes z(s);
  parallel_for(s.n, 1, [&](int64_t b, int64_t e) {
    std::vector<T> cols(static_cast<size_t>(z.rows * z.positions));
    for (int64_t i = b * s.groups; i < e * s.groups; i++) {
      int64_t g = i % s.groups;
      T* out = y + i * z.y_group;
      unfold_into(s, z, x + i * z.x_group, cols.data());
      gemm<T>(z.out_per_group, z.positions, z.rows, {w + g * z.w_group, z.rows, 1}, {cols.data(), z.positions, 1},
              {out, z.positions, 1});
      if (!bias) continue;
      for (int64_t o = 0; o < z.out_per_group; o++)
        for (int64_t p = 0; p < z.positions; p++) out[o * z.positions + p] += bias[g * z.out_per_group + o];
    }
  });
}

template <class T>
void grad_x(const ConvShape& s, const T* gy, const T* w, T* gx) {
  Sizes z(s);
  parallel_for(s.n, 1, [&](int64_t b, int64_t e) {
    std::vector<T> cols(static_cast<size_t>(z.rows * z.positions));
    for (int64_t i = b * s.groups; i < e * s.groups; i++) {
      int64_t g = i % s.groups;
      T* out = gx + i * z.x_group;
      gemm<T>(z.rows, z.positions, z.out_per_group, {w + g * z.w_group, 1, z.rows},
              {gy + i * z.y_group, z.positions, 1}, {cols.data(), z.positions, 1});
      std::fill(out, out + z.x_group, T(0));
      unfold(s, [&](int64_t row, int64_t pos, int64_t pixel) {
        if (pixel >= 0) out[pixel] += cols[size_t(row * z.positions + pos)];
      });
    }
  });
}

template <class T>
void grad_w(const ConvShape& s, const T* gy, const T* x, T* gw) {
  Sizes z(s);
  std::vector<T> cols(static_cast<size_t>(z.rows * z.positions));
  for (int64_t g = 0; g < s.groups; g++)
    for (int64_t n = 0; n < s.n; n++) {  // images in order: the sum does not depend on threads
      int64_t i = n * s.groups + g;
      unfold_into(s, z, x + i * z.x_group, cols.data());
      gemm<T>(z.out_per_group, z.rows, z.positions, {gy + i * z.y_group, z.positions, 1}, {cols.data(), 1, z.positions},
              {gw + g * z.w_group, z.rows, 1}, n > 0);
    }
}

}  // namespace

void conv_forward_plain(const ConvShape& s, const View& x, const View& w, const View* bias, const View& y) {
  if (y.dtype == DType::F64)
    forward(s, x.ptr<const double>(), w.ptr<const double>(), bias ? bias->ptr<const double>() : nullptr,
            y.ptr<double>());
  else
    forward(s, x.ptr<const float>(), w.ptr<const float>(), bias ? bias->ptr<const float>() : nullptr, y.ptr<float>());
}

void conv_grad_x_plain(const ConvShape& s, const View& gy, const View& w, const View& gx) {
  if (gx.dtype == DType::F64)
    grad_x(s, gy.ptr<const double>(), w.ptr<const double>(), gx.ptr<double>());
  else
    grad_x(s, gy.ptr<const float>(), w.ptr<const float>(), gx.ptr<float>());
}

void conv_grad_w_plain(const ConvShape& s, const View& gy, const View& x, const View& gw) {
  if (gw.dtype == DType::F64)
    grad_w(s, gy.ptr<const double>(), x.ptr<const double>(), gw.ptr<double>());
  else
    grad_w(s, gy.ptr<const float>(), x.ptr<const float>(), gw.ptr<float>());
}

}  // namespace dl
