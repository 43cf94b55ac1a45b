#include "kernels/cpu/isa/panels.h"

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

using V = Vec<float>;
constexpr int64_t kLanes = lanes<float>();
constexpr int kRows = kVecBytes == 64 ? 8 : 6;  // two vectors a line: as many sums as registers hold beside operands

constexpr int64_t kAhead = 32;  // lines between one that is asked for and the one that is worked on

// R lines of W vectors. The compiler keeps `sum` in registers: everything is unrolled.
template <int R, int W, bool Ahead>
inline void tile(int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step, float* c,
                 int64_t c_row, PanelStart start, const float* bias) {
  V sum[R][W];
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++)
      sum[i][j] = start == PanelStart::zero   ? V{}
                  : start == PanelStart::bias ? vec_load<V>(bias + j * kLanes)
                                              : vec_load<V>(c + i * c_row + j * kLanes);
  for (int64_t p = 0; p < k; p++) {
    if constexpr (Ahead) {
      __builtin_prefetch(a + kAhead * a_col);
      for (int j = 0; j < W; j++) __builtin_prefetch(b + kAhead * b_step + j * kLanes);
    }
    V line[W];
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) line[j] = vec_load<V>(b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < R; i++)
#pragma GCC unroll 2
      for (int j = 0; j < W; j++) sum[i][j] += a[i * a_row] * line[j];
    a += a_col;
    b += b_step;
  }
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) vec_store(c + i * c_row + j * kLanes, sum[i][j]);
}

template <int W, bool Ahead, int R = kRows>
inline void last_rows(int64_t m, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
                      int64_t b_step, float* c, int64_t c_row, PanelStart start, const float* bias) {
  if constexpr (R > 0) {
    if (m == R) return tile<R, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias);
    last_rows<W, Ahead, R - 1>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias);
  }
}

template <int W, bool Ahead>
void rows(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step,
          float* c, int64_t c_row, PanelStart start, const float* bias) {
  constexpr int64_t width = W * kLanes;
  if (n == width) {
    for (; m >= kRows; m -= kRows, a += kRows * a_row, c += kRows * c_row)
      tile<kRows, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias);
    return last_rows<W, Ahead>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias);
  }
  float whole[kRows * width] = {}, padded[width] = {};  // fewer columns than a panel: made here, copied from here
  if (start == PanelStart::bias) __builtin_memcpy(padded, bias, size_t(n) * sizeof(float));
  for (; m > 0; m -= kRows, a += kRows * a_row, c += kRows * c_row) {
    int64_t here = m < kRows ? m : kRows;
    if (start == PanelStart::c)
      for (int64_t i = 0; i < here; i++) __builtin_memcpy(whole + i * width, c + i * c_row, size_t(n) * sizeof(float));
    last_rows<W, Ahead>(here, k, a, a_row, a_col, b, b_step, whole, width, start, padded);
    for (int64_t i = 0; i < here; i++) __builtin_memcpy(c + i * c_row, whole + i * width, size_t(n) * sizeof(float));
  }
}

template <bool Ahead>
void multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
              int64_t b_step, float* c, int64_t c_row, PanelStart start, const float* bias) {
  (n > kLanes ? rows<2, Ahead> : rows<1, Ahead>)(m, n, k, a, a_row, a_col, b, b_step, c, c_row, start, bias);
}

}  // namespace

extern const PanelTable panel_table;
constexpr PanelTable panel_table = {int(2 * kLanes), int(kLanes), multiply<false>, multiply<true>};

}  // namespace DL_ISA
}  // namespace dl
