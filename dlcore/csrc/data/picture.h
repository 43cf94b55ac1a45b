// One picture of a batch.
#pragma once
#include <array>

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
  ResizeScratch<uint8_t> resized;
};

// What chance has to say about one picture: the numbers of its sample or, without those, a block of the seeded stream
// for each step, as augmenters of single pictures take them.
struct Chance {
  SampleDraws* draws = nullptr;
  const uint32_t* stream = nullptr;  // four words a block
  double strength = 1;

  bool happens(double p) { return draws ? draws->uniform() < p * strength : block()[0] < p; }
  // Where a part begins that leaves so much room: anywhere, or nearer to the middle where less strength is wanted.
  void place(int64_t room_x, int64_t room_y, int64_t& x, int64_t& y);

 private:
  std::array<double, 2> block() {
    const uint32_t* words = stream;
    stream += 4;
    return {double(words[0] >> 8) * 0x1p-24, double(words[1] >> 8) * 0x1p-24};
  }
};

// A picture between two steps.
struct Seen {
  const uint8_t* pixels;  // (h, w, c): where it is stored, or in the scratch
  int64_t h, w, c;
  PictureScratch& scratch;

  uint8_t* own();  // its pixels, where they may be changed
  // The part of it that begins at (x, y), in another size.
  void resize(int64_t x, int64_t y, int64_t part_w, int64_t part_h, int64_t new_w, int64_t new_h, Interpolation how);
  void cut(int64_t x, int64_t y, int64_t part_w, int64_t part_h);
};

// One step that mixes values, with what it draws.
void change_picture(const PictureStep& step, const Chance& chance, Seen& seen);

// The picture at `src`, (h, w, c) of bytes, as `plan` says, to `dst`.
void make_picture(const PicturePlan& plan, const uint8_t* src, int64_t h, int64_t w, int64_t c, Chance chance,
                  PictureScratch& scratch, char* dst);

}  // namespace dl
