// The loops of wide_sums.h.
#include "kernels/cpu/isa/wide_sums.h"

#include "kernels/cpu/isa/fold.h"
#include "kernels/cpu/isa/joined_rows.h"
#include "kernels/cpu/isa/wide_half.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

constexpr int64_t kApart = 8;     // rows that are read at once, far from each other: as many streams from memory
constexpr int64_t kStrip = 4096;  // columns
constexpr int64_t kNarrow = 64;   // columns: fewer are joined

// 16-bit floats, many accumulators for long sums, which are sums of blocks.
template <class H>
DL_INLINE float half_block(int64_t n, const uint16_t* x) {
  constexpr int64_t lane = lanes<float>();
  Vec<float> sum[4] = {};
  float rest = 0;
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) sum[k] += H::load(x + i + k * lane);
  }
  for (; i + lane <= n; i += lane) sum[0] += H::load(x + i);
  for (; i < n; i++) rest += H::one(x[i]);
  return fold<float>((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;
}

template <class H>
void half_runs(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  constexpr int64_t block = 8192;
  const uint16_t* x = static_cast<const uint16_t*>(px);
  float* acc = static_cast<float*>(pacc);
  for (int64_t c = 0; c < count; c++, x += stride) {
    float sum = 0;
    for (int64_t i = 0; i < n; i += block) sum += half_block<H>(n - i < block ? n - i : block, x + i);
    acc[c] += sum;
  }
}

template <class H>
void half_rows(int64_t rows, int64_t n, const uint16_t* x, int64_t stride, float* acc) {
  constexpr int64_t lane = lanes<float>();
  const int64_t per = rows / kApart, apart = per * stride;
  for (int64_t r = 0; r < per; r++) {
    const uint16_t* row = x + r * stride;
    int64_t i = 0;
    for (; i + lane <= n; i += lane) {
      Vec<float> v[kApart];
#pragma GCC unroll 8
      for (int k = 0; k < kApart; k++) v[k] = H::load(row + k * apart + i);
      Vec<float> sum = ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
      vec_store(acc + i, Vec<float>(vec_load<Vec<float>>(acc + i) + sum));
    }
    for (; i < n; i++)
      for (int k = 0; k < kApart; k++) acc[i] += H::one(row[k * apart + i]);
  }
  for (int64_t r = per * kApart; r < rows; r++) {
    const uint16_t* row = x + r * stride;
    int64_t i = 0;
    for (; i + lane <= n; i += lane) vec_store(acc + i, Vec<float>(vec_load<Vec<float>>(acc + i) + H::load(row + i)));
    for (; i < n; i++) acc[i] += H::one(row[i]);
  }
}

// How integers X are added up in Acc: first in Mid, which holds the sum of kMost of them.
template <class X, class Mid, class Acc>
struct Integers {
  using Element = X;
  using Middle = Mid;
  using Sum = Acc;
  using V = Vec<Mid>;
  typedef X Few __attribute__((vector_size(kVecBytes / sizeof(Mid) * sizeof(X))));
  static constexpr bool kDirect = sizeof(Mid) == sizeof(Acc);
  static constexpr int64_t kMost = kDirect ? int64_t(1) << 40 : int64_t(1) << 4 * sizeof(Mid);

  DL_INLINE Mid one(X x) { return Mid(x); }
  DL_INLINE V load(const X* x) { return __builtin_convertvector(vec_load<Few>(x), V); }
};
struct Truths : Integers<uint8_t, uint16_t, uint64_t> {
  DL_INLINE uint16_t one(uint8_t x) { return x < 1 ? x : 1; }
  DL_INLINE V load(const uint8_t* x) {
    const Few v = vec_load<Few>(x), ones = Few{} + 1;
    return __builtin_convertvector(v < ones ? v : ones, V);
  }
};

// At most kMost vectors of them: what the four accumulators hold together, a lane of one still does.
template <class N>
DL_INLINE typename N::Sum int_block(int64_t n, const typename N::Element* x) {
  using Mid = typename N::Middle;
  using V = Vec<Mid>;
  using Folded = std::conditional_t<sizeof(Mid) == 2, int32_t, typename N::Sum>;
  constexpr int64_t lane = lanes<Mid>();
  V sum[4] = {};
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) sum[k] += N::load(x + i + k * lane);
  }
  for (; i + lane <= n; i += lane) sum[0] += N::load(x + i);
  Mid part[lane];
  vec_store(part, V((sum[0] + sum[1]) + (sum[2] + sum[3])));
  Folded total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t k = 0; k < lane; k++) total += Folded(part[k]);
#pragma omp simd reduction(+ : total)
  for (int64_t k = i; k < n; k++) total += Folded(N::one(x[k]));
  return typename N::Sum(total);
}

#if defined(__x86_64__)
// Bytes as sums of eight, one instruction a vector.
DL_INLINE Vec<uint64_t> eights(Vec<uint8_t> v) {
#if defined(__AVX512BW__)
  return reinterpret_cast<Vec<uint64_t>>(_mm512_sad_epu8(reinterpret_cast<__m512i>(v), _mm512_setzero_si512()));
#elif defined(__AVX2__)
  return reinterpret_cast<Vec<uint64_t>>(_mm256_sad_epu8(reinterpret_cast<__m256i>(v), _mm256_setzero_si256()));
#else
  return reinterpret_cast<Vec<uint64_t>>(_mm_sad_epu8(reinterpret_cast<__m128i>(v), _mm_setzero_si128()));
#endif
}

// At least a vector of them; the last one is read again, without what was counted before.
template <bool kTruths>
DL_INLINE uint64_t byte_run(int64_t n, const uint8_t* x) {
  using V = Vec<uint8_t>;
  constexpr int64_t lane = kVecBytes;
  auto load = [](const uint8_t* p) {
    const V v = vec_load<V>(p), ones = V{} + 1;
    return kTruths ? V(v < ones ? v : ones) : v;
  };
  Vec<uint64_t> sum[4] = {};
  int64_t i = 0;
  for (; i + 4 * lane <= n; i += 4 * lane) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) sum[k] += eights(load(x + i + k * lane));
  }
  for (; i + lane <= n; i += lane) sum[0] += eights(load(x + i));
  if (i < n) {
    V place;
    for (int k = 0; k < int(lane); k++) place[k] = uint8_t(k);
    const V first = V{} + uint8_t(lane - (n - i)), v = load(x + n - lane);
    sum[1] += eights(place >= first ? v : V{});
  }
  return fold<uint64_t>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

template <bool kTruths>
void byte_runs(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  const uint8_t* x = static_cast<const uint8_t*>(px);
  uint64_t* acc = static_cast<uint64_t*>(pacc);
  for (int64_t c = 0; c < count; c++) acc[c] += byte_run<kTruths>(n, x + c * stride);
}
#endif

template <class N>
void int_runs(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  constexpr int64_t block = N::kMost * lanes<typename N::Middle>();
  const auto* x = static_cast<const typename N::Element*>(px);
  auto* acc = static_cast<typename N::Sum*>(pacc);
#if defined(__x86_64__)
  if constexpr (std::is_same_v<typename N::Element, uint8_t>)
    if (n >= kVecBytes) return byte_runs<std::is_same_v<N, Truths>>(count, n, px, stride, pacc);
#endif
  for (int64_t c = 0; c < count; c++, x += stride) {
    typename N::Sum sum = 0;
    for (int64_t i = 0; i < n; i += block) sum += int_block<N>(n - i < block ? n - i : block, x + i);
    acc[c] += sum;
  }
}

// acc[k] += x[k] + x[k + apart] + ... for n columns, `Rows` rows.
template <class N, int64_t Rows, class A>
DL_INLINE void add_rows(int64_t n, const typename N::Element* x, int64_t apart, A* acc) {
#pragma omp simd
  for (int64_t k = 0; k < n; k++) {
    A sum = acc[k];
#pragma GCC unroll 8
    for (int64_t j = 0; j < Rows; j++) sum = A(sum + A(N::one(x[k + j * apart])));
    acc[k] = sum;
  }
}

template <class N>
DL_INLINE void int_strip(int64_t rows, int64_t n, const typename N::Element* x, int64_t stride, typename N::Sum* acc) {
  constexpr int64_t most = N::kMost / kApart;
  const int64_t per = rows / kApart, apart = per * stride;
  if constexpr (N::kDirect) {
    for (int64_t r = 0; r < per; r++) add_rows<N, kApart>(n, x + r * stride, apart, acc);
  } else {
    typename N::Middle sum[kStrip];
    for (int64_t first = 0; first < per; first += most) {
      for (int64_t k = 0; k < n; k++) sum[k] = 0;
      const int64_t end = per - first < most ? per : first + most;
      for (int64_t r = first; r < end; r++) add_rows<N, kApart>(n, x + r * stride, apart, sum);
#pragma omp simd
      for (int64_t k = 0; k < n; k++) acc[k] += typename N::Sum(sum[k]);
    }
  }
  for (int64_t r = per * kApart; r < rows; r++) add_rows<N, 1>(n, x + r * stride, 0, acc);
}

template <class N>
void int_rows(int64_t rows, int64_t n, const typename N::Element* x, int64_t stride, typename N::Sum* acc) {
  for (int64_t k = 0; k < n; k += kStrip) int_strip<N>(rows, n - k < kStrip ? n - k : kStrip, x + k, stride, acc + k);
}

// Of rows that follow each other and are narrow, as many as fill vectors are one.
template <class X, class A>
using Rows = void (*)(int64_t rows, int64_t n, const X* x, int64_t stride, A* acc);
template <class X, class A, Rows<X, A> Plain>
void any_rows(int64_t count, int64_t n, const void* px, int64_t stride, void* pacc) {
  constexpr int64_t most = 2048;
  const X* x = static_cast<const X*>(px);
  A* acc = static_cast<A*>(pacc);
  int64_t join = 1;
  while (stride == n && n < kNarrow && 2 * join * n <= most && 2 * kApart * join <= count) join *= 2;
  if (join == 1) return Plain(count, n, x, stride, acc);
  joined_rows<most>(
      count, n, join, x, acc, A(0), [](A a, A b) { return A(a + b); },
      [](int64_t rows, int64_t m, const X* from, A* to) { Plain(rows, m, from, m, to); });
}

template <class H>
constexpr WideSums halves() {
  return {half_runs<H>, any_rows<uint16_t, float, half_rows<H>>};
}
template <class N>
constexpr WideSums integers() {
  return {int_runs<N>, any_rows<typename N::Element, typename N::Sum, int_rows<N>>};
}

}  // namespace

extern const WideSumTable wide_sum_table;
constexpr WideSumTable wide_sum_table = {{integers<Truths>(),
                                          integers<Integers<int8_t, int16_t, int64_t>>(),
                                          integers<Integers<int16_t, int32_t, int64_t>>(),
                                          integers<Integers<int32_t, int64_t, int64_t>>(),
                                          {},
                                          integers<Integers<uint8_t, uint16_t, uint64_t>>(),
                                          integers<Integers<uint16_t, uint32_t, uint64_t>>(),
                                          integers<Integers<uint32_t, uint64_t, uint64_t>>(),
                                          {},
                                          halves<Float16>(),
                                          halves<BFloat16>(),
                                          {},
                                          {}}};

}  // namespace DL_ISA
}  // namespace dl
