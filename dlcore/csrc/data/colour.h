// Changes of colours of pictures of bytes, in place: what transforms do to one picture and batches to each of theirs.
#pragma once
#include <cstdint>

namespace dl {

// Each value v becomes v * factor, rounded to even and kept within a byte.
void change_brightness(uint8_t* pixels, int64_t n, int64_t c, float factor);
// Differences from the picture's mean (of three channels the mean grey) times a factor.
void change_contrast(uint8_t* pixels, int64_t n, int64_t c, float factor);
// Differences from the pixel's own grey times a factor; pictures of other than three channels stay as they are.
void change_saturation(uint8_t* pixels, int64_t n, int64_t c, float factor);
// All colours turned by an angle in radians; three channels.
void turn_hue(uint8_t* pixels, int64_t n, double angle);
// So much more along each of the three directions in which colours of photographs vary; three channels.
void change_light(uint8_t* pixels, int64_t n, const double weights[3]);
// The grey of each pixel in all its three channels.
void make_grey(uint8_t* pixels, int64_t n);

}  // namespace dl
