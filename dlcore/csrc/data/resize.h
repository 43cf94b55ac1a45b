// Pictures in another size: every value a weighted mean of those around its place, across and down; down first where
// that leaves fewer rows.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dl {

enum class Interpolation { Nearest, Bilinear, Bicubic, Box, Lanczos };

// Of which old values each new one along an axis is made, with what weights.
struct ResizeAxis {
  int64_t from = 0, to = 0;
  Interpolation how = Interpolation::Nearest;
  size_t room = 0;  // weights that each new value has space for
  std::vector<int64_t> first, count;
  std::vector<double> share;   // they add up to 1
  std::vector<int32_t> whole;  // the same in parts of 2^-22, for bytes

  void make(int64_t old_size, int64_t new_size, Interpolation kind);  // nothing to do where it is made already
};

// What a thread keeps from picture to picture.
template <class T>
struct ResizeScratch {
  ResizeAxis across, down;
  std::vector<T> between;
};

struct ResizeSizes {
  int64_t w, h, c;       // of the part that is seen
  int64_t stride;        // values from one of its rows to the next
  int64_t new_w, new_h;  // at least 1, as w and h are
};

// The part of a picture at `src`, (h, w, c) of bytes or of float, to `dst` (new_h, new_w, c). The numbers are those of
// Pillow's resize along each axis: bytes are added up in whole numbers and rounded after each of the two passes.
template <class T>
void resize_part(const T* src, const ResizeSizes& s, Interpolation how, ResizeScratch<T>& scratch, T* dst);

}  // namespace dl
