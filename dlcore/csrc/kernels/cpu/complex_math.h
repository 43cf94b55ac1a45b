// Functions of one and two complex numbers, with the results for infinities, NaN and signed zeros that NumPy gives; the
// transcendental ones are the C library's, which follow annex G of the C standard.
#pragma once
#include <cmath>
#include <complex>
#include <limits>

namespace dl {

template <class T>
using Cx = std::complex<T>;

template <class T>
inline Cx<T> c_mul(Cx<T> a, Cx<T> b) {  // the textbook product, without annex G's recovery of infinities, as NumPy
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// Smith's division: scaled by the larger part of the divisor, so that its square cannot overflow.
template <class T>
inline Cx<T> c_div(Cx<T> a, Cx<T> b) {
  T br = std::abs(b.real()), bi = std::abs(b.imag());
  if (br >= bi) {
    if (br == 0 && bi == 0) return {a.real() / br, a.imag() / br};
    T ratio = b.imag() / b.real(), scale = T(1) / (b.real() + b.imag() * ratio);
    return {(a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale};
  }
  T ratio = b.real() / b.imag(), scale = T(1) / (b.imag() + b.real() * ratio);
  return {(a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale};
}

// The root of the sum of squares: of floats in double precision, of doubles where the squares can neither overflow nor
// lose digits; hypot does the rest.
inline float c_abs(Cx<float> a) {
  double x = a.real(), y = a.imag(), s = x * x + y * y;
  return s - s == 0 ? float(std::sqrt(s)) : std::hypot(a.real(), a.imag());
}
inline double c_abs(Cx<double> a) {
  double s = a.real() * a.real() + a.imag() * a.imag();
  return s > 1e-280 && s < 1e300 ? std::sqrt(s) : std::hypot(a.real(), a.imag());
}

template <class T>
inline Cx<T> c_sign(Cx<T> a) {
  T size = c_abs(a);
  if (size == 0) return {0, 0};
  if (std::isinf(size)) {
    if (std::isinf(a.real()) && std::isinf(a.imag()))
      return {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::quiet_NaN()};
    return std::isinf(a.real()) ? Cx<T>(std::copysign(T(1), a.real()), 0) : Cx<T>(0, std::copysign(T(1), a.imag()));
  }
  return {a.real() / size, a.imag() / size};
}

template <class T>
inline Cx<T> c_expm1(Cx<T> a) {
  T x = a.real(), y = a.imag();
  if (y == 0) return {std::expm1(x), y};
  if (!std::isfinite(x) || !std::isfinite(y)) return std::exp(a) - Cx<T>(1);
  T half = std::sin(y / 2);  // cos(y) - 1 = -2 sin^2(y/2), without cancellation near zero
  return {std::expm1(x) * std::cos(y) - 2 * half * half, std::exp(x) * std::sin(y)};
}

template <class T>
inline Cx<T> c_log1p(Cx<T> a) {
  T x = a.real(), y = a.imag();
  if (y == 0 && x >= -1) return {std::log1p(x), y};
  if (std::abs(x) < T(0.25) && std::abs(y) < T(0.25))  // |1+a|^2 - 1 = x (2 + x) + y^2
    return {std::log1p(x * (2 + x) + y * y) / 2, std::atan2(y, 1 + x)};
  return std::log(Cx<T>(1 + x, y));
}

// Small whole powers by multiplication (exact where the product is), the rest through exp and log.
template <class T>
inline Cx<T> c_pow(Cx<T> a, Cx<T> b) {
  T br = b.real(), bi = b.imag();
  if (br == 0 && bi == 0) return {1, 0};
  if (a.real() == 0 && a.imag() == 0) {
    T nan = std::numeric_limits<T>::quiet_NaN();
    return br > 0 ? Cx<T>(0, 0) : Cx<T>(nan, nan);
  }
  if (bi == 0 && br == std::floor(br) && std::abs(br) < 100) {
    int n = int(std::abs(br));
    Cx<T> base = a, r(1, 0);
    bool first = true;
    for (; n; n >>= 1) {
      if (n & 1) {
        r = first ? base : c_mul(r, base);
        first = false;
      }
      if (n > 1) base = c_mul(base, base);
    }
    return br < 0 ? c_div(Cx<T>(1, 0), r) : r;
  }
  return std::pow(a, b);
}

}  // namespace dl
