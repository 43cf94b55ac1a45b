// Numbers with a derivative: v + d * eps where eps * eps = 0. A kernel that is a template over its number type gives,
// run on these, its derivative along a direction. Run on a gradient kernel it gives the second derivatives that the
// gradient of that gradient needs: the Hessian is symmetric, so a direction forward is what comes back.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

namespace dl {

template <class T>
struct Dual {
  T v = 0, d = 0;
  Dual() = default;
  Dual(T value) : v(value) {}  // NOLINT: a constant
  Dual(T value, T slope) : v(value), d(slope) {}
  Dual& operator+=(const Dual& o) { return v += o.v, d += o.d, *this; }
};
template <class T>
Dual<T> operator+(const Dual<T>& a, const Dual<T>& b) {
  return {a.v + b.v, a.d + b.d};
}
template <class T>
Dual<T> operator-(const Dual<T>& a, const Dual<T>& b) {
  return {a.v - b.v, a.d - b.d};
}
template <class T>
Dual<T> operator-(const Dual<T>& a) {
  return {-a.v, -a.d};
}
template <class T>
Dual<T> operator*(const Dual<T>& a, const Dual<T>& b) {
  return {a.v * b.v, a.v * b.d + a.d * b.v};
}
template <class T>
Dual<T> operator/(const Dual<T>& a, const Dual<T>& b) {
  T q = a.v / b.v;
  return {q, (a.d - q * b.d) / b.v};
}

inline float value_of(float x) { return x; }
inline double value_of(double x) { return x; }
template <class T>
T value_of(const Dual<T>& x) {
  return x.v;
}

template <class T>
Dual<T> exp(const Dual<T>& a) {
  T e = std::exp(a.v);
  return {e, e * a.d};
}
template <class T>
Dual<T> log(const Dual<T>& a) {
  return {std::log(a.v), a.d / a.v};
}
template <class T>
Dual<T> tanh(const Dual<T>& a) {
  T t = std::tanh(a.v);
  return {t, (T(1) - t * t) * a.d};
}
template <class T>
Dual<T> sigmoid(const Dual<T>& a) {
  T e = std::exp(-std::abs(a.v)), s = a.v >= T(0) ? T(1) / (T(1) + e) : e / (T(1) + e);
  return {s, s * (T(1) - s) * a.d};
}

// n numbers with their derivatives; a null pointer stands for zeros.
template <class T>
std::vector<Dual<T>> dual_array(const T* value, const T* slope, int64_t n) {
  std::vector<Dual<T>> r(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; i++) r[size_t(i)] = {value ? value[i] : T(0), slope ? slope[i] : T(0)};
  return r;
}
template <class T>
void slopes_of(const std::vector<Dual<T>>& from, T* to) {
  for (size_t i = 0; i < from.size(); i++) to[i] = from[i].d;
}

}  // namespace dl
