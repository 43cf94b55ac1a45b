#include "data/turn.h"

#include <algorithm>
#include <cmath>

namespace dl {

void turn_picture(const uint8_t* src, const PictureSize& size, const PictureTurn& turn, uint8_t* dst) {
  double angle = turn.degrees * (3.141592653589793 / 180), w = double(size.w), h = double(size.h), zoom = 1;
  double c = std::abs(std::cos(angle)), s = std::abs(std::sin(angle));
  if (turn.zoom_out)
    zoom = std::max((w * c + h * s) / w, (w * s + h * c) / h);
  else if (turn.zoom_in)
    zoom = std::min(w / (w * c + h * s), h / (w * s + h * c));
  double cosine = std::cos(angle) * zoom, sine = std::sin(angle) * zoom, x0 = w / 2, y0 = h / 2;
  for (int64_t y = 0; y < size.h; y++)
    for (int64_t x = 0; x < size.w; x++, dst += size.c) {
      double dx = double(x) + 0.5 - x0, dy = double(y) + 0.5 - y0;
      double from_x = x0 + cosine * dx - sine * dy, from_y = y0 + sine * dx + cosine * dy;
      if (!(from_x >= 0 && from_x < w && from_y >= 0 && from_y < h)) {
        std::fill_n(dst, size.c, uint8_t(0));
        continue;
      }
      int64_t left = int64_t(from_x + 0.5) - 1, up = int64_t(from_y + 0.5) - 1;  // of the four nearest middles
      float right_share = float(from_x - 0.5 - double(left)), down_share = float(from_y - 0.5 - double(up));
      int64_t x1 = std::max(int64_t(0), left), x2 = std::min(size.w - 1, left + 1);
      int64_t y1 = std::max(int64_t(0), up), y2 = std::min(size.h - 1, up + 1);
      const uint8_t *one = src + y1 * size.w * size.c, *two = src + y2 * size.w * size.c;
      for (int64_t k = 0; k < size.c; k++) {
        auto between = [&](const uint8_t* row) {
          float a = row[x1 * size.c + k], b = row[x2 * size.c + k];
          return a + (b - a) * right_share;
        };
        float a = between(one), b = between(two);
        dst[k] = uint8_t(int(a + (b - a) * down_share + 0.5f));
      }
    }
}

}  // namespace dl
