#include "data/colour.h"

#include <algorithm>
#include <cmath>

namespace dl {
namespace {

// What the eye sees of red, green and blue (ITU-R BT.601).
constexpr float kRed = 0.299f, kGreen = 0.587f, kBlue = 0.114f;

// Rounded to even, within a byte; 1.5 * 2^23 leaves no room for digits behind the point.
inline uint8_t byte_of(float v) {
  constexpr float kWhole = 12582912.0f;
  return uint8_t(int(std::min(255.0f, std::max(0.0f, v)) + kWhole - kWhole));
}
inline float grey_of(const uint8_t* p) { return kRed * float(p[0]) + kGreen * float(p[1]) + kBlue * float(p[2]); }

// v becomes v * factor + more, wherever it stands.
void along_table(uint8_t* pixels, int64_t values, float factor, float more) {
  uint8_t table[256];
  for (int v = 0; v < 256; v++) table[v] = byte_of(float(v) * factor + more);
  for (int64_t i = 0; i < values; i++) pixels[i] = table[pixels[i]];
}

}  // namespace

void change_brightness(uint8_t* pixels, int64_t n, int64_t c, float factor) { along_table(pixels, n * c, factor, 0); }

void change_contrast(uint8_t* pixels, int64_t n, int64_t c, float factor) {
  uint64_t sums[3] = {};
  if (c == 3) {
    for (int64_t i = 0; i < n; i++)
      for (int k = 0; k < 3; k++) sums[k] += pixels[3 * i + k];
  } else {
    for (int64_t i = 0; i < n * c; i++) sums[0] += pixels[i];
  }
  double all = c == 3 ? 0.299 * double(sums[0]) + 0.587 * double(sums[1]) + 0.114 * double(sums[2]) : double(sums[0]);
  double mean = all / double(std::max(int64_t(1), c == 3 ? n : n * c));
  along_table(pixels, n * c, factor, float(mean * (1 - double(factor))));
}

void change_saturation(uint8_t* pixels, int64_t n, int64_t c, float factor) {
  if (c != 3) return;
  for (int64_t i = 0; i < n; i++, pixels += 3) {
    float rest = grey_of(pixels) * (1 - factor);
    for (int k = 0; k < 3; k++) pixels[k] = byte_of(float(pixels[k]) * factor + rest);
  }
}

void turn_hue(uint8_t* pixels, int64_t n, double angle) {
  // To luma and two colour differences (NTSC's YIQ), in which a hue is an angle, and back; the inverse by cofactors.
  static constexpr double to[3][3] = {{0.299, 0.587, 0.114}, {0.596, -0.274, -0.321}, {0.211, -0.523, 0.311}};
  auto minor = [&](int i, int j) {
    int a = (i + 1) % 3, b = (i + 2) % 3, d = (j + 1) % 3, e = (j + 2) % 3;
    return to[a][d] * to[b][e] - to[a][e] * to[b][d];
  };
  double size = 0;
  for (int j = 0; j < 3; j++) size += to[0][j] * minor(0, j);
  double cosine = std::cos(angle), sine = std::sin(angle);
  const double turn[3][3] = {{1, 0, 0}, {0, cosine, -sine}, {0, sine, cosine}};
  float whole[3][3];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      double sum = 0;
      for (int k = 0; k < 3; k++)
        for (int m = 0; m < 3; m++) sum += minor(k, i) / size * turn[k][m] * to[m][j];
      whole[i][j] = float(sum);
    }
  for (int64_t p = 0; p < n; p++, pixels += 3) {
    float r = pixels[0], g = pixels[1], b = pixels[2];
    for (int i = 0; i < 3; i++) pixels[i] = byte_of(whole[i][0] * r + whole[i][1] * g + whole[i][2] * b);
  }
}

void change_light(uint8_t* pixels, int64_t n, const double weights[3]) {
  // Krizhevsky, Sutskever and Hinton (2012), for values up to 255: how far they vary, and which way in each channel.
  static constexpr double sizes[3] = {55.46, 4.794, 1.148};
  static constexpr double ways[3][3] = {
      {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
  uint8_t table[3][256];
  for (int k = 0; k < 3; k++) {
    double more = 0;
    for (int j = 0; j < 3; j++) more += ways[k][j] * weights[j] * sizes[j];
    for (int v = 0; v < 256; v++) table[k][v] = byte_of(float(v) + float(more));
  }
  for (int64_t i = 0; i < n; i++, pixels += 3)
    for (int k = 0; k < 3; k++) pixels[k] = table[k][pixels[k]];
}

void make_grey(uint8_t* pixels, int64_t n) {
  for (int64_t i = 0; i < n; i++, pixels += 3) pixels[0] = pixels[1] = pixels[2] = byte_of(grey_of(pixels));
}

}  // namespace dl
