// Pictures of bytes turned by an angle.
#pragma once
#include <cstdint>

namespace dl {

struct PictureSize {
  int64_t h, w, c;
};

struct PictureTurn {
  double degrees;  // counter-clockwise
  bool zoom_in;    // so large that no corner is empty
  bool zoom_out;   // so small that all of it stays visible
};

// The picture (h, w, c) at `src` turned about its middle, to `dst` of the same size. Each value is a mean of four; what
// comes from outside is 0.
void turn_picture(const uint8_t* src, const PictureSize& size, const PictureTurn& turn, uint8_t* dst);

}  // namespace dl
