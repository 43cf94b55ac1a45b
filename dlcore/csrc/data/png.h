// PNG pictures of the plain kind: grey or red, green, blue in bytes, whole (not interlaced), without transparency.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dl {

struct PngHead {
  int64_t h = 0, w = 0;
  int c = 0;  // 1 or 3
};

// What a picture is like. False for one of another kind or no PNG at all.
bool read_png_head(const uint8_t* src, size_t size, PngHead& head);

// The picture as (h, w, channels); channels is head.c, or 3 for a grey one three times over. False where something is
// damaged or of another kind: another decoder should say what it is.
bool read_png(const uint8_t* src, size_t size, const PngHead& head, int channels, uint8_t* dst,
              std::vector<uint8_t>& scratch);

}  // namespace dl
