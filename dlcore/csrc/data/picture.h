// One picture of a batch.
#pragma once
#include "data/batch.h"
#include "data/draws.h"

namespace dl {

// Which part of a stored picture is seen, and which way round. Pixel (i, j) of what is seen is the stored pixel
// (y + down * i, x + across * j), or the padding where that is outside `y0 .. y1`, `x0 .. x1`.
struct Window {
  int64_t y = 0, x = 0, h, w;
  int64_t down = 1, across = 1;
  int64_t y0 = 0, y1, x0 = 0, x1;

  void mirror_across() { x += across * (w - 1), across = -across; }
  void mirror_down() { y += down * (h - 1), down = -down; }
  void pad(int64_t p);
  void cut(int64_t from_x, int64_t from_y, int64_t width, int64_t height);
};

// Where a crop begins among `room` places: any, or one nearer to the middle where less strength is wanted.
int64_t crop_place(SampleDraws& draws, int64_t room, double strength);

// Scratch that a thread keeps from picture to picture.
struct PictureScratch {
  std::vector<uint8_t> shaded, seen, plane, fill;
};

// The picture at `src`, (h, w, c) of bytes, as `plan` says, to `dst`.
void make_picture(const PicturePlan& plan, const uint8_t* src, int64_t h, int64_t w, int64_t c, SampleDraws* draws,
                  double strength, PictureScratch& scratch, char* dst);

}  // namespace dl
