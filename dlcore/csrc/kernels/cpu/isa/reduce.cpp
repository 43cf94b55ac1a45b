// The loops of reduce_table.h. Floating-point sums are pairwise over blocks with many accumulators, so the error grows
// with the logarithm of the length.
#include "kernels/cpu/isa/reduce_table.h"

#include "kernels/cpu/isa/joined_rows.h"
#include "kernels/cpu/isa/places.h"
#include "kernels/cpu/isa/reduce_lanes.h"

namespace dl {
namespace DL_ISA {
namespace {

template <ReduceOp Op, class T>
void init(int64_t n, void* acc) {
  for (int64_t i = 0; i < n; i++) static_cast<T*>(acc)[i] = identity<Op, T>();
}

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

// Two short runs side by side: the end of a loop, which no processor foresees, is then met half as often.
template <ReduceOp Op, class T>
DL_INLINE void run_two(int64_t n, const T* x, const T* y, T* acc_x, T* acc_y) {
  constexpr int width = kLanes<T>;
  Lanes<Op, T, width> a, b;
  a.clear();
  b.clear();
  int64_t i = 0;
  for (; i + width <= n; i += width) {
    a.take(x + i);
    b.take(y + i);
  }
  if (i < n) {
    a.take_rest(x + i, n - i);
    b.take_rest(y + i, n - i);
  }
  *acc_x = combine<Op, T>(*acc_x, a.fold());
  *acc_y = combine<Op, T>(*acc_y, b.fold());
}

// As many as there are streams, each with names of its own: accumulators in an array would not stay in registers.
template <ReduceOp Op, class T>
DL_INLINE void run_four(int64_t n, const T* const (&x)[kStreams], T (&acc)[kStreams]) {
  static_assert(kStreams == 4);
  constexpr int width = kLanes<T> / (kExact<Op, T> ? 2 : 1);  // so that all accumulators have registers
  Lanes<Op, T, width> a, b, c, d;
  a.clear();
  b.clear();
  c.clear();
  d.clear();
  int64_t i = 0;
  for (; i + width <= n; i += width) {
    a.take(x[0] + i);
    b.take(x[1] + i);
    c.take(x[2] + i);
    d.take(x[3] + i);
  }
  if (i < n) {
    a.take_rest(x[0] + i, n - i);
    b.take_rest(x[1] + i, n - i);
    c.take_rest(x[2] + i, n - i);
    d.take_rest(x[3] + i, n - i);
  }
  acc[0] = combine<Op, T>(acc[0], a.fold());
  acc[1] = combine<Op, T>(acc[1], b.fold());
  acc[2] = combine<Op, T>(acc[2], c.fold());
  acc[3] = combine<Op, T>(acc[3], d.fold());
}

// As run_pairwise, of several runs in turns.
template <ReduceOp Op, class T>
void run_apart(int64_t n, const T* const (&x)[kStreams], T (&acc)[kStreams]) {
  constexpr int64_t block = kPairwiseBlock<T>;
  if (kExact<Op, T> || n <= block) return run_four<Op, T>(n, x, acc);
  T made[64][kStreams];
  auto join = [](T(&a)[kStreams], const T(&b)[kStreams]) {  // a = b op a
    for (int k = 0; k < kStreams; k++) a[k] = combine<Op, T>(b[k], a[k]);
  };
  int depth = 0;
  for (int64_t at = 0, number = 0; at < n; at += block, number++) {
    const T* part[kStreams];
    for (int k = 0; k < kStreams; k++) part[k] = x[k] + at, made[depth][k] = identity<Op, T>();
    run_four<Op, T>(n - at < block ? n - at : block, part, made[depth]);
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
    for (; i + 2 <= count; i += 2) run_two<Op, T>(n, x + i * stride, x + (i + 1) * stride, acc + i, acc + i + 1);
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
DL_INLINE bool is_far(int64_t rows, int64_t stride, int64_t bytes = 1 << 19) {
  return rows * stride * int64_t(sizeof(T)) > bytes;
}

// Rows that no cache keeps until the next strip: few accumulators would touch each page for a short run only. Eight
// stretches of rows that follow each other are read at once, which memory delivers sooner than one.
template <class T>
constexpr int64_t kFarColumns = 16384 / int64_t(sizeof(T));  // half of the nearest cache
// The extremes of so many columns, at least a vector; false where there was a NaN, which is not found this way.
template <ReduceOp Op, class T>
DL_INLINE bool far_extremes(int64_t rows, int64_t n, const T* x, int64_t stride, T* best) {
  using V = Vec<T>;
  constexpr int64_t lane = lanes<T>();
  const int64_t per = rows / 8;
  Vec<Bits<T>> size{};
  for (int64_t k = 0; k < n; k++) best[k] = identity<Op, T>();
  auto take = [&](const T* from, auto rows_at_once) {
    for (int64_t k = 0; k < n; k += lane) {
      if (k + lane > n) k = n - lane;  // some columns twice, which changes nothing
      V b = vec_load<V>(best + k);
#pragma GCC unroll 8
      for (int64_t r = 0; r < decltype(rows_at_once)::value; r++) {
        const V v = vec_load<V>(from + r * per * stride + k);
        const auto magnitude = reinterpret_cast<Vec<Bits<T>>>(v) & std::numeric_limits<Bits<T>>::max();
        size = magnitude > size ? magnitude : size;
        b = Places<Op, T, 1>::beats(v, b) ? v : b;
      }
      vec_store(best + k, b);
    }
  };
  for (int64_t r = 0; r < per; r++) take(x + r * stride, std::integral_constant<int, 8>());
  for (int64_t r = 8 * per; r < rows; r++) take(x + r * stride, std::integral_constant<int, 1>());
  return !saw_nan<T>(size);
}

template <ReduceOp Op, class T>
void far_rows(int64_t rows, int64_t n, const T* x, int64_t stride, T* acc) {
  constexpr int64_t most = kFarColumns<T>;
  Lanes<Op, T, int(most)> lanes;
  for (; n > 0; n -= most, x += most, acc += most) {
    const int64_t m = n < most ? n : most;
    if constexpr (decltype(lanes)::kSplit)
      if (m >= kVecBytes / int64_t(sizeof(T)) && far_extremes<Op, T>(rows, m, x, stride, lanes.value)) {
        for (int64_t k = 0; k < m; k++) acc[k] = combine<Op, T>(acc[k], lanes.value[k]);
        continue;
      }
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
  } else if (n >= 256 && is_far<T>(count, stride, Lanes<Op, T, 1>::kSplit ? 1 << 17 : 1 << 19)) {
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
