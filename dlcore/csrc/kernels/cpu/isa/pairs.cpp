#include "kernels/cpu/isa/pairs.h"

#if defined(__AVX512F__) && (defined(__clang__) || __GNUC__ >= 10)
#include <immintrin.h>
#define DL_HAVE_PAIRS 1
#define DL_PAIRS __attribute__((target("avx512bf16")))  // called only where the processor has it
#endif

namespace dl {
namespace DL_ISA {
namespace {

void interleave(int64_t n, const uint16_t* first, const uint16_t* second, uint16_t* to) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t both = uint32_t(first[i]) | uint32_t(second[i]) << 16;
    __builtin_memcpy(to + 2 * i, &both, sizeof both);
  }
}

#ifdef DL_HAVE_PAIRS

constexpr int kRows = 8;            // two vectors a line: as many sums as registers hold beside operands
constexpr int64_t kLanes = 16;      // sums in a vector
constexpr int64_t kLinePairs = 16;  // pairs of a line of a in a line of the cache

// The part of a panel that exists.
struct Columns {
  __mmask16 mask[2];
  explicit Columns(int64_t n)
      : mask{__mmask16(n >= kLanes ? 0xffff : (1 << n) - 1), __mmask16(n >= 2 * kLanes ? 0xffff
                                                                       : n > kLanes    ? (1 << (n - kLanes)) - 1
                                                                                       : 0)} {}
};

typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint32_t Bits __attribute__((vector_size(64)));
DL_PAIRS inline __m512 widened(const uint16_t* p, __mmask16 mask) {
  return __m512(__builtin_convertvector(Halves(_mm256_maskz_loadu_epi16(mask, p)), Bits) << 16);
}

DL_PAIRS inline __m512 widened(const float* p, __mmask16 mask) { return _mm512_maskz_loadu_ps(mask, p); }

template <class T>
DL_PAIRS inline __m512 finished(__m512 sum, PanelFinish how, const T* other, __mmask16 mask) {
  const __m512 zero = _mm512_setzero_ps();
  switch (how) {
    case PanelFinish::none: return sum;
    case PanelFinish::add: return _mm512_add_ps(sum, widened(other, mask));
    case PanelFinish::multiply: return _mm512_mul_ps(sum, widened(other, mask));
    case PanelFinish::relu:  // what is not a number stays
      return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(sum, zero, _CMP_NLE_UQ), sum);
    case PanelFinish::relu_grad:
      return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(widened(other, mask), zero, _CMP_GT_OQ), sum);
  }
  return sum;
}

// R lines of W vectors, sums in registers.
template <int R, int W>
DL_PAIRS inline void tile(int64_t pairs, const uint16_t* a, int64_t a_row, int64_t a_col, const uint16_t* b,
                          const float* bias, float* sums, int64_t sums_row, bool add, const PairEnd& end,
                          const uint16_t* other, const float* wide, uint16_t* c, const Columns& columns,
                          PairAhead* ahead) {
  __m512 sum[R][W];
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++)
      sum[i][j] = add    ? _mm512_maskz_loadu_ps(columns.mask[j], sums + i * sums_row + j * kLanes)
                  : bias ? _mm512_loadu_ps(bias + j * kLanes)
                         : _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < R && c; i++) {
    __builtin_prefetch(c + i * end.c_row, 1);
    if (other) __builtin_prefetch(other + i * end.other_row);
  }
#pragma GCC unroll 8
  for (int i = 0; i < R && wide; i++)
    for (int64_t j = 0; j < W * kLanes; j += kLanes) {
      __builtin_prefetch(sums + i * sums_row + j, 1);
      __builtin_prefetch(wide + i * end.other_row + j);
    }
  const uint16_t* next = a + R * a_row;
  while (pairs > 0) {
    if (!ahead) {
#pragma GCC unroll 8
      for (int i = 0; i < R; i++) __builtin_prefetch(next + i * a_row);
      next += 2 * kLinePairs;
    } else if (ahead->left > 0) {
      for (int64_t i = 0; i < ahead->rate; i++, ahead->at += ahead->step)
        for (int64_t n = 0; n < ahead->numbers; n += 2 * kLinePairs) __builtin_prefetch(ahead->at + n, 0, 2);
      ahead->left -= ahead->rate;
    }
    int64_t here = pairs < kLinePairs ? pairs : kLinePairs;
    pairs -= here;
#pragma GCC unroll 1
    for (; here > 0; here--) {
      __m512i line[W];
#pragma GCC unroll 2
      for (int j = 0; j < W; j++) line[j] = _mm512_loadu_si512(b + j * 2 * kLanes);
#pragma GCC unroll 8
      for (int i = 0; i < R; i++) {
        int32_t two;
        __builtin_memcpy(&two, a + i * a_row, sizeof two);
        const __m512i both = _mm512_set1_epi32(two);
#pragma GCC unroll 2
        for (int j = 0; j < W; j++) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], (__m512bh)both, (__m512bh)line[j]);
      }
      a += a_col;
      b += W * 2 * kLanes;
    }
  }
  if (!c) {
#pragma GCC unroll 8
    for (int i = 0; i < R; i++)
#pragma GCC unroll 2
      for (int j = 0; j < W; j++) {
        __m512 done = finished(sum[i][j], end.finish, wide + i * end.other_row + j * kLanes, columns.mask[j]);
        _mm512_mask_storeu_ps(sums + i * sums_row + j * kLanes, columns.mask[j], done);
      }
    return;
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) {
      __m512 done = finished(sum[i][j], end.finish, other + i * end.other_row + j * kLanes, columns.mask[j]);
      _mm256_mask_storeu_epi16(c + i * end.c_row + j * kLanes, columns.mask[j], (__m256i)_mm512_cvtneps_pbh(done));
    }
}

template <int W, int R = kRows>
DL_PAIRS inline void last_rows(int64_t m, int64_t pairs, const uint16_t* a, int64_t a_row, int64_t a_col,
                               const uint16_t* b, const float* bias, float* sums, int64_t sums_row, bool add,
                               const PairEnd& end, const uint16_t* other, const float* wide, uint16_t* c,
                               const Columns& columns, PairAhead* ahead) {
  if constexpr (R > 0) {
    if (m == R)
      return tile<R, W>(pairs, a, a_row, a_col, b, bias, sums, sums_row, add, end, other, wide, c, columns, ahead);
    last_rows<W, R - 1>(m, pairs, a, a_row, a_col, b, bias, sums, sums_row, add, end, other, wide, c, columns, ahead);
  }
}

template <int W>
DL_PAIRS void rows(int64_t m, int64_t n, int64_t pairs, const uint16_t* a, int64_t a_row, int64_t a_col,
                   const uint16_t* b, const float* bias, float* sums, int64_t sums_row, bool add, const PairEnd& end,
                   PairAhead* ahead) {
  const Columns columns(n);
  for (int64_t i = 0; i < m; i += kRows)
    last_rows<W>(m - i < kRows ? m - i : kRows, pairs, a + i * a_row, a_row, a_col, b, bias,
                 sums ? sums + i * sums_row : nullptr, sums_row, add, end,
                 end.other ? end.other + i * end.other_row : nullptr, end.wide ? end.wide + i * end.other_row : nullptr,
                 end.c ? end.c + i * end.c_row : nullptr, columns, ahead);
}

void multiply(int64_t m, int64_t n, int64_t pairs, const uint16_t* a, int64_t a_row, int64_t a_col, const uint16_t* b,
              const float* bias, float* sums, int64_t sums_row, bool add, const PairEnd& end, PairAhead* ahead) {
  (n > kLanes ? rows<2> : rows<1>)(m, n, pairs, a, a_row, a_col, b, bias, sums, sums_row, add, end, ahead);
}

#else
constexpr decltype(PairTable::multiply) multiply = nullptr;
#endif

}  // namespace

extern const PairTable pair_table;
constexpr PairTable pair_table = {multiply, interleave};

}  // namespace DL_ISA
}  // namespace dl
