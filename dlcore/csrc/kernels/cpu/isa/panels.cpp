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

// f(sum, other number in its place) instead of each sum.
template <int R, int W, class F>
inline void each_sum(V (&sum)[R][W], const float* other, int64_t row, F&& f) {
#pragma GCC unroll 8
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int j = 0; j < W; j++) sum[i][j] = f(sum[i][j], vec_load<V>(other + i * row + j * kLanes));
}

template <int R, int W>
inline void finish(V (&sum)[R][W], PanelFinish how, const float* other, int64_t row) {
  const V zero{};
  switch (how) {
    case PanelFinish::none: return;
    case PanelFinish::add: return each_sum<R, W>(sum, other, row, [](V x, V o) { return x + o; });
    case PanelFinish::multiply: return each_sum<R, W>(sum, other, row, [](V x, V o) { return x * o; });
    case PanelFinish::relu_grad: return each_sum<R, W>(sum, other, row, [&](V x, V o) { return o > zero ? x : zero; });
    case PanelFinish::relu:  // what is not a number stays
#pragma GCC unroll 8
      for (int i = 0; i < R; i++)
#pragma GCC unroll 2
        for (int j = 0; j < W; j++) sum[i][j] = sum[i][j] <= zero ? zero : sum[i][j];
  }
}

// R lines of W vectors. The compiler keeps `sum` in registers: everything is unrolled.
template <int R, int W, bool Ahead>
inline void tile(int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step, float* c,
                 int64_t c_row, PanelStart start, const float* bias, const PanelBeside* beside, const float* other,
                 int64_t other_row) {
  V sum[R][W];
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
    const auto& [first, second] = beside->streams;
    const float *x = first.left ? first.at : c, *y = second.left ? second.at : c;
    const int64_t xs = first.step, ys = second.step;
    const float *to = c, *with = other;  // lines that are far away would wait for each other at the end
    for (int line = 0; k >= kEvery; k -= kEvery, line++) {
      for (int64_t i = 0; i < kStreamWidth; i += kLine) {
        __builtin_prefetch(x + i, 0, 2);
        __builtin_prefetch(y + i, 0, 2);
      }
      if (line < R) {
        for (int64_t j = 0; j < W * kLanes; j += kLine) __builtin_prefetch(to + j, 1);
        for (int64_t j = 0; j < W * kLanes && other; j += kLine) __builtin_prefetch(with + j);
        to += c_row;
        with += other_row;
      }
      x += xs;
      y += ys;
#pragma GCC unroll 1
      for (int q = 0; q < kEvery; q++) one();
    }
  }
  for (; k > 0; k--) one();
  if constexpr (Ahead) finish<R, W>(sum, beside->finish, other, other_row);
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
                      const PanelBeside* beside, const float* other, int64_t other_row) {
  if constexpr (R > 0) {
    if (m == R)
      return tile<R, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias, beside, other, other_row);
    last_rows<W, Ahead, R - 1>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, beside, other, other_row);
  }
}

template <int W, bool Ahead>
void rows(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b, int64_t b_step,
          float* c, int64_t c_row, PanelStart start, const float* bias, PanelBeside* beside) {
  constexpr int64_t width = W * kLanes;
  const float* other = Ahead ? beside->other : nullptr;
  int64_t other_row = Ahead ? beside->other_row : 0, skip = kRows * other_row;
  if (n == width) {
    for (; m >= kRows; m -= kRows, a += kRows * a_row, c += kRows * c_row, other += skip) {
      tile<kRows, W, Ahead>(k, a, a_row, a_col, b, b_step, c, c_row, start, bias, beside, other, other_row);
      if constexpr (Ahead)
        for (PanelStream& s : beside->streams) advance(s, k / kEvery);
    }
    return last_rows<W, Ahead>(m, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, beside, other, other_row);
  }
  // Fewer columns than a panel: made here, copied from here.
  float whole[kRows * width] = {}, beside_whole[kRows * width] = {}, padded[width] = {};
  auto copy = [&](int64_t lines, const float* from, int64_t from_row, float* to, int64_t to_row) {
    for (int64_t i = 0; i < lines; i++)
      __builtin_memcpy(to + i * to_row, from + i * from_row, size_t(n) * sizeof(float));
  };
  if (start == PanelStart::bias) copy(1, bias, 0, padded, 0);
  for (; m > 0; m -= kRows, a += kRows * a_row, c += kRows * c_row, other += skip) {
    int64_t here = m < kRows ? m : kRows;
    if (start == PanelStart::c) copy(here, c, c_row, whole, width);
    if (other) copy(here, other, other_row, beside_whole, width);
    last_rows<W, Ahead>(here, k, a, a_row, a_col, b, b_step, whole, width, start, padded, beside, beside_whole, width);
    copy(here, whole, width, c, c_row);
  }
}

void multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col, const float* b,
              int64_t b_step, float* c, int64_t c_row, PanelStart start, const float* bias, PanelBeside* beside) {
  auto run = beside ? (n > kLanes ? rows<2, true> : rows<1, true>) : (n > kLanes ? rows<2, false> : rows<1, false>);
  run(m, n, k, a, a_row, a_col, b, b_step, c, c_row, start, bias, beside);
}

}  // namespace

extern const PanelTable panel_table;
constexpr PanelTable panel_table = {int(2 * kLanes), int(kLanes), multiply};

}  // namespace DL_ISA
}  // namespace dl
