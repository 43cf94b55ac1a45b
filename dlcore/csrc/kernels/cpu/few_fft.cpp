// Fourier transforms of lines of a few points, in double precision: a transform of NumPy's takes longer to be called
// than these to be added up. Longer ones, and numbers without limits, are left to it.
#include <cmath>

#include "kernels/cpu/few_numbers.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

using Complex = std::complex<double>;
constexpr double kLarge = 1e30;
constexpr int64_t kPoints = 32, kProducts = 1 << 11;

struct Lines {
  int axis;
  int64_t n, given, count;  // points; numbers along the axis of x; lines
  double scale;
  Shape others;
  Dims x_strides, y_strides;

  Lines(const KernelCall& c, bool inverse) : axis(normalize_axis(int_attr(c, "axis", -1), c.in[0].shape.n, "fft")) {
    const View &x = c.in[0], &y = c.out[0];
    n = int_attr(c, "n", 1);
    given = x.shape[axis];
    const std::string& norm = find_attr(c, "norm")->s;
    const bool whole = norm == (inverse ? "backward" : "forward");
    scale = whole ? 1.0 / double(n) : norm == "ortho" ? 1.0 / std::sqrt(double(n)) : 1.0;
    for (int i = 0; i < x.shape.n; i++)
      if (i != axis) {
        others.push(x.shape[i]);
        x_strides.push(x.strides[i]);
        y_strides.push(y.strides[i]);
      }
    count = numel(others);
  }
  bool few() const { return given && count && n <= kPoints && count * n * n <= kProducts; }
};

// exp(2 pi i k / n) for k < n, negated exponents for the transform itself; quarters of a turn are
// exact, and so are the real parts of sixths: what cancels is 0.
void turns(int64_t n, bool inverse, Complex* w) {
  const double step = 2 * 3.14159265358979323846 / double(n), sign = inverse ? 1 : -1;
  const Complex quarters[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
  for (int64_t k = 0; k < n; k++) {
    Complex turn(std::cos(step * double(k)), std::sin(step * double(k)));
    if (4 * k % n == 0) turn = quarters[4 * k / n];
    if (6 * k == n) turn.real(0.5);
    if (3 * k == n) turn.real(-0.5);
    if (2 * k > n) turn = {w[n - k].real(), -sign * w[n - k].imag()};
    w[k] = {turn.real(), sign * turn.imag()};
  }
}

Complex times(Complex a, Complex b) {  // of finite numbers
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// The transform of n numbers in steps of `step`, which is also how much further the turns of n points are apart: those
// of the parts that begin at each of the first p numbers, p the smallest factor, are put together.
void sum_up(int64_t n, const Complex* x, int64_t step, const Complex* w, Complex* y) {
  int64_t p = 2;
  while (p < n && n % p) p++;
  if (n == 1) p = 1;
  const int64_t m = n / p;
  if (m == 1)
    for (int64_t r = 0; r < p; r++) y[r] = x[r * step];
  else
    for (int64_t r = 0; r < p; r++) sum_up(m, x + r * step, step * p, w, y + r * m);
  Complex part[kPoints];
  for (int64_t k = 0; k < m; k++) {
    for (int64_t r = 0; r < p; r++) part[r] = r && k ? times(y[r * m + k], w[r * k * step]) : y[r * m + k];
    for (int64_t q = 0; q < p; q++) {
      Complex sum = part[0];
      for (int64_t r = 1; r < p; r++)
        sum += p == 2 ? (q ? -part[1] : part[1]) : times(part[r], w[r * q % p * m * step]);
      y[q * m + k] = sum;
    }
  }
}

template <class T>
void read(const View& x, int64_t offset, int64_t step, int64_t n, Complex* line) {
  const T* from = x.ptr<const T>() + offset;
  for (int64_t i = 0; i < n; i++) line[i] = Complex(from[i * step]);
}

// False where a number is not finite, or so large that sums in single precision may pass its range.
bool read_line(const View& x, int64_t offset, int64_t step, int64_t n, Complex* line) {
  switch (x.dtype) {
    case DType::F32: read<float>(x, offset, step, n, line); break;
    case DType::F64: read<double>(x, offset, step, n, line); break;
    case DType::C64: read<std::complex<float>>(x, offset, step, n, line); break;
    case DType::C128: read<Complex>(x, offset, step, n, line); break;
    default: return false;
  }
  for (int64_t i = 0; i < n; i++)
    if (!(std::abs(line[i].real()) < kLarge && std::abs(line[i].imag()) < kLarge)) return false;
  return true;
}

void write(const View& y, int64_t at, Complex v) {
  if (y.dtype == DType::C64)
    y.ptr<std::complex<float>>()[at] = std::complex<float>(v);
  else if (y.dtype == DType::C128)
    y.ptr<Complex>()[at] = v;
  else if (y.dtype == DType::F32)
    y.ptr<float>()[at] = float(v.real());
  else
    y.ptr<double>()[at] = v.real();
}

// `half`: x is the first half of a spectrum, of which the other one follows.
template <bool inverse, bool half>
bool transform(const KernelCall& c) {
  const View &x = c.in[0], &y = c.out[0];
  const Lines lines(c, inverse);
  if (!lines.few()) return false;
  const int64_t n = lines.n, points = half ? n / 2 + 1 : n, out = y.shape[lines.axis];
  Complex w[kPoints], line[kPoints], sums[kPoints];
  turns(n, inverse, w);
  for (int64_t k = 0; k < lines.count; k++) {
    std::fill(line, line + n, Complex(0));
    const int64_t from = offset_of(k, lines.others, lines.x_strides), to = offset_of(k, lines.others, lines.y_strides);
    if (!read_line(x, from, x.strides[lines.axis], std::min(lines.given, points), line)) return false;
    if (half) {
      line[0] = line[0].real();
      if (n % 2 == 0) line[n / 2] = line[n / 2].real();
      for (int64_t i = points; i < n; i++) line[i] = std::conj(line[n - i]);
    }
    sum_up(n, line, 1, w, sums);
    for (int64_t j = 0; j < out; j++) write(y, to + j * y.strides[lines.axis], sums[j] * lines.scale);
  }
  return true;
}

// The shape of x with `n` numbers along the axis, of which the attributes speak.
void fft_shape(InferCall& c, bool half) {
  const Shape& x = c.in[0].shape;
  const int axis = normalize_axis(c.attr("axis").i, x.n, c.name());
  const int64_t n = c.attr("n").i;
  const std::string& norm = c.attr("norm").s;
  if (n < 1) throw ValueError(format("%s: expected a transform of at least 1 point, got %lld", c.name(), (long long)n));
  if (norm != "backward" && norm != "ortho" && norm != "forward")
    throw ValueError(std::string(c.name()) + ": norm must be 'backward', 'ortho' or 'forward', got '" + norm + "'");
  c.out[0].shape = x;
  c.out[0].shape[axis] = half ? n / 2 + 1 : n;
}
DL_INFER("fft", [](InferCall& c) { fft_shape(c, false); });
DL_INFER("rfft", [](InferCall& c) { fft_shape(c, true); });

}  // namespace

FewFn find_few(const std::string& stem) {
  if (stem == "fft" || stem == "rfft") return transform<false, false>;
  if (stem == "ifft") return transform<true, false>;
  return stem == "irfft" ? transform<true, true> : nullptr;
}

}  // namespace dl
