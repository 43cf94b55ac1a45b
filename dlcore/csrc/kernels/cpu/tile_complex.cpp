#include "kernels/cpu/tile_complex.h"

#include "kernels/cpu/complex_math.h"
#include "kernels/cpu/isa/complex.h"

namespace dl {
namespace {

// One loop for any number of operands; bit k of `Scalars` says that operand k is a single value.
template <class Op, class T, int Scalars>
void loop1(int64_t n, const void* pa, const void*, const void*, void* po) {
  const Cx<T>* a = static_cast<const Cx<T>*>(pa);
  Cx<T>* o = static_cast<Cx<T>*>(po);
  for (int64_t i = 0; i < n; i++) o[i] = Op::f(a[i]);
}
template <class Op, class T, int Scalars>
void loop2(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  const Cx<T>*a = static_cast<const Cx<T>*>(pa), *b = static_cast<const Cx<T>*>(pb);
  Cx<T>* o = static_cast<Cx<T>*>(po);
  const Cx<T> x = *a, y = *b;
  for (int64_t i = 0; i < n; i++) o[i] = Op::f(Scalars & 1 ? x : a[i], Scalars & 2 ? y : b[i]);
}
template <class T, int Scalars>
void select_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  const Cx<T>*a = static_cast<const Cx<T>*>(pa), *b = static_cast<const Cx<T>*>(pb), *c = static_cast<const Cx<T>*>(pc);
  Cx<T>* o = static_cast<Cx<T>*>(po);
  const Cx<T> x = *a, y = *b, z = *c;
  for (int64_t i = 0; i < n; i++)
    o[i] = (Scalars & 1 ? x : a[i]) != Cx<T>(0) ? (Scalars & 2 ? y : b[i]) : (Scalars & 4 ? z : c[i]);
}

// Sums over two arrays are sums of their parts: one plain loop that becomes vectors.
template <class T, bool Minus>
void sum_loop(int64_t n, const void* pa, const void* pb, const void*, void* po) {
  const T *a = static_cast<const T*>(pa), *b = static_cast<const T*>(pb);
  T* o = static_cast<T*>(po);
#pragma omp simd
  for (int64_t i = 0; i < 2 * n; i++) o[i] = Minus ? a[i] - b[i] : a[i] + b[i];
}

// Products are vectors of every instruction set.
template <class T, int Scalars>
void product_loop(int64_t n, const void* pa, const void* pb, const void* pc, void* po) {
  pick_complex_table()->multiply[sizeof(T) == 8][Scalars](n, pa, pb, pc, po);
}

// Magnitudes of single precision: in double no square is out of reach.
void abs_loop(int64_t n, const void* pa, const void*, const void*, void* po) {
  const float* a = static_cast<const float*>(pa);
  float* o = static_cast<float*>(po);
  constexpr float inf = std::numeric_limits<float>::infinity();
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float x = a[2 * i], y = a[2 * i + 1];
    const float size = float(std::sqrt(double(x) * double(x) + double(y) * double(y)));
    o[2 * i] = (std::abs(x) == inf) | (std::abs(y) == inf) ? inf : size;  // even beside a NaN
    o[2 * i + 1] = 0;
  }
}

#define C_OP1(Name, expression)      \
  struct Name {                      \
    template <class T>               \
    static inline Cx<T> f(Cx<T> a) { \
      return expression;             \
    }                                \
  };
#define C_OP2(Name, expression)               \
  struct Name {                               \
    template <class T>                        \
    static inline Cx<T> f(Cx<T> a, Cx<T> b) { \
      return expression;                      \
    }                                         \
  };

C_OP2(Add, Cx<T>(a.real() + b.real(), a.imag() + b.imag()))
C_OP2(Sub, Cx<T>(a.real() - b.real(), a.imag() - b.imag()))
C_OP2(Div, c_div(a, b))
C_OP2(Pow, c_pow(a, b))
C_OP2(Eq, Cx<T>(T((a.real() == b.real()) & (a.imag() == b.imag()))))
C_OP2(Ne, Cx<T>(T((a.real() != b.real()) | (a.imag() != b.imag()))))
C_OP2(And, Cx<T>(T((a != Cx<T>(0)) && (b != Cx<T>(0)))))
C_OP2(Or, Cx<T>(T((a != Cx<T>(0)) || (b != Cx<T>(0)))))
C_OP2(Xor, Cx<T>(T((a != Cx<T>(0)) != (b != Cx<T>(0)))))
C_OP2(Complex, Cx<T>(a.real(), b.real()))
C_OP1(Not, Cx<T>(T(a == Cx<T>(0))))
C_OP1(Neg, Cx<T>(-a.real(), -a.imag()))
C_OP1(Abs, Cx<T>(c_abs(a)))
C_OP1(Sign, c_sign(a))
C_OP1(Sqrt, std::sqrt(a))
C_OP1(Rsqrt, c_div(Cx<T>(1), std::sqrt(a)))
C_OP1(Exp, std::exp(a))
C_OP1(Exp2, std::exp(a* T(0.69314718055994530942)))
C_OP1(Expm1, c_expm1(a))
C_OP1(Log, std::log(a))
C_OP1(Log1p, c_log1p(a))
C_OP1(Log2, std::log(a) * T(1.44269504088896340736))
C_OP1(Log10, std::log(a) * T(0.43429448190325182765))
C_OP1(Sin, std::sin(a))
C_OP1(Cos, std::cos(a))
C_OP1(Tan, std::tan(a))
C_OP1(Asin, std::asin(a))
C_OP1(Acos, std::acos(a))
C_OP1(Atan, std::atan(a))
C_OP1(Sinh, std::sinh(a))
C_OP1(Cosh, std::cosh(a))
C_OP1(Tanh, std::tanh(a))
C_OP1(Asinh, std::asinh(a))
C_OP1(Acosh, std::acosh(a))
C_OP1(Atanh, std::atanh(a))
C_OP1(IsNan, Cx<T>(T(std::isnan(a.real()) || std::isnan(a.imag()))))
C_OP1(IsInf, Cx<T>(T(std::isinf(a.real()) || std::isinf(a.imag()))))
C_OP1(IsFinite, Cx<T>(T(std::isfinite(a.real()) && std::isfinite(a.imag()))))
C_OP1(Real, Cx<T>(a.real()))
C_OP1(Imag, Cx<T>(a.imag()))
C_OP1(Conj, Cx<T>(a.real(), -a.imag()))
C_OP1(Angle, Cx<T>(std::atan2(a.imag(), a.real())))

template <class Op, class T>
constexpr void set1(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = loop1<Op, T, 0>;
}
template <class Op, class T>
constexpr void set2(TileTable& t, TileOp op) {
  t.fn[int(op)][0] = loop2<Op, T, 0>;
  t.fn[int(op)][1] = loop2<Op, T, 1>;
  t.fn[int(op)][2] = loop2<Op, T, 2>;
}

template <class T>
constexpr TileTable make() {
  TileTable t{};
  set2<Add, T>(t, TileOp::Add);
  set2<Sub, T>(t, TileOp::Sub);
  t.fn[int(TileOp::Add)][0] = sum_loop<T, false>;
  t.fn[int(TileOp::Sub)][0] = sum_loop<T, true>;
  TileFn* multiply = t.fn[int(TileOp::Mul)];
  multiply[0] = product_loop<T, 0>;
  multiply[1] = product_loop<T, 1>;
  multiply[2] = product_loop<T, 2>;
  set2<Div, T>(t, TileOp::Div);
  set2<Pow, T>(t, TileOp::Pow);
  set2<Eq, T>(t, TileOp::Eq);
  set2<Ne, T>(t, TileOp::Ne);
  set2<And, T>(t, TileOp::And);
  set2<Or, T>(t, TileOp::Or);
  set2<Xor, T>(t, TileOp::Xor);
  set2<Complex, T>(t, TileOp::Complex);
  set1<Not, T>(t, TileOp::Not);
  set1<Neg, T>(t, TileOp::Neg);
  set1<Abs, T>(t, TileOp::Abs);
  if constexpr (std::is_same_v<T, float>) t.fn[int(TileOp::Abs)][0] = abs_loop;
  set1<Sign, T>(t, TileOp::Sign);
  set1<Sqrt, T>(t, TileOp::Sqrt);
  set1<Rsqrt, T>(t, TileOp::Rsqrt);
  set1<Exp, T>(t, TileOp::Exp);
  set1<Exp2, T>(t, TileOp::Exp2);
  set1<Expm1, T>(t, TileOp::Expm1);
  set1<Log, T>(t, TileOp::Log);
  set1<Log1p, T>(t, TileOp::Log1p);
  set1<Log2, T>(t, TileOp::Log2);
  set1<Log10, T>(t, TileOp::Log10);
  set1<Sin, T>(t, TileOp::Sin);
  set1<Cos, T>(t, TileOp::Cos);
  set1<Tan, T>(t, TileOp::Tan);
  set1<Asin, T>(t, TileOp::Asin);
  set1<Acos, T>(t, TileOp::Acos);
  set1<Atan, T>(t, TileOp::Atan);
  set1<Sinh, T>(t, TileOp::Sinh);
  set1<Cosh, T>(t, TileOp::Cosh);
  set1<Tanh, T>(t, TileOp::Tanh);
  set1<Asinh, T>(t, TileOp::Asinh);
  set1<Acosh, T>(t, TileOp::Acosh);
  set1<Atanh, T>(t, TileOp::Atanh);
  set1<IsNan, T>(t, TileOp::IsNan);
  set1<IsInf, T>(t, TileOp::IsInf);
  set1<IsFinite, T>(t, TileOp::IsFinite);
  set1<Real, T>(t, TileOp::Real);
  set1<Imag, T>(t, TileOp::Imag);
  set1<Conj, T>(t, TileOp::Conj);
  set1<Angle, T>(t, TileOp::Angle);
  TileFn* select = t.fn[int(TileOp::Select)];
  select[0] = select_loop<T, 0>;
  select[1] = select_loop<T, 1>;
  select[2] = select_loop<T, 2>;
  select[3] = select_loop<T, 3>;
  select[4] = select_loop<T, 4>;
  select[5] = select_loop<T, 5>;
  select[6] = select_loop<T, 6>;
  return t;
}

}  // namespace

constexpr TileTable tile_c64 = make<float>();
constexpr TileTable tile_c128 = make<double>();

}  // namespace dl
