#include "kernels/cpu/isa/attention.h"

#include <limits>

#include "kernels/cpu/isa/philox.h"
#include "kernels/cpu/isa/vec.h"
#include "kernels/cpu/isa/vmath_f32.h"
#include "kernels/cpu/isa/vmath_f64.h"

namespace dl {
namespace DL_ISA {
namespace {

// Lines are worked on in whole vectors where nothing else is read beside them: what lies behind their end is no one's.
template <class T>
DL_INLINE int64_t padded(int64_t n) {
  return (n + lanes<T>() - 1) / lanes<T>() * lanes<T>();
}

// How many numbers of line r count.
template <class T>
DL_INLINE int64_t count(const ScoreTile<T>& t, int64_t r) {
  int64_t own = t.first + r * t.step;
  return own < 0 ? 0 : own > t.n ? t.n : own;
}

// Zeros from number `own` on, to the end of the line and of its last vector.
template <class T>
DL_INLINE void clear(T* s, int64_t own, int64_t n) {
  int64_t end = padded<T>(own) > n ? padded<T>(own) : n;
  for (int64_t i = own; i < end; i++) s[i] = 0;
}

template <class T>
void largest(const ScoreTile<T>& t, T* top) {
  const T scale = t.scale;
  for (int64_t r = 0; r < t.m; r++) {
    T *s = t.s + r * t.ld, m = top[r];
    int64_t own = count(t, r);
    if (t.mask) {
      const T* mask = t.mask + r * t.mask_row;
#pragma omp simd reduction(max : m)
      for (int64_t i = 0; i < own; i++) {
        T v = s[i] * scale + mask[i];
        s[i] = v;
        m = v > m ? v : m;
      }
    } else if (own) {
      int64_t whole = padded<T>(own);
      for (int64_t i = own; i < whole; i++) s[i] = s[0];
#pragma omp simd reduction(max : m)
      for (int64_t i = 0; i < whole; i++) {
        T v = s[i] * scale;
        m = v > m ? v : m;
      }
    }
    top[r] = m;
  }
}

template <class T>
DL_INLINE void keep(T* s, const T* kept, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) s[i] *= kept[i];
}

template <class T>
void exps(const ScoreTile<T>& t, const T* top, T* sum) {
  const T scale = t.mask ? T(1) : t.scale;
  for (int64_t r = 0; r < t.m; r++) {
    T *s = t.s + r * t.ld, m = top[r], all = 0;
    int64_t own = m == -std::numeric_limits<T>::infinity() ? 0 : count(t, r), whole = padded<T>(own);
#pragma omp simd
    for (int64_t i = 0; i < whole; i++) s[i] = vm_exp_normal(s[i] * scale - m);
    clear(s, own, t.n);
#pragma omp simd reduction(+ : all)
    for (int64_t i = 0; i < whole; i++) all += s[i];
    sum[r] += all;
    if (t.kept) keep(s, t.kept + r * t.ld, own);
  }
}

template <class T>
void slopes(const ScoreTile<T>& t, T* slope, const T* lse, const T* inner) {
  const T scale = t.scale;
  for (int64_t r = 0; r < t.m; r++) {
    T *s = t.s + r * t.ld, *d = slope + r * t.ld, l = lse[r], middle = inner[r];
    int64_t own = l == -std::numeric_limits<T>::infinity() ? 0 : count(t, r), whole = padded<T>(own);
    if (t.kept) keep(d, t.kept + r * t.ld, own);
    if (t.mask) {
      const T* mask = t.mask + r * t.mask_row;
#pragma omp simd
      for (int64_t i = 0; i < own; i++) {
        T p = vm_exp_normal(s[i] * scale + mask[i] - l);
        s[i] = p;
        d[i] = p * (d[i] - middle) * scale;
      }
    } else {
#pragma omp simd
      for (int64_t i = 0; i < whole; i++) {
        T p = vm_exp_normal(s[i] * scale - l);
        s[i] = p;
        d[i] = p * (d[i] - middle) * scale;
      }
    }
    if (t.kept) keep(s, t.kept + r * t.ld, own);
    clear(s, own, t.n);
    clear(d, own, t.n);
  }
}

template <class T>
void scaled(T* x, int64_t row, int64_t m, int64_t n, const T* factor) {
  for (int64_t r = 0; r < m; r++) {
    T *line = x + r * row, f = factor[r];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) line[i] *= f;
  }
}

template <class T>
void dots(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t m, int64_t n, T* out) {
  for (int64_t r = 0; r < m; r++) {
    const T *x = a + r * a_row, *y = b + r * b_row;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
    out[r] = sum;
  }
}

template <class T>
void logs(T* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) x[i] = vm_log(x[i]);
}

template <class T>
void factors(const DropWords& from, uint64_t first, int64_t groups, T factor, T* line, T* below) {
  constexpr int64_t kGroups = 16, kBlocks = 8 * kGroups;
  uint32_t words[4][kBlocks];
  for (int64_t g = 0; g < groups; g += kGroups) {
    int64_t n = groups - g < kGroups ? groups - g : kGroups;
    const uint64_t at = first + uint64_t(8 * g);
#pragma omp simd
    for (int64_t j = 0; j < 8 * n; j++) {
      const uint64_t block = at + uint64_t(j);
      PhiloxWords w = philox_words(from.seed, from.block, uint32_t(block), uint32_t(block >> 32) | 0x80000000u);
      words[0][j] = w.x0, words[1][j] = w.x1, words[2][j] = w.x2, words[3][j] = w.x3;
    }
    for (int64_t k = 0; k < n; k++)
      for (int half = 0; half < 2; half++) {
        T *up = line + 16 * (g + k) + 8 * half, *down = below + 16 * (g + k) + 8 * half;
#pragma omp simd
        for (int j = 0; j < 8; j++) {
          up[j] = (words[half][8 * k + j] >> 8) < from.threshold ? T(0) : factor;
          down[j] = (words[2 + half][8 * k + j] >> 8) < from.threshold ? T(0) : factor;
        }
      }
  }
}

template <class T>
constexpr AttentionTile<T> tiles() {
  return {largest<T>, exps<T>, slopes<T>, scaled<T>, dots<T>, logs<T>, factors<T>};
}

}  // namespace

extern const AttentionTable attention_table;
constexpr AttentionTable attention_table = {tiles<float>(), tiles<double>()};

}  // namespace DL_ISA
}  // namespace dl
