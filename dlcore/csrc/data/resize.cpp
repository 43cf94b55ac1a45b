#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/cpu/isa/pixels.h"

namespace dl {
namespace {

constexpr double kPi = 3.141592653589793;

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

// How far a value is seen, and how much of it at a distance, both in the pixels of the smaller picture.
double reach(Interpolation how) {
  switch (how) {
    case Interpolation::Bilinear: return 1;
    case Interpolation::Bicubic: return 2;
    case Interpolation::Lanczos: return 3;
    default: return 0.5;
  }
}
double weight(Interpolation how, double x) {
  constexpr double a = -0.5;  // Keys (1981)
  double d = std::abs(x);
  switch (how) {
    case Interpolation::Bilinear: return d < 1 ? 1 - d : 0;
    case Interpolation::Bicubic:
      return d < 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    case Interpolation::Lanczos: return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    default: return x > -0.5 && x <= 0.5 ? 1 : 0;
  }
}

uint8_t byte_of(int32_t sum) { return uint8_t(std::min(255, std::max(0, sum >> kPixelBits))); }

// One row across: each new pixel out of `count` old ones beside each other, all its channels together.
template <int C>
void weigh_across(const ResizeAxis& axis, const uint8_t* src, int64_t step, uint8_t* dst) {
  for (int64_t x = 0; x < axis.to; x++, dst += step) {
    const int32_t* w = axis.whole.data() + size_t(x) * axis.room;
    const uint8_t* p = src + axis.first[size_t(x)] * step;
    int32_t sums[C];
    for (int k = 0; k < C; k++) sums[k] = 1 << (kPixelBits - 1);
    for (int64_t i = 0; i < axis.count[size_t(x)]; i++, p += step)
      for (int k = 0; k < C; k++) sums[k] += w[i] * p[k];
    for (int k = 0; k < C; k++) dst[k] = byte_of(sums[k]);
  }
}
void across(const ResizeAxis& axis, int64_t c, const uint8_t* src, uint8_t* dst) {
  if (c == 3) return weigh_across<3>(axis, src, c, dst);
  for (int64_t k = 0; k < c; k++) weigh_across<1>(axis, src + k, c, dst + k);
}
void across(const ResizeAxis& axis, int64_t c, const float* src, float* dst) {
  for (int64_t x = 0; x < axis.to; x++, dst += c) {
    const double* w = axis.share.data() + size_t(x) * axis.room;
    const float* p = src + axis.first[size_t(x)] * c;
    for (int64_t k = 0; k < c; k++) {
      double sum = 0;
      for (int64_t i = 0; i < axis.count[size_t(x)]; i++) sum += double(p[i * c + k]) * w[i];
      dst[k] = float(sum);
    }
  }
}

// One row out of `count` rows below each other.
void down(const ResizeAxis& axis, int64_t y, int64_t n, const uint8_t* src, int64_t stride, uint8_t* dst) {
  const int32_t* w = axis.whole.data() + size_t(y) * axis.room;
  pick_pixel_table()->weigh_rows(n, src, stride, axis.count[size_t(y)], w, dst);
}
void down(const ResizeAxis& axis, int64_t y, int64_t n, const float* src, int64_t stride, float* dst) {
  const double* w = axis.share.data() + size_t(y) * axis.room;
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t k = 0; k < axis.count[size_t(y)]; k++) sum += double(src[k * stride + i]) * w[k];
    dst[i] = float(sum);
  }
}

// Which old place each new one shows: the place of its middle, reached step by step.
template <class F>
void each_nearest(int64_t from, int64_t to, F&& use) {
  double step = double(from) / double(to), at = step * 0.5;
  for (int64_t k = 0; k < to; k++, at += step) use(k, std::min(from - 1, int64_t(at)));
}

template <class T>
void resize_nearest(const T* src, const ResizeSizes& s, T* dst) {
  size_t size = size_t(s.c) * sizeof(T);
  each_nearest(s.h, s.new_h, [&](int64_t y, int64_t from_y) {
    const T* row = src + from_y * s.stride;
    T* to = dst + y * s.new_w * s.c;
    each_nearest(s.w, s.new_w, [&](int64_t x, int64_t from_x) { std::memcpy(to + x * s.c, row + from_x * s.c, size); });
  });
}

}  // namespace

void ResizeAxis::make(int64_t old_size, int64_t new_size, Interpolation kind) {
  if (from == old_size && to == new_size && how == kind && room) return;
  from = old_size, to = new_size, how = kind;
  double scale = double(from) / double(to), wide = std::max(1.0, scale), far = reach(how) * wide, per = 1.0 / wide;
  room = size_t(std::ceil(far)) * 2 + 1;
  first.resize(size_t(to)), count.resize(size_t(to));
  share.assign(size_t(to) * room, 0.0), whole.assign(size_t(to) * room, 0);
  for (int64_t k = 0; k < to; k++) {
    double middle = (double(k) + 0.5) * scale, sum = 0;
    int64_t begin = std::max(int64_t(0), int64_t(middle - far + 0.5));
    int64_t n = std::min(from, int64_t(middle + far + 0.5)) - begin;
    double* w = share.data() + size_t(k) * room;
    for (int64_t i = 0; i < n; i++) sum += w[i] = weight(how, (double(begin + i) - middle + 0.5) * per);
    for (int64_t i = 0; i < n; i++) {
      if (sum != 0) w[i] /= sum;
      double parts = w[i] * double(1 << kPixelBits);
      whole[size_t(k) * room + size_t(i)] = int32_t(parts < 0 ? parts - 0.5 : parts + 0.5);
    }
    first[size_t(k)] = begin, count[size_t(k)] = n;
  }
}

// (h, w) becomes (h, axis.to), and (axis.to, n).
template <class T>
static void all_across(const ResizeAxis& axis, int64_t h, int64_t c, const T* src, int64_t stride, T* dst) {
  for (int64_t y = 0; y < h; y++) across(axis, c, src + y * stride, dst + y * axis.to * c);
}
template <class T>
static void all_down(const ResizeAxis& axis, int64_t n, const T* src, int64_t stride, T* dst) {
  for (int64_t y = 0; y < axis.to; y++) down(axis, y, n, src + axis.first[size_t(y)] * stride, stride, dst + y * n);
}

template <class T>
void resize_part(const T* src, const ResizeSizes& s, Interpolation how, ResizeScratch<T>& scratch, T* dst) {
  if (how == Interpolation::Nearest) return resize_nearest(src, s, dst);
  int64_t line = s.w * s.c, new_line = s.new_w * s.c;
  bool x = s.new_w != s.w, y = s.new_h != s.h;
  if (x) scratch.across.make(s.w, s.new_w, how);
  if (y) scratch.down.make(s.h, s.new_h, how);
  if (!x && !y) {
    for (int64_t i = 0; i < s.h; i++) std::memcpy(dst + i * line, src + i * s.stride, size_t(line) * sizeof(T));
  } else if (!y) {
    all_across(scratch.across, s.h, s.c, src, s.stride, dst);
  } else if (!x) {
    all_down(scratch.down, line, src, s.stride, dst);
  } else if (s.new_h < s.h) {  // rows are quick to add up: fewer are left for the other pass
    scratch.between.resize(size_t(s.new_h * line));
    all_down(scratch.down, line, src, s.stride, scratch.between.data());
    all_across(scratch.across, s.new_h, s.c, scratch.between.data(), line, dst);
  } else {
    scratch.between.resize(size_t(s.h * new_line));
    all_across(scratch.across, s.h, s.c, src, s.stride, scratch.between.data());
    all_down(scratch.down, new_line, scratch.between.data(), new_line, dst);
  }
}

template void resize_part(const uint8_t*, const ResizeSizes&, Interpolation, ResizeScratch<uint8_t>&, uint8_t*);
template void resize_part(const float*, const ResizeSizes&, Interpolation, ResizeScratch<float>&, float*);

}  // namespace dl
