// Pictures out of a record file, many at once.
#pragma once
#include <cstdint>
#include <vector>

namespace dl {

struct PictureRows {
  uint8_t* pixels;  // (n, h, w, c)
  float* labels;    // (n, width)
  int64_t h, w, c, width;
  bool plain;  // only records with one label in their head
};

// Record i begins at byte places[i] of the open file and is likely to have sizes[i] bytes; its picture and its labels
// go to row rows[i]. Tells which could not be read so: another kind or size of picture, too few labels, damage. Those
// rows are left with anything.
std::vector<int64_t> read_pictures(int file, const std::vector<int64_t>& places, const std::vector<int64_t>& sizes,
                                   const std::vector<int64_t>& rows, const PictureRows& to);

}  // namespace dl
