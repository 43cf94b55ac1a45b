// Steps that need a picture as it is by then: colours, holes, other sizes.
#include <algorithm>
#include <cmath>

#include "data/colour.h"
#include "data/picture.h"
#include "data/turn.h"

namespace dl {
namespace {

constexpr double kPi = 3.141592653589793;

double between(double low, double high, SampleDraws& draws) { return low + (high - low) * draws.uniform(); }

// A number of the normal distribution (Box and Muller, 1958).
double normal(SampleDraws& draws) {
  double size = draws.uniform(), place = draws.uniform();
  return std::sqrt(-2 * std::log(1 - size)) * std::cos(2 * kPi * place);
}

// Width and height of a part of this area; rounded to even, as Python rounds.
void sides(double area, double ratio, int64_t& w, int64_t& h) {
  w = int64_t(std::nearbyint(std::sqrt(area * ratio))), h = int64_t(std::nearbyint(std::sqrt(area / ratio)));
}

void light(double amount, SampleDraws& draws, Seen& seen) {
  if (amount == 0) return;
  double weights[3];
  for (double& w : weights) w = normal(draws) * amount;
  change_light(seen.own(), seen.h * seen.w, weights);
}

void erase(const PictureStep& s, SampleDraws& draws, Seen& seen) {
  double area = double(seen.h * seen.w) * between(s.least, s.most, draws);
  double ratio = std::exp(between(s.flat, s.steep, draws));
  int64_t w, h;
  sides(area, ratio, w, h);
  w = std::min(seen.w, std::max(int64_t(1), w)), h = std::min(seen.h, std::max(int64_t(1), h));
  int64_t x = draws.below(seen.w - w + 1), y = draws.below(seen.h - h + 1), c = seen.c;
  uint8_t* pixels = seen.own();
  for (int64_t i = y; i < y + h; i++)
    for (int64_t j = x; j < x + w; j++) std::copy_n(s.value.data(), c, pixels + (i * seen.w + j) * c);
}

void mirror(bool across, Seen& seen) {
  uint8_t* pixels = seen.own();
  int64_t h = seen.h, w = seen.w, c = seen.c;
  for (int64_t y = 0; y < (across ? h : h / 2); y++)
    for (int64_t x = 0; x < (across ? w / 2 : w); x++) {
      uint8_t* one = pixels + (y * w + x) * c;
      uint8_t* other = pixels + (across ? y * w + w - 1 - x : (h - 1 - y) * w + x) * c;
      std::swap_ranges(one, one + c, other);
    }
}

void turn(double degrees, const PictureStep& s, Seen& seen) {
  seen.scratch.other.resize(size_t(seen.h * seen.w * seen.c));
  turn_picture(seen.pixels, {seen.h, seen.w, seen.c}, {degrees, s.zoom_in, s.zoom_out}, seen.scratch.other.data());
  std::swap(seen.scratch.seen, seen.scratch.other);
  seen.pixels = seen.scratch.seen.data();
}

// The middle of what, if it is too small, is enlarged first.
void middle(const PictureStep& s, Seen& seen) {
  double factor = std::max(double(s.w) / double(seen.w), double(s.h) / double(seen.h));
  if (factor > 1) {
    auto enlarged = [&](int64_t least, int64_t size) {
      return std::max(least, int64_t(std::nearbyint(double(size) * factor)));
    };
    seen.resize(0, 0, seen.w, seen.h, enlarged(s.w, seen.w), enlarged(s.h, seen.h), s.how);
  }
  seen.cut((seen.w - s.w) / 2, (seen.h - s.h) / 2, s.w, s.h);
}

void random_part(const PictureStep& s, const Chance& chance, Seen& seen) {
  SampleDraws& draws = *chance.draws;
  double much = chance.strength;
  for (int tries = 0; tries < 10; tries++) {
    double share = between(s.least, s.most, draws);
    double area = double(seen.h * seen.w) * (much == 1 ? share : std::max(1e-3, 1 - (1 - share) * much));
    double ratio = std::exp(between(s.flat, s.steep, draws) * much);
    int64_t w, h;
    sides(area, ratio, w, h);
    if (w <= 0 || w > seen.w || h <= 0 || h > seen.h) continue;
    int64_t x = draws.below(seen.w - w + 1), y = draws.below(seen.h - h + 1);
    return seen.resize(x, y, w, h, s.w, s.h, s.how);
  }
  middle(s, seen);  // no part of this picture has such a shape
}

}  // namespace

uint8_t* Seen::own() {
  if (pixels != scratch.seen.data()) {
    scratch.seen.assign(pixels, pixels + h * w * c);
    pixels = scratch.seen.data();
  }
  return scratch.seen.data();
}

void Seen::resize(int64_t x, int64_t y, int64_t part_w, int64_t part_h, int64_t new_w, int64_t new_h,
                  Interpolation how) {
  ResizeSizes sizes{part_w, part_h, c, w * c, new_w, new_h};
  scratch.other.resize(size_t(new_w * new_h * c));
  resize_part(pixels + (y * w + x) * c, sizes, how, scratch.resized, scratch.other.data());
  std::swap(scratch.seen, scratch.other);
  pixels = scratch.seen.data(), w = new_w, h = new_h;
}

void Seen::cut(int64_t x, int64_t y, int64_t part_w, int64_t part_h) {
  resize(x, y, part_w, part_h, part_w, part_h, Interpolation::Box);  // of the same size: a copy
}

void change_picture(const PictureStep& s, const Chance& chance, Seen& seen) {
  if (s.kind == PictureStep::Resize) return seen.resize(0, 0, seen.w, seen.h, s.w, s.h, s.how);
  if (s.kind == PictureStep::Rotate) return turn(s.least, s, seen);
  SampleDraws& draws = *chance.draws;
  double amount = s.amount * chance.strength;
  auto factor = [&] { return float(between(std::max(0.0, 1 - amount), 1 + amount, draws)); };
  int64_t n = seen.h * seen.w, c = seen.c;
  switch (s.kind) {
    case PictureStep::Brightness: return change_brightness(seen.own(), n, c, factor());
    case PictureStep::Contrast: return change_contrast(seen.own(), n, c, factor());
    case PictureStep::Saturation: return change_saturation(seen.own(), n, c, factor());
    case PictureStep::Hue: return turn_hue(seen.own(), n, kPi * between(-amount, amount, draws));
    case PictureStep::Grey:
      if (c == 3 && draws.uniform() < amount) make_grey(seen.own(), n);
      return;
    case PictureStep::Lighting: return light(amount, draws, seen);
    case PictureStep::Erase:
      if (draws.uniform() < amount) erase(s, draws, seen);
      return;
    case PictureStep::RandomPart: return random_part(s, chance, seen);
    case PictureStep::FlipAcross:
    case PictureStep::FlipDown:
      if (draws.uniform() < amount) mirror(s.kind == PictureStep::FlipAcross, seen);
      return;
    case PictureStep::Turn:
      if (draws.uniform() < s.amount) turn(between(s.least, s.most, draws) * chance.strength, s, seen);
      return;
    case PictureStep::Apply:
      if (draws.uniform() < amount)
        for (const PictureStep& part : s.parts) change_picture(part, chance, seen);
      return;
    default: break;
  }
  size_t order[8], count = std::min(size_t(8), s.parts.size());
  for (size_t k = 0; k < count; k++) order[k] = k;
  for (size_t k = count; k-- > 1;) std::swap(order[k], order[size_t(draws.below(int64_t(k) + 1))]);
  for (size_t k = 0; k < count; k++) change_picture(s.parts[order[k]], chance, seen);
}

}  // namespace dl
