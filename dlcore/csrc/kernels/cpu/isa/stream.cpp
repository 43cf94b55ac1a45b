#include "kernels/cpu/isa/stream.h"

#include "kernels/cpu/isa/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

#if defined(__x86_64__)
inline __attribute__((always_inline)) void put_line(const char* s, char* d) {  // 64 bytes; d is aligned
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(d), _mm512_loadu_si512(s));
#elif defined(__AVX2__)
  __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s));
  __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s + 32));
  _mm256_stream_si256(reinterpret_cast<__m256i*>(d), a);
  _mm256_stream_si256(reinterpret_cast<__m256i*>(d + 32), b);
#else
  for (int i = 0; i < 64; i += 16)
    _mm_stream_si128(reinterpret_cast<__m128i*>(d + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(s + i)));
#endif
}

void copy(int64_t bytes, const void* src, void* dst) {
  const char* s = static_cast<const char*>(src);
  char* d = static_cast<char*>(dst);
  int64_t head = int64_t(-reinterpret_cast<uintptr_t>(d) & 63);
  if (head > bytes) head = bytes;
  if (head) __builtin_memcpy(d, s, size_t(head));
  int64_t i = head;
  for (; i + 64 <= bytes; i += 64) put_line(s + i, d + i);
  if (i < bytes) __builtin_memcpy(d + i, s + i, size_t(bytes - i));
}
void finish() { _mm_sfence(); }
#else
void copy(int64_t bytes, const void* src, void* dst) { __builtin_memcpy(dst, src, size_t(bytes)); }
void finish() {}
#endif

// The first and the last W of `bytes`, at most two of them.
template <class W>
inline __attribute__((always_inline)) void both_ends(int64_t bytes, const char* s, char* d) {
  W first, last;
  __builtin_memcpy(&first, s, sizeof(W));
  __builtin_memcpy(&last, s + bytes - int64_t(sizeof(W)), sizeof(W));
  __builtin_memcpy(d, &first, sizeof(W));
  __builtin_memcpy(d + bytes - int64_t(sizeof(W)), &last, sizeof(W));
}
typedef char Half __attribute__((vector_size(32)));
typedef char Quarter __attribute__((vector_size(16)));

// Both ends as they lie, between them whole vectors where the destination has them: four are read, then four written.
inline __attribute__((always_inline)) void row(int64_t bytes, const char* s, char* d) {
  using V = Vec<char>;
  if (bytes < kVecBytes) {
    if (bytes >= 32) return both_ends<Half>(bytes, s, d);
    if (bytes >= 16) return both_ends<Quarter>(bytes, s, d);
    if (bytes >= 8) return both_ends<uint64_t>(bytes, s, d);
    if (bytes >= 4) return both_ends<uint32_t>(bytes, s, d);
    for (int64_t i = 0; i < bytes; i++) d[i] = s[i];
    return;
  }
  const V first = vec_load<V>(s), last = vec_load<V>(s + bytes - kVecBytes);
  int64_t i = kVecBytes - int64_t(reinterpret_cast<uintptr_t>(d) & (kVecBytes - 1));
  for (; i + 4 * kVecBytes <= bytes; i += 4 * kVecBytes) {
    V v[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) v[k] = vec_load<V>(s + i + k * kVecBytes);
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) vec_store(d + i + k * kVecBytes, v[k]);
  }
  for (; i + kVecBytes <= bytes; i += kVecBytes) vec_store(d + i, vec_load<V>(s + i));
  vec_store(d, first);
  vec_store(d + bytes - kVecBytes, last);
}

void through(int64_t bytes, const void* src, void* dst) {
  row(bytes, static_cast<const char*>(src), static_cast<char*>(dst));
}
void rows(int64_t count, int64_t bytes, const void* src, int64_t src_step, void* dst, int64_t dst_step) {
  const char* s = static_cast<const char*>(src);
  char* d = static_cast<char*>(dst);
  for (int64_t r = 0; r < count; r++) row(bytes, s + r * src_step, d + r * dst_step);
}

}  // namespace

extern const StreamTable stream_table;
constexpr StreamTable stream_table = {copy, finish, through, rows};

}  // namespace DL_ISA
}  // namespace dl
