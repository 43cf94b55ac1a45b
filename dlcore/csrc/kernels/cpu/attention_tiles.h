// Products of tiles of attention scores, inside one thread; each may ask for lines of the next entry beside.
#pragma once
#include <algorithm>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/views.h"

namespace dl {

// Matrices of all batch entries whose lines have stride 1: in place where the array allows it, else in a temporary one.
template <class T>
class Lines {
 public:
  static Lines in(const View& v, DType t) { return Lines(v, t, true); }
  static Lines out(const View& v, DType t) { return Lines(v, t, false); }
  // Line i of entry z.
  T* at(int64_t z, int64_t i) const { return data_ + offset_of(z, batch_, steps_) + i * row_; }
  int64_t row() const { return row_; }
  // All lines of entry z, to be asked for ahead; nothing if there is no such entry.
  PanelStream soon(int64_t z) const {
    int n = made_.shape.n;
    if (!std::is_same_v<T, float> || z >= numel(batch_)) return {};
    return {reinterpret_cast<const float*>(at(z, 0)), row_, made_.shape[n - 2],
            (made_.shape[n - 1] + kStreamWidth - 1) / kStreamWidth};
  }
  void finish() {
    if (keep_) copy_view(to_, made_);
  }

 private:
  Lines(const View& v, DType t, bool read) : to_(v), made_(v) {
    int n = v.shape.n;
    bool lines = v.strides[n - 1] == 1 || v.shape[n - 1] == 1;
    if (v.dtype != t || !lines) {  // in the order of the array's own memory, where that will do: one run to convert
      made_ =
          temp_view(v.shape, lines && is_dense(v.shape, v.strides) ? v.strides : contiguous_strides(v.shape), t, keep_);
      if (read) copy_view(made_, v);
    }
    data_ = made_.template ptr<T>();
    row_ = made_.strides[n - 2];
    batch_ = made_.shape, steps_ = made_.strides;
    batch_.n = steps_.n = n - 2;
  }

  View to_, made_;
  Temp keep_;
  T* data_;
  Shape batch_;
  Dims steps_;
  int64_t row_;
};

// The transpose of x (lines, depth) to multiply by, for the batch entry that it was last set to.
template <class T>
class Turned {
 public:
  explicit Turned(PanelRoom) {}
  void set(int64_t entry, const Lines<T>& x, int64_t, int64_t depth) {
    x_ = x.at(entry, 0), row_ = x.row(), depth_ = depth;
  }
  // c (m, n) = a (m, depth) times lines [first, first + n) of x.
  void product(int64_t m, int64_t first, int64_t n, const T* a, int64_t a_row, T* c, int64_t c_row,
               PanelBeside&) const {
    gemm<T>(m, n, depth_, {a, a_row, 1}, {x_ + first * row_, 1, row_}, {c, c_row, 1});
  }

 private:
  const T* x_ = nullptr;
  int64_t depth_ = 0, row_ = 0;
};

template <>
class Turned<float> {
 public:
  explicit Turned(PanelRoom room) : room_(room) {}
  void set(int64_t entry, const Lines<float>& x, int64_t lines, int64_t depth) {
    if (entry == entry_) return;
    entry_ = entry, lines_ = lines, depth_ = depth;
    packed_ = panel_room(room_, packed_size(depth, lines));
    pack_panels({x.at(entry, 0), 1, x.row()}, depth, lines, packed_);
  }
  // `first` is a multiple of the panels' columns.
  void product(int64_t m, int64_t first, int64_t n, const float* a, int64_t a_row, float* c, int64_t c_row,
               PanelBeside& beside) const {
    const PanelTable* t = pick_panel_table();
    for (int64_t j = first; j < first + n; j += t->cols) {
      int64_t width = t->width(std::min<int64_t>(t->cols, lines_ - j));
      t->multiply(m, std::min<int64_t>(t->cols, first + n - j), depth_, a, a_row, 1, packed_ + depth_ * j, width,
                  c + j - first, c_row, PanelStart::zero, nullptr, &beside);
    }
  }

 private:
  PanelRoom room_;
  int64_t entry_ = -1, lines_ = 0, depth_ = 0;
  float* packed_ = nullptr;
};

// c (m, n) = a b, or c += a b with `add`; b and c have stride 1 along their lines.
template <class T>
void tile_product(int64_t m, int64_t n, int64_t k, Matrix<const T> a, const T* b, int64_t b_row, T* c, int64_t c_row,
                  bool add, PanelBeside&) {
  gemm<T>(m, n, k, a, {b, b_row, 1}, {c, c_row, 1}, add);
}
template <>
inline void tile_product<float>(int64_t m, int64_t n, int64_t k, Matrix<const float> a, const float* b, int64_t b_row,
                                float* c, int64_t c_row, bool add, PanelBeside& beside) {
  PanelStart start = add ? PanelStart::c : PanelStart::zero;
  const PanelTable* t = pick_panel_table();
  if (n % t->half) {  // a whole vector at its last line's end would not be there
    float* packed = panel_room(PanelRoom::packed, packed_size(k, n));
    pack_panels({b, b_row, 1}, k, n, packed);
    return multiply_packed(m, n, k, {a.data, a.row, a.col}, packed, c, c_row, start, nullptr, &beside);
  }
  for (int64_t j = 0; j < n; j += t->cols)
    t->multiply(m, std::min<int64_t>(t->cols, n - j), k, a.data, a.row, a.col, b + j, b_row, c + j, c_row, start,
                nullptr, &beside);
}

}  // namespace dl
