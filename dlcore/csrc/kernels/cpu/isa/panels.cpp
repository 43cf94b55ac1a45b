#include "kernels/cpu/isa/panels.h"

#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

using V = Vec<float>;
constexpr int64_t kLanes = lanes<float>();
constexpr int kRows = kVecBytes == 64 ? 8 : 6;  // two vectors a line: as many sums as registers hold beside operands

constexpr int64_t kEvery = 8;  // lines of b to one of each stream
constexpr int64_t kLine = 16;  // numbers in a line of the cache

// R lines of W vectors. The compiler keeps `sum` in registers: everything is unrolled.
template <int R, int W, bool Ahead>
inline void tile(int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step, float* c,
                 int64_t c_row, PanelStart start, const float* bias, PanelStream* streams) {
  V sum[R][W];
  if constexpr (Ahead)  // else lines of c that are far away would wait for each other when they are written
#pragma GCC unroll 8
    for (int i = 0; i < R; i++)
#pragma GCC unroll 2
      for (int j = 0; j < W; j++) __builtin_prefetch(c + i * c_row + j * kLanes, 1);
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++)
      sum[i][j] = start == PanelStart::zero   ? V{}
                  : start == PanelStart::bias ? vec_load<V>(bias + j * kLanes)
                                              : vec_load<V>(c + i * c_row + j * kLanes);
  auto one = [&]() __attribute__((always_inline)) {
    V line[W];
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) line[j] = vec_load<V>(b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < R; i++)
#pragma GCC unroll 2
      for (int j = 0; j < W; j++) sum[i][j] += a[i * a_row] * line[j];
    a += a_col;
    b += b_step;
  };
  if constexpr (Ahead) {
    const float *x = streams[0].at, *y = streams[1].at;
    const int64_t xs = streams[0].step, ys = streams[1].step;
    for (; k >= kEvery; k -= kEvery) {
      for (int64_t i = 0; i < kStreamWidth; i += kLine) {
        __builtin_prefetch(x + i, 0, 2);
        __builtin_prefetch(y + i, 0, 2);
      }
      x += xs;
      y += ys;
#pragma GCC unroll 1
      for (int q = 0; q < kEvery; q++) one();
    }
  }
  for (; k > 0; k--) one();
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) vec_store(c + i * c_row + j * kLanes, sum[i][j]);
}

// `rows` more were asked for.
inline void advance(PanelStream& s, int64_t rows) {
  if (!s.left) return;
  s.row += rows;
  s.at += rows * s.step;
  if (s.row < s.rows) return;
  s.at += kStreamWidth - s.row * s.step;
  s.row = 0;
  if (!--s.left) s.step = 0;
}

template <int W, bool Ahead, int R = kRows>
inline void last_rows(int64_t m, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
                      int64_t b_step, float* c, int64_t c_row, PanelStart start, const float* bias,
                      PanelStream* streams) {
  if constexpr (R > 0) {
    if (m == R) return tile<R, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias, streams);
    last_rows<W, Ahead, R - 1>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, streams);
  }
}

template <int W, bool Ahead>
void rows(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step,
          float* c, int64_t c_row, PanelStart start, const float* bias, PanelStream* streams) {
  constexpr int64_t width = W * kLanes;
  if (n == width) {
    for (; m >= kRows; m -= kRows, a += kRows * a_row, c += kRows * c_row) {
      tile<kRows, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias, streams);
      if constexpr (Ahead)
        for (int s = 0; s < 2; s++) advance(streams[s], k / kEvery);
    }
    return last_rows<W, false>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, streams);
  }
  float whole[kRows * width] = {}, padded[width] = {};  // fewer columns than a panel: made here, copied from here
  if (start == PanelStart::bias) __builtin_memcpy(padded, bias, size_t(n) * sizeof(float));
  for (; m > 0; m -= kRows, a += kRows * a_row, c += kRows * c_row) {
    int64_t here = m < kRows ? m : kRows;
    if (start == PanelStart::c)
      for (int64_t i = 0; i < here; i++) __builtin_memcpy(whole + i * width, c + i * c_row, size_t(n) * sizeof(float));
    last_rows<W, false>(here, k, a, a_row, a_col, b, b_step, whole, width, start, padded, streams);
    for (int64_t i = 0; i < here; i++) __builtin_memcpy(c + i * c_row, whole + i * width, size_t(n) * sizeof(float));
  }
}

void multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
              int64_t b_step, float* c, int64_t c_row, PanelStart start, const float* bias, PanelStream* streams) {
  auto run = streams ? (n > kLanes ? rows<2, true> : rows<1, true>) : (n > kLanes ? rows<2, false> : rows<1, false>);
  run(m, n, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, streams);
}

}  // namespace

extern const PanelTable panel_table;
constexpr PanelTable panel_table = {int(2 * kLanes), int(kLanes), multiply};

}  // namespace DL_ISA
}  // namespace dl
