// The loops of reduce_table.h. Floating-point sums are pairwise over blocks with many accumulators, so the error grows
// with the logarithm of the length.
#include "kernels/cpu/isa/reduce_table.h"

#include "kernels/cpu/isa/joined_rows.h"
#include "kernels/cpu/isa/places.h"

namespace dl {
namespace DL_ISA {
namespace {

template <ReduceOp Op, class T>
void init(int64_t n, void* acc) {
  for (int64_t i = 0; i < n; i++) static_cast<T*>(acc)[i] = identity<Op, T>();
}

// Accumulators side by side. The extreme of floats is found in two parts, both one instruction a vector: the extreme of
// the numbers, and the largest magnitude as bits, which is above infinity's where there was a NaN.
template <ReduceOp Op, class T, int Width>
struct Lanes {
  static constexpr bool kSplit = std::is_floating_point_v<T> && (Op == ReduceOp::Max || Op == ReduceOp::Min);
  T value[Width];
  Bits<T> size[kSplit ? Width : 1];

  DL_MEMBER void clear(int64_t n = Width) {
    for (int64_t k = 0; k < n; k++) value[k] = identity<Op, T>();
    if constexpr (kSplit)
      for (int64_t k = 0; k < n; k++) size[k] = 0;
  }
  DL_MEMBER void take(const T* x) {
#pragma omp simd
    for (int k = 0; k < Width; k++) take_one(x[k], k);
  }
  DL_MEMBER void take(const T* x, int64_t n) {
#pragma omp simd
    for (int64_t k = 0; k < n; k++) take_one(x[k], k);
  }
  // Eight rows, one after the other, that lie `apart` from each other.
  DL_MEMBER void take_rows(const T* x, int64_t apart, int64_t n) {
#pragma omp simd
    for (int64_t k = 0; k < n; k++) {
      Lanes<Op, T, 1> one;
      one.value[0] = value[k];
      if constexpr (kSplit) one.size[0] = size[k];
#pragma GCC unroll 8
      for (int r = 0; r < 8; r++) one.take_one(x[k + r * apart], 0);
      value[k] = one.value[0];
      if constexpr (kSplit) size[k] = one.size[0];
    }
  }
  // Fewer than Width, a vector at a time and the last one in part.
  DL_MEMBER void take_rest(const T* x, int64_t n) {
    constexpr int part = Width / 4;
    int64_t i = 0;
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      if (i + part > n) break;
#pragma omp simd
      for (int k = 0; k < part; k++) take_one(x[i + k], j * part + k);
      i += part;
    }
#pragma omp simd
    for (int k = 0; k < part; k++) {
      T v = identity<Op, T>();
      if (i + k < n) v = x[i + k];
      take_one(v, 3 * part + k);
    }
  }
  DL_MEMBER void take_one(T v, int64_t k) {
    if constexpr (kSplit) {
      size[k] = larger(size[k], magnitude_bits(v));
      if constexpr (Op == ReduceOp::Max)
        value[k] = v > value[k] ? v : value[k];
      else
        value[k] = v < value[k] ? v : value[k];
    } else {
      value[k] = combine<Op, T>(value[k], v);
    }
  }
  DL_MEMBER T get(int64_t k) const {
    if constexpr (kSplit) return size[k] > kInfBits<T> ? std::numeric_limits<T>::quiet_NaN() : value[k];
    return value[k];
  }
  template <int Half>
  DL_MEMBER void halve() {  // a template, so that every step is whole vectors or one short one
#pragma omp simd
    for (int k = 0; k < Half; k++) value[k] = combine<Op, T>(value[k], value[k + Half]);
    if constexpr (Half > 1) halve<Half / 2>();
  }
  // All lanes in one, by a tree.
  DL_MEMBER T fold() {
    bool nan = false;
    if constexpr (kSplit) {
      Bits<T> largest = 0;
      for (int k = 0; k < Width; k++) largest = size[k] > largest ? size[k] : largest;
      nan = largest > kInfBits<T>;
    }
    halve<Width / 2>();
    return nan ? std::numeric_limits<T>::quiet_NaN() : value[0];
  }
};

template <ReduceOp Op, class T>
DL_INLINE T run_block(int64_t n, const T* x) {
  constexpr int width = kLanes<T>;
  Lanes<Op, T, width> lanes;
  lanes.clear();
  int64_t i = 0;
  for (; i + width <= n; i += width) lanes.take(x + i);
  if (i < n) lanes.take_rest(x + i, n - i);
  return lanes.fold();
}

template <class T>
constexpr int64_t kPairwiseBlock = kLanes<T> * 128;

// Whether the order makes no difference.
template <ReduceOp Op, class T>
constexpr bool kExact = std::is_integral_v<T> || Op == ReduceOp::Max || Op == ReduceOp::Min;

// Blocks, joined in pairs, those in pairs, and so on: `made` holds what waits for its partner.
template <ReduceOp Op, class T>
T run_pairwise(int64_t n, const T* x) {
  constexpr int64_t block = kPairwiseBlock<T>;
  if (kExact<Op, T> || n <= block) return run_block<Op, T>(n, x);
  T made[64];
  int depth = 0;
  for (int64_t at = 0, number = 0; at < n; at += block, number++) {
    T v = run_block<Op, T>(n - at < block ? n - at : block, x + at);
    for (int64_t odd = number; odd & 1; odd >>= 1) v = combine<Op, T>(made[--depth], v);
    made[depth++] = v;
  }
  T v = made[--depth];
  while (depth) v = combine<Op, T>(made[--depth], v);
  return v;
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

// Runs side by side. Of two short ones the end of the loop, which no processor foresees, is then met half as often.
template <ReduceOp Op, class T, int Count>
DL_INLINE void run_some(int64_t n, const T* const (&x)[Count], T (&acc)[Count]) {
  constexpr bool fewer = kExact<Op, T> && Count > 2;  // so that all accumulators have registers
  constexpr int width = kLanes<T> / (fewer ? 2 : 1);
  Lanes<Op, T, width> lanes[Count];
#pragma GCC unroll 4
  for (int k = 0; k < Count; k++) lanes[k].clear();
  int64_t i = 0;
  for (; i + width <= n; i += width) {
#pragma GCC unroll 4
    for (int k = 0; k < Count; k++) lanes[k].take(x[k] + i);
  }
#pragma GCC unroll 4
  for (int k = 0; k < Count; k++) {
    if (i < n) lanes[k].take_rest(x[k] + i, n - i);
    acc[k] = combine<Op, T>(acc[k], lanes[k].fold());
  }
}

// As run_pairwise, of several runs in turns.
template <ReduceOp Op, class T>
void run_apart(int64_t n, const T* const (&x)[kStreams], T (&acc)[kStreams]) {
  constexpr int64_t block = kPairwiseBlock<T>;
  if (kExact<Op, T> || n <= block) return run_some<Op, T>(n, x, acc);
  T made[64][kStreams];
  auto join = [](T(&a)[kStreams], const T(&b)[kStreams]) {  // a = b op a
    for (int k = 0; k < kStreams; k++) a[k] = combine<Op, T>(b[k], a[k]);
  };
  int depth = 0;
  for (int64_t at = 0, number = 0; at < n; at += block, number++) {
    const T* part[kStreams];
    for (int k = 0; k < kStreams; k++) part[k] = x[k] + at, made[depth][k] = identity<Op, T>();
    run_some<Op, T>(n - at < block ? n - at : block, part, made[depth]);
    for (int64_t odd = number; odd & 1; odd >>= 1, depth--) {
      join(made[depth], made[depth - 1]);
      __builtin_memcpy(made[depth - 1], made[depth], sizeof made[0]);
    }
    depth++;
  }
  for (depth--; depth; depth--) {
    join(made[depth], made[depth - 1]);
    __builtin_memcpy(made[depth - 1], made[depth], sizeof made[0]);
  }
  join(made[0], acc);
  __builtin_memcpy(acc, made[0], sizeof made[0]);
}

template <ReduceOp Op, class T>
void runs_apart(int64_t count, int64_t n, const void* px, int64_t apart, int64_t stride, void* const* pacc) {
  for (int64_t i = 0; i < count; i++) {
    const T* x[kStreams];
    T acc[kStreams];
    for (int k = 0; k < kStreams; k++) {
      x[k] = static_cast<const T*>(px) + k * apart + i * stride;
      acc[k] = static_cast<const T*>(pacc[k])[i];
    }
    run_apart<Op, T>(n, x, acc);
    for (int k = 0; k < kStreams; k++) static_cast<T*>(pacc[k])[i] = acc[k];
  }
}

template <ReduceOp Op, class T>
void runs(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  const T* x = static_cast<const T*>(px);
  T* acc = static_cast<T*>(pacc);
  int64_t i = 0;
  if (n > 16 && n <= 8 * kLanes<T>)
    for (; i + 2 <= count; i += 2) {
      const T* const two[] = {x + i * stride, x + (i + 1) * stride};
      T sums[] = {acc[i], acc[i + 1]};
      run_some<Op, T>(n, two, sums);
      acc[i] = sums[0], acc[i + 1] = sums[1];
    }
  if (n > 16 && n <= kPairwiseBlock<T>)
    for (; i < count; i++) acc[i] = combine<Op, T>(acc[i], run_block<Op, T>(n, x + i * stride));
  for (; i < count; i++) run<Op, T>(n, x + i * stride, acc + i);
}

// A strip of columns, its accumulators in registers; a partial sum per 256 rows keeps the error of long columns small.
template <ReduceOp Op, class T, int Width>
DL_INLINE void strip(int64_t rows, int64_t n, const T* x, int64_t stride, T* acc) {
  for (int64_t r0 = 0; r0 < rows; r0 += 256) {
    int64_t r1 = rows - r0 < 256 ? rows : r0 + 256;
    Lanes<Op, T, Width> lanes;
    lanes.clear();
    if (n == Width) {
      for (int64_t r = r0; r < r1; r++) lanes.take(x + r * stride);
    } else {
      for (int64_t r = r0; r < r1; r++) lanes.take(x + r * stride, n);
    }
    for (int64_t k = 0; k < n; k++) acc[k] = combine<Op, T>(acc[k], lanes.get(k));
  }
}

template <class T>
DL_INLINE bool is_far(int64_t rows, int64_t stride) {
  return rows * stride * int64_t(sizeof(T)) > (1 << 19);
}

// Rows that no cache keeps until the next strip: few accumulators would touch each page for a short run only. Eight
// stretches of rows that follow each other are read at once, which memory delivers sooner than one.
template <class T>
constexpr int64_t kFarColumns = 16384 / int64_t(sizeof(T));  // half of the nearest cache
template <ReduceOp Op, class T>
void far_rows(int64_t rows, int64_t n, const T* x, int64_t stride, T* acc) {
  constexpr int64_t most = kFarColumns<T>;
  Lanes<Op, T, int(most)> lanes;
  for (; n > 0; n -= most, x += most, acc += most) {
    const int64_t m = n < most ? n : most;
    for (int64_t r0 = 0; r0 < rows; r0 += 256) {
      const int64_t count = rows - r0 < 256 ? rows - r0 : 256, per = count / 8;
      const T* from = x + r0 * stride;
      lanes.clear(m);
      for (int64_t r = 0; r < per; r++) lanes.take_rows(from + r * stride, per * stride, m);
      for (int64_t r = 8 * per; r < count; r++) lanes.take(from + r * stride, m);
      for (int64_t k = 0; k < m; k++) acc[k] = combine<Op, T>(acc[k], lanes.get(k));
    }
  }
}

template <ReduceOp Op, class T>
DL_INLINE void strips(int64_t count, int64_t n, const T* x, int64_t stride, T* acc) {
  constexpr int wide = kLanes<T>, narrow = 64 / int(sizeof(T));
  int64_t i = 0;
  for (; i + wide <= n; i += wide) strip<Op, T, wide>(count, wide, x + i, stride, acc + i);
  for (; i + narrow <= n; i += narrow) strip<Op, T, narrow>(count, narrow, x + i, stride, acc + i);
  if (i < n) strip<Op, T, narrow>(count, n - i, x + i, stride, acc + i);
}

// Rows that follow each other: so many are one that its vectors are whole, or, where no cache keeps them, that it is as
// wide as the accumulators are many.
template <ReduceOp Op, class T>
DL_INLINE void narrow_rows(int64_t count, int64_t n, const T* x, T* acc) {
  constexpr int64_t most = kFarColumns<T>;
  const bool far = is_far<T>(count, n);
  int64_t join = 16;
  while (far && 2 * join * n <= most) join *= 2;
  const int64_t some = 8 + 16384 / (join * n * int64_t(sizeof(T)));  // what the nearest cache keeps for all strips
  auto rows = [=](int64_t whole, int64_t m, const T* from, T* to) {
    if (far && m > n) return far_rows<Op, T>(whole, m, from, m, to);
    for (int64_t r = 0; r < whole; r += some)
      strips<Op, T>(whole - r < some ? whole - r : some, m, from + r * m, m, to);
  };
  joined_rows<most>(count, n, join, x, acc, identity<Op, T>(), combine<Op, T>, rows);
}

// So few rows that accumulators in registers would be set up more often than used: four rows at once, two, one.
template <ReduceOp Op, class T>
DL_INLINE void few_rows(int64_t count, int64_t n, const T* x, int64_t stride, T* acc) {
  for (; count >= 4; count -= 4, x += 4 * stride) {
    const T *y = x + stride, *z = y + stride, *last = z + stride;
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
      acc[i] = combine<Op, T>(acc[i], combine<Op, T>(combine<Op, T>(x[i], y[i]), combine<Op, T>(z[i], last[i])));
  }
  if (count >= 2) {
    const T* y = x + stride;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) acc[i] = combine<Op, T>(acc[i], combine<Op, T>(x[i], y[i]));
    x += 2 * stride;
  }
  if (count & 1) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) acc[i] = combine<Op, T>(acc[i], x[i]);
  }
}

template <class T>
DL_INLINE bool is_narrow(int64_t count, int64_t n) {
  if (is_far<T>(count, n)) return 16 * n <= kFarColumns<T>;
  return n < 64 && n % (64 / int64_t(sizeof(T)));
}

template <ReduceOp Op, class T>
void rows(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  const T* x = static_cast<const T*>(px);
  T* acc = static_cast<T*>(pacc);
  if (count < 8) {
    few_rows<Op, T>(count, n, x, stride, acc);
  } else if (stride == n && count >= 64 && is_narrow<T>(count, n)) {
    narrow_rows<Op, T>(count, n, x, acc);
  } else if (n >= 256 && is_far<T>(count, stride)) {
    far_rows<Op, T>(count, n, x, stride, acc);
  } else {
    strips<Op, T>(count, n, x, stride, acc);
  }
}

template <ReduceOp Op, class T>
constexpr ReduceFns fns() {
  ReduceFns f{init<Op, T>, run<Op, T>, runs<Op, T>, runs_apart<Op, T>, rows<Op, T>, nullptr, nullptr};
  if constexpr ((Op == ReduceOp::Max || Op == ReduceOp::Min) && sizeof(T) >= 4) {
    f.find_lines = find_lines<Op, T>;
    f.find_rows = find_rows<Op, T>;
  }
  return f;
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
