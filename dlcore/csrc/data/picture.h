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

// Scratch that a thread keeps from picture to picture.
struct PictureScratch {
  std::vector<uint8_t> shaded, seen, other, plane, fill;
};

// What chance has to say about one picture: numbers that are drawn, or what was decided before (0 or 1 for a flip, x
// and y of a crop), in the order of the steps.
struct Chance {
  SampleDraws* draws = nullptr;
  const int64_t* decided = nullptr;
  double strength = 1;

  bool happens(double p) { return decided ? *decided++ != 0 : draws->uniform() < p * strength; }
  // Among `room` places: any, or one nearer to the middle where less strength is wanted.
  int64_t place(int64_t room);
};

// The picture at `src`, (h, w, c) of bytes, as `plan` says, to `dst`.
void make_picture(const PicturePlan& plan, const uint8_t* src, int64_t h, int64_t w, int64_t c, Chance chance,
                  PictureScratch& scratch, char* dst);

}  // namespace dl
