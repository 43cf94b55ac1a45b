#include "kernels/cpu/gemm.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/cpu/isa/gemm.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kBlockM = 96, kBlockN = 256, kBlockK = 256;

template <class T>
const GemmTile<T>& tile_of() {
  const GemmTable* t = pick_gemm_table();
  if constexpr (std::is_same_v<T, float>)
    return t->f32;
  else if constexpr (std::is_same_v<T, double>)
    return t->f64;
  else
    return t->u64;
}

// Panels of `width` lines, each panel laid out step by step along k; short panels are filled up with zeros.
template <class T>
void pack(const T* src, int64_t line_step, int64_t k_step, int64_t lines, int64_t k, int width, T* dst) {
  for (int64_t l = 0; l < lines; l += width) {
    int w = int(std::min<int64_t>(width, lines - l));
    const T* s = src + l * line_step;
    for (int64_t p = 0; p < k; p++, dst += width) {
      for (int i = 0; i < w; i++) dst[i] = s[i * line_step + p * k_step];
      for (int i = w; i < width; i++) dst[i] = T(0);
    }
  }
}

// One block of C, with the sum over all of k.
template <class T>
void block(const GemmTile<T>& tile, int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c,
           bool accumulate) {
  static thread_local std::vector<T> pa, pb, pc;
  int64_t pad_m = (m + tile.rows - 1) / tile.rows * tile.rows, pad_n = (n + tile.cols - 1) / tile.cols * tile.cols;
  int64_t depth = std::min(k, kBlockK);
  pa.resize(size_t(pad_m * depth));
  pb.resize(size_t(pad_n * depth));
  pc.resize(size_t(tile.rows * tile.cols));
  for (int64_t p = 0; p < k; p += kBlockK) {
    int64_t kc = std::min(kBlockK, k - p);
    pack(a.data + p * a.col, a.row, a.col, m, kc, tile.rows, pa.data());
    pack(b.data + p * b.row, b.col, b.row, n, kc, tile.cols, pb.data());
    bool add = accumulate || p > 0;
    for (int64_t j = 0; j < n; j += tile.cols)
      for (int64_t i = 0; i < m; i += tile.rows) {
        tile.run(kc, pa.data() + i * kc, pb.data() + j * kc, pc.data());
        int64_t rows = std::min<int64_t>(tile.rows, m - i), cols = std::min<int64_t>(tile.cols, n - j);
        for (int64_t r = 0; r < rows; r++)
          for (int64_t q = 0; q < cols; q++) {
            T& out = c.data[(i + r) * c.row + (j + q) * c.col];
            T v = pc[size_t(r * tile.cols + q)];
            out = add ? T(out + v) : v;
          }
      }
  }
}

}  // namespace

template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool accumulate) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) {
    if (!accumulate)
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) c.data[i * c.row + j * c.col] = T(0);
    return;
  }
  const GemmTile<T>& tile = tile_of<T>();
  int64_t mb = (m + kBlockM - 1) / kBlockM, nb = (n + kBlockN - 1) / kBlockN;
  int64_t grain =
      std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(1, std::min(m, kBlockM) * std::min(n, kBlockN) * k));
  parallel_for(mb * nb, grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
      int64_t i = t % mb * kBlockM, j = t / mb * kBlockN;
      block<T>(tile, std::min(kBlockM, m - i), std::min(kBlockN, n - j), k, {a.data + i * a.row, a.row, a.col},
               {b.data + j * b.col, b.row, b.col}, {c.data + i * c.row + j * c.col, c.row, c.col}, accumulate);
    }
  });
}

template void gemm<float>(int64_t, int64_t, int64_t, Matrix<const float>, Matrix<const float>, Matrix<float>, bool);
template void gemm<double>(int64_t, int64_t, int64_t, Matrix<const double>, Matrix<const double>, Matrix<double>, bool);
template void gemm<uint64_t>(int64_t, int64_t, int64_t, Matrix<const uint64_t>, Matrix<const uint64_t>,
                             Matrix<uint64_t>, bool);

}  // namespace dl
