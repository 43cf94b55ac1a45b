// Products of tiles of attention scores, inside one thread.
#pragma once
#include <algorithm>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panels.h"

namespace dl {

// The transpose of x (lines, depth), row-major, to multiply by, for the batch entry that it was last set to.
template <class T>
class Turned {
 public:
  explicit Turned(PanelRoom) {}
  void set(int64_t, const T* x, int64_t, int64_t depth) { x_ = x, depth_ = depth; }
  // c (m, n) = a (m, depth) times lines [first, first + n) of x.
  void product(int64_t m, int64_t first, int64_t n, const T* a, T* c, int64_t c_row) const {
    gemm<T>(m, n, depth_, {a, depth_, 1}, {x_ + first * depth_, 1, depth_}, {c, c_row, 1});
  }

 private:
  const T* x_ = nullptr;
  int64_t depth_ = 0;
};

template <>
class Turned<float> {
 public:
  explicit Turned(PanelRoom room) : room_(room) {}
  void set(int64_t entry, const float* x, int64_t lines, int64_t depth) {
    if (entry == entry_) return;
    entry_ = entry, lines_ = lines, depth_ = depth;
    packed_ = panel_room(room_, packed_size(depth, lines));
    pack_panels({x, 1, depth}, depth, lines, packed_);
  }
  // `first` is a multiple of the panels' columns.
  void product(int64_t m, int64_t first, int64_t n, const float* a, float* c, int64_t c_row) const {
    const PanelTable* t = pick_panel_table();
    for (int64_t j = first; j < first + n; j += t->cols) {
      int64_t width = t->width(std::min<int64_t>(t->cols, lines_ - j));
      t->multiply(m, std::min<int64_t>(t->cols, first + n - j), depth_, a, depth_, 1, packed_ + depth_ * j, width,
                  c + j - first, c_row, PanelStart::zero, nullptr);
    }
  }

 private:
  PanelRoom room_;
  int64_t entry_ = -1, lines_ = 0, depth_ = 0;
  float* packed_ = nullptr;
};

// c (m, n) += a b with b (k, n) row-major; c has n numbers a line.
template <class T>
void add_tile_product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, const T* b, T* c) {
  gemm<T>(m, n, k, a, {b, n, 1}, {c, n, 1}, true);
}
template <>
inline void add_tile_product<float>(int64_t m, int64_t n, int64_t k, Matrix<const float> a, const float* b, float* c) {
  const PanelTable* t = pick_panel_table();
  if (n % t->half) {  // a whole vector at its last line's end would not be there
    float* packed = panel_room(PanelRoom::packed, packed_size(k, n));
    pack_panels({b, n, 1}, k, n, packed);
    return multiply_packed(m, n, k, {a.data, a.row, a.col}, packed, c, n, PanelStart::c);
  }
  for (int64_t j = 0; j < n; j += t->cols)
    t->multiply(m, std::min<int64_t>(t->cols, n - j), k, a.data, a.row, a.col, b + j, n, c + j, n, PanelStart::c,
                nullptr);
}

}  // namespace dl
