// Numbers with a derivative: v + d * eps where eps * eps = 0. A kernel that is a template over its number type gives,
// run on these, its derivative along a direction. Run on a gradient kernel it gives the second derivatives that the
// gradient of that gradient needs: the Hessian is symmetric, so a direction forward is what comes back.
#pragma once
#include <cmath>

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

}  // namespace dl
