#include "kernels/cpu/isa/winograd.h"

#include "kernels/cpu/isa/vec_half.h"

namespace dl {
namespace DL_ISA {
namespace {

// The algorithm evaluates polynomials at 0, +-p, +-q and infinity. Any p and q will do; these lose fewer digits than
// the usual 1 and 2, and their squares are exact.
constexpr float kP = 0.625f, kQ = 1.5f, kP2 = kP * kP, kQ2 = kQ * kQ;
constexpr float kAtZero = 1 / (kP2 * kQ2), kAtP = 1 / (2 * kP2 * (kP2 - kQ2)), kAtQ = 1 / (2 * kQ2 * (kQ2 - kP2));

// One axis of each transform: from d (numbers `s` apart) to r (`t` apart).
template <class V>
DL_INLINE void input_line(const V* d, int s, V* r, int t) {
  V a = d[4 * s] - kQ2 * d[2 * s], b = kP * (d[3 * s] - kQ2 * d[s]);
  V c = d[4 * s] - kP2 * d[2 * s], e = kQ * (d[3 * s] - kP2 * d[s]);
  r[0] = (kP2 * kQ2) * d[0] - (kP2 + kQ2) * d[2 * s] + d[4 * s];
  r[t] = a + b;
  r[2 * t] = a - b;
  r[3 * t] = c + e;
  r[4 * t] = c - e;
  r[5 * t] = (kP2 * kQ2) * d[s] - (kP2 + kQ2) * d[3 * s] + d[5 * s];
}
template <class V>
DL_INLINE void output_line(const V* m, int s, V* y, int t) {
  V a = m[s] + m[2 * s], b = m[s] - m[2 * s], c = m[3 * s] + m[4 * s], e = m[3 * s] - m[4 * s];
  y[0] = m[0] + a + c;
  y[t] = kP * b + kQ * e;
  y[2 * t] = kP2 * a + kQ2 * c;
  y[3 * t] = (kP * kP2) * b + (kQ * kQ2) * e + m[5 * s];
}
template <class V>
DL_INLINE void output_adjoint_line(const V* g, int s, V* r, int t) {
  V a = g[0] + kP2 * g[2 * s], b = kP * g[s] + (kP * kP2) * g[3 * s];
  V c = g[0] + kQ2 * g[2 * s], e = kQ * g[s] + (kQ * kQ2) * g[3 * s];
  r[0] = g[0];
  r[t] = a + b;
  r[2 * t] = a - b;
  r[3 * t] = c + e;
  r[4 * t] = c - e;
  r[5 * t] = g[3 * s];
}
template <class V>
DL_INLINE void filter_line(const V* g, int s, V* r, int t) {
  V a = kAtP * (g[0] + kP2 * g[2 * s]), b = (kAtP * kP) * g[s];
  V c = kAtQ * (g[0] + kQ2 * g[2 * s]), e = (kAtQ * kQ) * g[s];
  r[0] = kAtZero * g[0];
  r[t] = a + b;
  r[2 * t] = a - b;
  r[3 * t] = c + e;
  r[4 * t] = c - e;
  r[5 * t] = g[2 * s];
}
template <class V>
DL_INLINE void filter_adjoint_line(const V* m, int s, V* w, int t) {
  V a = kAtP * (m[s] + m[2 * s]), b = (kAtP * kP) * (m[s] - m[2 * s]);
  V c = kAtQ * (m[3 * s] + m[4 * s]), e = (kAtQ * kQ) * (m[3 * s] - m[4 * s]);
  w[0] = kAtZero * m[0] + a + c;
  w[t] = b + e;
  w[2 * t] = kP2 * a + kQ2 * c + m[5 * s];
}

// f(V(), i) for strips of channels as wide as a vector, or one number at the end.
template <class F>
DL_INLINE void for_strips(int64_t c, F&& f) {
  int64_t i = 0;
  for (; i + lanes<float>() <= c; i += lanes<float>()) f(Vec<float>(), i);
  for (; i < c; i++) f(0.0f, i);
}

// An N x N patch of one strip, with zeros where there is none.
template <int N, class T, class V>
DL_INLINE void load_patch(const WinogradPatch& p, int64_t strip, V* d) {
  const T* at = static_cast<const T*>(p.data) + strip;
  if (p.row1 - p.row0 == N && p.col1 - p.col0 == N) {
#pragma GCC unroll 6
    for (int i = 0; i < N; i++)
#pragma GCC unroll 6
      for (int j = 0; j < N; j++) d[i * N + j] = get<V>(at + i * p.row + j * p.col);
    return;
  }
  for (int i = 0; i < N * N; i++) d[i] = V{};
  for (int i = p.row0; i < p.row1; i++)
    for (int j = p.col0; j < p.col1; j++) d[i * N + j] = get<V>(at + (i - p.row0) * p.row + (j - p.col0) * p.col);
}

template <class T>
void input(const WinogradPatch& x, int64_t channels, float* v, int64_t point) {
  for_strips(channels, [&](auto zero, int64_t strip) {
    using V = decltype(zero);
    V d[36], t[36], r[6];
    load_patch<6, T>(x, strip, d);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) input_line(d + j, 6, t + j, 6);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
      input_line(t + 6 * i, 1, r, 1);
      for (int j = 0; j < 6; j++) vec_store(v + (6 * i + j) * point + strip, r[j]);
    }
  });
}

template <class V>
DL_INLINE V bounded(V v, Act act) {  // comparisons with NaN are false: it stays
  if (act != Act::none) v = v < 0.0f ? V{} : v;
  if (act == Act::relu6) v = v > 6.0f ? V{} + 6.0f : v;
  return v;
}

template <class T>
void output(const float* m, int64_t point, int64_t channels, const float* bias, const void* add, Act act, int rows,
            int cols, void* y, int64_t row, int64_t col) {
  const T* plus = static_cast<const T*>(add);
  T* to = static_cast<T*>(y);
  for_strips(channels, [&](auto zero, int64_t strip) {
    using V = decltype(zero);
    V d[6], t[24], r[4], b = bias ? vec_load<V>(bias + strip) : V{};
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      for (int i = 0; i < 6; i++) d[i] = vec_load<V>(m + (6 * i + j) * point + strip);
      output_line(d, 1, t + j, 6);
    }
    for (int i = 0; i < rows; i++) {
      output_line(t + 6 * i, 1, r, 1);
      for (int j = 0; j < cols; j++) {
        int64_t at = i * row + j * col + strip;
        V v = rounded(r[j] + b, to);
        if (plus) v = rounded(v + get<V>(plus + at), to);
        put(to + at, bounded(v, act));
      }
    }
  });
}

template <class T>
void output_adjoint(const WinogradPatch& g, int64_t channels, float* e, int64_t point) {
  for_strips(channels, [&](auto zero, int64_t strip) {
    using V = decltype(zero);
    V d[16], t[24], r[6];
    load_patch<4, T>(g, strip, d);
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) output_adjoint_line(d + j, 4, t + j, 4);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
      output_adjoint_line(t + 4 * i, 1, r, 1);
      for (int j = 0; j < 6; j++) vec_store(e + (6 * i + j) * point + strip, r[j]);
    }
  });
}

template <class T>
void filter(const void* weights, int64_t lane, int64_t row, int64_t col, int64_t count, float* u, int64_t point) {
  const T* w = static_cast<const T*>(weights);
  for_strips(count, [&](auto zero, int64_t strip) {
    using V = decltype(zero);
    constexpr int64_t n = int64_t(sizeof(V) / sizeof(float));
    float taps[9 * n];
    for (int64_t l = 0; l < n; l++)
      for (int k = 0; k < 9; k++) taps[k * n + l] = get<float>(w + (strip + l) * lane + k / 3 * row + k % 3 * col);
    V g[9], t[18], r[6];
#pragma GCC unroll 9
    for (int k = 0; k < 9; k++) g[k] = vec_load<V>(taps + k * n);
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) filter_line(g + j, 3, t + j, 3);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) {
      filter_line(t + 3 * i, 1, r, 1);
      for (int j = 0; j < 6; j++) vec_store(u + (6 * i + j) * point + strip, r[j]);
    }
  });
}

template <class T>
void filter_adjoint(const float* s, int64_t point, int64_t count, void* weights, int64_t lane, int64_t row,
                    int64_t col) {
  T* w = static_cast<T*>(weights);
  for_strips(count, [&](auto zero, int64_t strip) {
    using V = decltype(zero);
    constexpr int64_t n = int64_t(sizeof(V) / sizeof(float));
    V d[6], t[18], r[3];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
      for (int i = 0; i < 6; i++) d[i] = vec_load<V>(s + (6 * i + j) * point + strip);
      filter_adjoint_line(d, 1, t + j, 6);
    }
    float taps[9 * n];
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++) {
      filter_adjoint_line(t + 6 * i, 1, r, 1);
      for (int j = 0; j < 3; j++) vec_store(taps + (3 * i + j) * n, r[j]);
    }
    for (int64_t l = 0; l < n; l++)
      for (int k = 0; k < 9; k++) put(w + (strip + l) * lane + k / 3 * row + k % 3 * col, taps[k * n + l]);
  });
}

}  // namespace

template <class T>
constexpr WinogradImages make() {
  return {input<T>, output<T>, output_adjoint<T>, filter<T>, filter_adjoint<T>};
}
extern const WinogradTable winograd_table;
constexpr WinogradTable winograd_table = {make<float>(), make<uint16_t>()};

}  // namespace DL_ISA
}  // namespace dl
