// The loops of transpose_table.h: squares held in registers where the set has the shuffles, plain loops at the edges.
#include "kernels/cpu/isa/transpose_table.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

template <class T>
void plain(int64_t rows, int64_t cols, const T* src, int64_t ss, T* dst, int64_t ds) {
  for (int64_t c = 0; c < cols; c++)
    for (int64_t r = 0; r < rows; r++) dst[c * ds + r] = src[r * ss + c];
}

// A whole square of side kSide<T>; the compiler unrolls and keeps it in registers.
template <class T>
constexpr int kSide = 8;
template <class T>
inline __attribute__((always_inline)) void square(const T* src, int64_t ss, T* dst, int64_t ds) {
  T block[kSide<T>][kSide<T>];
  for (int r = 0; r < kSide<T>; r++) __builtin_memcpy(block[r], src + r * ss, sizeof block[r]);
  for (int c = 0; c < kSide<T>; c++) {
    T line[kSide<T>];
    for (int r = 0; r < kSide<T>; r++) line[r] = block[r][c];
    __builtin_memcpy(dst + c * ds, line, sizeof line);
  }
}

#ifdef __AVX2__
template <>
inline __attribute__((always_inline)) void square(const uint32_t* src, int64_t ss, uint32_t* dst, int64_t ds) {
  const float* s = reinterpret_cast<const float*>(src);
  float* d = reinterpret_cast<float*>(dst);
  __m256 r0 = _mm256_loadu_ps(s), r1 = _mm256_loadu_ps(s + ss), r2 = _mm256_loadu_ps(s + 2 * ss);
  __m256 r3 = _mm256_loadu_ps(s + 3 * ss), r4 = _mm256_loadu_ps(s + 4 * ss), r5 = _mm256_loadu_ps(s + 5 * ss);
  __m256 r6 = _mm256_loadu_ps(s + 6 * ss), r7 = _mm256_loadu_ps(s + 7 * ss);
  __m256 a0 = _mm256_unpacklo_ps(r0, r1), a1 = _mm256_unpackhi_ps(r0, r1);
  __m256 a2 = _mm256_unpacklo_ps(r2, r3), a3 = _mm256_unpackhi_ps(r2, r3);
  __m256 a4 = _mm256_unpacklo_ps(r4, r5), a5 = _mm256_unpackhi_ps(r4, r5);
  __m256 a6 = _mm256_unpacklo_ps(r6, r7), a7 = _mm256_unpackhi_ps(r6, r7);
  r0 = _mm256_shuffle_ps(a0, a2, 0x44), r1 = _mm256_shuffle_ps(a0, a2, 0xee);
  r2 = _mm256_shuffle_ps(a1, a3, 0x44), r3 = _mm256_shuffle_ps(a1, a3, 0xee);
  r4 = _mm256_shuffle_ps(a4, a6, 0x44), r5 = _mm256_shuffle_ps(a4, a6, 0xee);
  r6 = _mm256_shuffle_ps(a5, a7, 0x44), r7 = _mm256_shuffle_ps(a5, a7, 0xee);
  _mm256_storeu_ps(d, _mm256_permute2f128_ps(r0, r4, 0x20));
  _mm256_storeu_ps(d + ds, _mm256_permute2f128_ps(r1, r5, 0x20));
  _mm256_storeu_ps(d + 2 * ds, _mm256_permute2f128_ps(r2, r6, 0x20));
  _mm256_storeu_ps(d + 3 * ds, _mm256_permute2f128_ps(r3, r7, 0x20));
  _mm256_storeu_ps(d + 4 * ds, _mm256_permute2f128_ps(r0, r4, 0x31));
  _mm256_storeu_ps(d + 5 * ds, _mm256_permute2f128_ps(r1, r5, 0x31));
  _mm256_storeu_ps(d + 6 * ds, _mm256_permute2f128_ps(r2, r6, 0x31));
  _mm256_storeu_ps(d + 7 * ds, _mm256_permute2f128_ps(r3, r7, 0x31));
}
#endif

template <class T>
void transpose(int64_t rows, int64_t cols, const void* src, int64_t ss, void* dst, int64_t ds) {
  const T* s = static_cast<const T*>(src);
  T* d = static_cast<T*>(dst);
  constexpr int side = kSide<T>;
  int64_t whole_rows = rows / side * side, whole_cols = cols / side * side;
  for (int64_t r = 0; r < whole_rows; r += side)
    for (int64_t c = 0; c < whole_cols; c += side) square<T>(s + r * ss + c, ss, d + c * ds + r, ds);
  if (whole_cols < cols) plain(whole_rows, cols - whole_cols, s + whole_cols, ss, d + whole_cols * ds, ds);
  if (whole_rows < rows) plain(rows - whole_rows, cols, s + whole_rows * ss, ss, d + whole_rows, ds);
}

}  // namespace

constexpr TransposeTable transpose_table = {
    {transpose<uint8_t>, transpose<uint16_t>, transpose<uint32_t>, transpose<uint64_t>}};

}  // namespace DL_ISA
}  // namespace dl
