// The loops of move_table.h. Those with fixed numbers of lines are written so that compilers make shuffles of them.
#include "kernels/cpu/isa/move_table.h"

#include <utility>

#include "kernels/cpu/isa/vec.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

struct Wide {
  uint64_t first, second;
};

template <class T, int Bytes>
struct Turned {
  static constexpr int kLanes = Bytes / int(sizeof(T));
  typedef T V __attribute__((vector_size(Bytes)));
  V v;
  template <int... I>
  inline __attribute__((always_inline)) V turn(std::integer_sequence<int, I...>) const {
    return __builtin_shufflevector(v, v, (kLanes - 1 - I)...);
  }
  inline __attribute__((always_inline)) explicit Turned(const T* s) {
    __builtin_memcpy(&v, s, sizeof v);
    v = turn(std::make_integer_sequence<int, kLanes>());
  }
  inline __attribute__((always_inline)) void put(T* d) const { __builtin_memcpy(d, &v, sizeof v); }
};

// n elements, at least one vector of them and, but for the widest, at most two: the last one may overlap.
template <class T, int Bytes>
inline __attribute__((always_inline)) void turn_row(int64_t n, const T* s, T* d) {
  using One = Turned<T, Bytes>;
  const One last(s);
  for (int64_t i = 0; i + One::kLanes < n; i += One::kLanes) One(s + n - One::kLanes - i).put(d + i);
  last.put(d + n - One::kLanes);
}

template <class T>
void reverse(int64_t rows, int64_t n, const void* src, int64_t src_step, void* dst, int64_t dst_step) {
  constexpr int kSize = int(sizeof(T));
  for (int64_t r = 0; r < rows; r++) {
    const T* s = reinterpret_cast<const T*>(static_cast<const char*>(src) + r * src_step);
    T* d = reinterpret_cast<T*>(static_cast<char*>(dst) + r * dst_step);
    if (n * kSize >= kVecBytes) {
      turn_row<T, kVecBytes>(n, s, d);
      continue;
    }
    if constexpr (kVecBytes > 32)
      if (n * kSize >= 32) {
        turn_row<T, 32>(n, s, d);
        continue;
      }
    if constexpr (kVecBytes > 16)
      if (n * kSize >= 16) {
        turn_row<T, 16>(n, s, d);
        continue;
      }
    for (int64_t i = 0; i < n; i++) d[i] = s[n - 1 - i];
  }
}

// Of 16 bytes each.
void reverse_wide(int64_t rows, int64_t n, const void* src, int64_t src_step, void* dst, int64_t dst_step) {
  for (int64_t r = 0; r < rows; r++) {
    const Wide* s = reinterpret_cast<const Wide*>(static_cast<const char*>(src) + r * src_step);
    Wide* d = reinterpret_cast<Wide*>(static_cast<char*>(dst) + r * dst_step);
    for (int64_t i = 0; i < n; i++) d[i] = s[n - 1 - i];
  }
}

template <int K, class T>
void interleave_few(int64_t n, const void* const* src, void* dst) {
  T* d = static_cast<T*>(dst);
  const T* s[K];
  for (int j = 0; j < K; j++) s[j] = static_cast<const T*>(src[j]);
#pragma omp simd
  for (int64_t i = 0; i < n; i++)
#pragma GCC unroll 4
    for (int j = 0; j < K; j++) d[i * K + j] = s[j][i];
}

template <class T>
void interleave(int64_t n, int64_t k, const void* const* src, void* dst) {
  constexpr int64_t kBlock = 256;  // of each line, so that what is written stays in the cache until all have come
  if (k == 2) return interleave_few<2, T>(n, src, dst);
  if (k == 3) return interleave_few<3, T>(n, src, dst);
  if (k == 4) return interleave_few<4, T>(n, src, dst);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    int64_t end = begin + kBlock < n ? begin + kBlock : n;
    for (int64_t j = 0; j < k; j++) {
      const T* s = static_cast<const T*>(src[j]);
      T* d = static_cast<T*>(dst) + j;
      for (int64_t i = begin; i < end; i++) d[i * k] = s[i];
    }
  }
}

template <class T>
bool pick(int64_t n, const int64_t* at, int64_t size, const void* src, void* dst) {
  constexpr int64_t kBlock = 64;
  const T* s = static_cast<const T*>(src);
  T* d = static_cast<T*>(dst);
  if (size == kKnown) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < n; i++) d[i] = s[at[i]];
    return true;
  }
  for (int64_t k = 0; k < n; k += kBlock) {
    const int64_t end = k + kBlock < n ? k + kBlock : n;
    uint64_t signs = 0;  // of p or of size - 1 - p: says when one is outside
#pragma omp simd reduction(| : signs)
    for (int64_t i = k; i < end; i++) signs |= uint64_t(at[i]) | (uint64_t(size - 1) - uint64_t(at[i]));
    if (signs >> 63) return false;
#pragma GCC unroll 8
    for (int64_t i = k; i < end; i++) d[i] = s[at[i]];
  }
  return true;
}

int64_t count(int64_t n, const uint8_t* mask) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n;) {
    int64_t end = i + 4096 < n ? i + 4096 : n;
    uint32_t part = 0;
#pragma omp simd reduction(+ : part)
    for (int64_t k = i; k < end; k++) part += mask[k] != 0;
    sum += part;
    i = end;
  }
  return sum;
}

void places(int64_t n, const uint8_t* mask, int64_t first, int64_t count, int64_t* at) {
  int64_t i = 0, *end = at + count;
#ifdef __AVX512F__
  // Eight at a time; what is written beyond the last one found is written over by the next.
  const __m512i step = _mm512_set1_epi64(8);
  __m512i numbers = _mm512_add_epi64(_mm512_set1_epi64(first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
  for (; i + 8 <= n && end - at >= 8; i += 8) {
    __m128i flags = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(mask + i));
    __mmask8 found = __mmask8(_mm_test_epi8_mask(flags, flags));
    _mm512_storeu_si512(at, _mm512_maskz_compress_epi64(found, numbers));
    at += __builtin_popcount(found);
    numbers = _mm512_add_epi64(numbers, step);
  }
#endif
  for (; i < n && at < end; i++) {  // without a branch on the mask, whose order nobody foresees
    *at = first + i;
    at += mask[i] != 0;
  }
}

}  // namespace

constexpr MoveTable move_table = {
    {reverse<uint8_t>, reverse<uint16_t>, reverse<uint32_t>, reverse<uint64_t>, reverse_wide},
    {interleave<uint8_t>, interleave<uint16_t>, interleave<uint32_t>, interleave<uint64_t>, interleave<Wide>},
    {pick<uint8_t>, pick<uint16_t>, pick<uint32_t>, pick<uint64_t>, pick<Wide>},
    places,
    count};

}  // namespace DL_ISA
}  // namespace dl
