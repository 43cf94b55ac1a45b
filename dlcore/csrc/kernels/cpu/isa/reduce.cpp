// The loops of reduce_table.h. Floating-point sums are pairwise over blocks with many accumulators, so the error grows
// with the logarithm of the length.
#include "kernels/cpu/isa/reduce_table.h"

#include <limits>
#include <type_traits>

#include "kernels/cpu/isa/vmath_base.h"

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
DL_INLINE T add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return T(U(a) + U(b));
  } else {
    return a + b;
  }
}
template <class T>
DL_INLINE T multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return T(U(a) * U(b));
  } else {
    return a * b;
  }
}
template <ReduceOp Op, class T>
DL_INLINE T combine(T a, T b) {
  if constexpr (Op == ReduceOp::Sum) return add(a, b);
  if constexpr (Op == ReduceOp::Prod) return multiply(a, b);
  if constexpr (Op == ReduceOp::Max) return ((a > b) | (a != a)) ? a : b;
  if constexpr (Op == ReduceOp::Min) return ((a < b) | (a != a)) ? a : b;
}
template <ReduceOp Op, class T>
constexpr T identity() {
  using L = std::numeric_limits<T>;
  if constexpr (Op == ReduceOp::Sum) return T(0);
  if constexpr (Op == ReduceOp::Prod) return T(1);
  if constexpr (Op == ReduceOp::Max) return L::has_infinity ? -L::infinity() : L::min();
  if constexpr (Op == ReduceOp::Min) return L::has_infinity ? L::infinity() : L::max();
}

template <ReduceOp Op, class T>
void init(int64_t n, void* acc) {
  for (int64_t i = 0; i < n; i++) static_cast<T*>(acc)[i] = identity<Op, T>();
}

template <class T>
constexpr int kLanes =
    256 / int(sizeof(T));  // four vectors of the widest set: enough to hide the latency of an addition

template <ReduceOp Op, class T>
T run_block(int64_t n, const T* x) {  // one block: every lane adds up a few, then the lanes meet in a tree
  T lane[kLanes<T>];
  for (int k = 0; k < kLanes<T>; k++) lane[k] = identity<Op, T>();
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) {
#pragma omp simd
    for (int k = 0; k < kLanes<T>; k++) lane[k] = combine<Op, T>(lane[k], x[i + k]);
  }
#pragma omp simd
  for (int64_t k = 0; k < n - i; k++) lane[k] = combine<Op, T>(lane[k], x[i + k]);
  for (int half = kLanes<T> / 2; half; half /= 2) {
#pragma omp simd
    for (int k = 0; k < half; k++) lane[k] = combine<Op, T>(lane[k], lane[k + half]);
  }
  return lane[0];
}

template <ReduceOp Op, class T>
T run_pairwise(int64_t n, const T* x) {
  constexpr int64_t block = kLanes<T> * 32;
  constexpr bool exact = std::is_integral_v<T> || Op == ReduceOp::Max || Op == ReduceOp::Min;
  if (exact || n <= block) return run_block<Op, T>(n, x);
  int64_t half = (n / 2 + block - 1) / block * block;
  return combine<Op, T>(run_pairwise<Op, T>(half, x), run_pairwise<Op, T>(n - half, x + half));
}

template <ReduceOp Op, class T>
void run(int64_t n, const void* x, void* acc) {
  const T* p = static_cast<const T*>(x);
  T r;
  if (n <= 16) {
    r = n ? p[0] : identity<Op, T>();
    for (int64_t i = 1; i < n; i++) r = combine<Op, T>(r, p[i]);
  } else {
    r = run_pairwise<Op, T>(n, p);
  }
  T* a = static_cast<T*>(acc);
  *a = combine<Op, T>(*a, r);
}

// A strip of columns, its accumulators in registers; a partial sum per 256 rows keeps the error of long columns small.
template <ReduceOp Op, class T, int Width>
DL_INLINE void strip(int64_t rows, int64_t n, const T* x, int64_t stride, T* acc) {
  for (int64_t r0 = 0; r0 < rows; r0 += 256) {
    int64_t r1 = rows - r0 < 256 ? rows : r0 + 256;
    T lane[Width];
    for (int k = 0; k < Width; k++) lane[k] = identity<Op, T>();
    for (int64_t r = r0; r < r1; r++) {
      const T* p = x + r * stride;
      if (n == Width) {
#pragma omp simd
        for (int k = 0; k < Width; k++) lane[k] = combine<Op, T>(lane[k], p[k]);
      } else {
#pragma omp simd
        for (int64_t k = 0; k < n; k++) lane[k] = combine<Op, T>(lane[k], p[k]);
      }
    }
    for (int64_t k = 0; k < n; k++) acc[k] = combine<Op, T>(acc[k], lane[k]);
  }
}

template <ReduceOp Op, class T>
void rows(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  const T* x = static_cast<const T*>(px);
  T* acc = static_cast<T*>(pacc);
  if (count == 1) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) acc[i] = combine<Op, T>(acc[i], x[i]);
    return;
  }
  constexpr int wide = kLanes<T>, narrow = 64 / int(sizeof(T));
  int64_t i = 0;
  for (; i + wide <= n; i += wide) strip<Op, T, wide>(count, wide, x + i, stride, acc + i);
  for (; i + narrow <= n; i += narrow) strip<Op, T, narrow>(count, narrow, x + i, stride, acc + i);
  if (i < n) strip<Op, T, narrow>(count, n - i, x + i, stride, acc + i);
}

template <class T>
int64_t find(int64_t n, const void* px, const void* pvalue) {
  const T* x = static_cast<const T*>(px);
  const T value = *static_cast<const T*>(pvalue);
  const bool nan = value != value;
  constexpr int64_t block = 512;  // whole blocks are passed over quickly
  for (int64_t b = 0; b < n; b += block) {
    int64_t e = n - b < block ? n : b + block;
    int hit = 0;
#pragma omp simd reduction(| : hit)
    for (int64_t i = b; i < e; i++) hit |= (x[i] == value) | (nan & (x[i] != x[i]));
    if (!hit) continue;
    for (int64_t i = b; i < e; i++)
      if (x[i] == value || (nan && x[i] != x[i])) return i;
  }
  return n;
}

template <ReduceOp Op, class T>
constexpr ReduceFns fns() {
  return {init<Op, T>, run<Op, T>, rows<Op, T>, find<T>};
}
template <ReduceOp Op>
constexpr void set(ReduceTable& t) {
  ReduceFns* f = t.fn[int(Op)];
  f[0] = fns<Op, float>();
  f[1] = fns<Op, double>();
  f[2] = fns<Op, int32_t>();
  f[3] = fns<Op, int64_t>();
  f[4] = fns<Op, uint64_t>();
  if constexpr (Op == ReduceOp::Max || Op == ReduceOp::Min) f[5] = fns<Op, uint8_t>();
}
constexpr ReduceTable make() {
  ReduceTable t{};
  set<ReduceOp::Sum>(t);
  set<ReduceOp::Prod>(t);
  set<ReduceOp::Max>(t);
  set<ReduceOp::Min>(t);
  return t;
}

}  // namespace

constexpr ReduceTable reduce_table = make();

}  // namespace DL_ISA
}  // namespace dl
