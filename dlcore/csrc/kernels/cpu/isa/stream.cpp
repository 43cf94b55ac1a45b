#include "kernels/cpu/isa/stream.h"

#include "kernels/cpu/isa/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dl {
namespace DL_ISA {
namespace {

#if defined(__x86_64__)
#if defined(__AVX512F__)
using Piece = __m512i;
inline __attribute__((always_inline)) Piece read(const char* s) { return _mm512_loadu_si512(s); }
inline __attribute__((always_inline)) void write(char* d, Piece v) {
  _mm512_stream_si512(reinterpret_cast<__m512i*>(d), v);
}
#elif defined(__AVX2__)
using Piece = __m256i;
inline __attribute__((always_inline)) Piece read(const char* s) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s));
}
inline __attribute__((always_inline)) void write(char* d, Piece v) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(d), v);
}
#else
using Piece = __m128i;
inline __attribute__((always_inline)) Piece read(const char* s) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(s));
}
inline __attribute__((always_inline)) void write(char* d, Piece v) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(d), v);
}
#endif

// Lines of 64 bytes, all of them read before one is written; d is aligned.
template <int Lines>
inline __attribute__((always_inline)) void put_lines(const char* s, char* d) {
  constexpr int size = int(sizeof(Piece)), count = Lines * 64 / size;
  Piece v[count];
#pragma GCC unroll 16
  for (int i = 0; i < count; i++) v[i] = read(s + i * size);
#pragma GCC unroll 16
  for (int i = 0; i < count; i++) write(d + i * size, v[i]);
}

// The bytes before the first whole line of the destination.
inline __attribute__((always_inline)) int64_t put_head(int64_t bytes, const char* s, char* d) {
  int64_t head = int64_t(-reinterpret_cast<uintptr_t>(d) & 63);
  if (head > bytes) head = bytes;
  if (head) __builtin_memcpy(d, s, size_t(head));
  return head;
}

void copy(int64_t bytes, const void* src, void* dst) {
  constexpr int64_t kLong = 16 * 1024, kAhead = 2048;  // shorter ones may be from a block in the cache
  const char* s = static_cast<const char*>(src);
  char* d = static_cast<char*>(dst);
  int64_t i = put_head(bytes, s, d);
  for (; bytes >= kLong && i + 256 + kAhead <= bytes; i += 256) {
    for (int64_t k = 0; k < 256; k += 64) _mm_prefetch(s + i + kAhead + k, _MM_HINT_T0);
    put_lines<4>(s + i, d + i);
  }
  for (; i + 256 <= bytes; i += 256) put_lines<4>(s + i, d + i);
  for (; i + 64 <= bytes; i += 64) put_lines<1>(s + i, d + i);
  if (i < bytes) __builtin_memcpy(d + i, s + i, size_t(bytes - i));
}

void send(int64_t bytes, const void* made, void* dst, const Ask* asks, int n_asks) {
  const char* s = static_cast<const char*>(made);
  char* d = static_cast<char*>(dst);
  const int64_t lines = bytes < 64 ? 1 : bytes / 64;
  int64_t each[kMostAsks];  // bytes asked for with each line
  for (int k = 0; k < n_asks; k++) each[k] = (asks[k].bytes + lines - 1) / lines;
  int64_t i = put_head(bytes, s, d);
  for (int64_t line = 0; i + 64 <= bytes; i += 64, line++) {
    for (int k = 0; k < n_asks; k++)
      for (int64_t b = 0; b < each[k]; b += 64) _mm_prefetch(asks[k].at + line * each[k] + b, _MM_HINT_T0);
    put_lines<1>(s + i, d + i);
  }
  if (i < bytes) __builtin_memcpy(d + i, s + i, size_t(bytes - i));
}
void finish() { _mm_sfence(); }
#else
void copy(int64_t bytes, const void* src, void* dst) { __builtin_memcpy(dst, src, size_t(bytes)); }
void send(int64_t bytes, const void* made, void* dst, const Ask*, int) { copy(bytes, made, dst); }
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
constexpr StreamTable stream_table = {copy, send, finish, through, rows};

}  // namespace DL_ISA
}  // namespace dl
