// Products of 16-bit floats by the panels of float32: parts of a, b and c are turned a block at a time, in memory that
// each thread keeps. Sums go over k in one order, as in panel_product, so that results have the same bits.
#include <algorithm>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/panels.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kRows = 64, kDepth = 1024, kColumns = 256;  // of a, of k, and of b, that are turned at a time
constexpr int64_t kStrip = 16;                                // blocks of rows that go through the same packed columns

// A block (rows, cols) as float32, lying the way it did.
PanelMatrix turned(const CastMatrix& x, int64_t rows, int64_t cols, float* to) {
  const CastFn cast = cast_fn(x.dtype, DType::F32);
  const int64_t size = int64_t(itemsize(x.dtype));
  const bool across = x.row == 1 && x.col != 1;
  const int64_t lines = across ? cols : rows, n = across ? rows : cols;
  const int64_t far = across ? x.col : x.row, near = across ? x.row : x.col;
  for (int64_t i = 0; i < lines; i++) cast(n, x.data + i * far * size, near, to + i * n, 1);
  return across ? PanelMatrix{to, 1, rows} : PanelMatrix{to, cols, 1};
}

}  // namespace

void cast_product(int64_t m, int64_t n, int64_t k, const CastMatrix& a, const CastMatrix& b, char* c, DType made,
                  int64_t c_row, const float* bias) {
  const int64_t step = std::min(n, kColumns), strips = (n + step - 1) / step, blocks = (m + kRows - 1) / kRows;
  const int64_t want = 8 * num_threads();
  const int64_t tall = std::clamp<int64_t>((blocks * strips + want - 1) / want, 1, kStrip);
  const int64_t cuts = (blocks + tall - 1) / tall, deep = std::min(k, kDepth);
  const CastFn cast = cast_fn(DType::F32, made);
  const int64_t size = int64_t(itemsize(made));
  parallel_for(strips * cuts, 1, [&](int64_t begin, int64_t end) {
    float* packed = panel_room(PanelRoom::product, packed_size(deep, step));
    float* plain = panel_room(PanelRoom::packed, deep * step);
    float* left = panel_room(PanelRoom::rows, deep * kRows);
    float* sums = panel_room(PanelRoom::sums, tall * kRows * step);
    for (int64_t at = begin; at < end; at++) {
      const int64_t j = at / cuts * step, cols = std::min(step, n - j);
      const int64_t top = at % cuts * tall * kRows, rows = std::min(tall * kRows, m - top);
      for (int64_t p = 0; p < k; p += deep) {
        const int64_t here = std::min(deep, k - p);
        const PanelStart start = p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
        pack_panels(turned(b.at(p, j), here, cols, plain), here, cols, packed);
        for (int64_t r = 0; r < rows; r += kRows) {
          const int64_t some = std::min(kRows, rows - r);
          multiply_packed(some, cols, here, turned(a.at(top + r, p), some, here, left), packed, sums + r * cols, cols,
                          start, bias ? bias + j : nullptr);
        }
      }
      for (int64_t r = 0; r < rows; r++) cast(cols, sums + r * cols, 1, c + ((top + r) * c_row + j) * size, 1);
    }
  });
}

}  // namespace dl
