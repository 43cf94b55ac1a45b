#include "data/picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/colour.h"

namespace dl {

void Window::pad(int64_t p) {
  if (p == 0) return;
  // What was cut away before is not seen again in the margin.
  int64_t last_y = y + down * (h - 1), last_x = x + across * (w - 1);
  y0 = std::max(y0, std::min(y, last_y)), y1 = std::min(y1, std::max(y, last_y) + 1);
  x0 = std::max(x0, std::min(x, last_x)), x1 = std::min(x1, std::max(x, last_x) + 1);
  y -= down * p, x -= across * p, h += 2 * p, w += 2 * p;
}

void Window::cut(int64_t from_x, int64_t from_y, int64_t width, int64_t height) {
  y += down * from_y, x += across * from_x, h = height, w = width;
}

int64_t Chance::place(int64_t room) {
  if (decided) return std::min(room, std::max(int64_t(0), *decided++));
  int64_t drawn = draws->below(room + 1);
  double middle = double(room) / 2;
  int64_t place = int64_t(std::nearbyint(middle + (double(drawn) - middle) * strength));
  return std::min(room, std::max(int64_t(0), place));
}

namespace {

// What each byte becomes when a picture is made brighter or darker, in addition to what it has become.
struct Shades {
  uint8_t of[256];
  bool changed = false;

  void brighten(double amount, SampleDraws& draws) {
    double low = std::max(0.0, 1 - amount);
    float factor = float(low + (1 + amount - low) * draws.uniform());
    if (!changed)
      for (int v = 0; v < 256; v++) of[v] = uint8_t(v);
    changed = true;
    for (auto& v : of) v = uint8_t(std::min(255.0f, std::max(0.0f, std::nearbyint(float(v) * factor))));
  }
};

// A row of pixels of C bytes the other way round; `src` is the last pixel.
template <int C>
void reversed(int64_t n, const uint8_t* src, uint8_t* dst) {
  for (int64_t j = 0; j < n; j++)
    for (int k = 0; k < C; k++) dst[j * C + k] = src[k - j * C];
}
template <>
void reversed<1>(int64_t n, const uint8_t* src, uint8_t* dst) {
  auto eight = [&](int64_t j) {
    uint64_t v;
    std::memcpy(&v, src - j - 7, 8);
    v = __builtin_bswap64(v);
    std::memcpy(dst + j, &v, 8);
  };
  if (n >= 8) {
    for (int64_t j = 0; j + 8 <= n; j += 8) eight(j);
    eight(n - 8);
  } else {
    for (int64_t j = 0; j < n; j++) dst[j] = src[-j];
  }
}

void margin(int64_t n, const std::vector<uint8_t>& fill, uint8_t* dst) {
  int64_t c = int64_t(fill.size());
  for (int64_t j = 0; j < n; j++) std::memcpy(dst + j * c, fill.data(), size_t(c));
}

// How many j in 0 .. n come before from + step * j is inside low .. high, and how many before it is outside again.
void inside(int64_t from, int64_t step, int64_t n, int64_t low, int64_t high, int64_t& begin, int64_t& end) {
  begin = step > 0 ? low - from : from - (high - 1);
  end = step > 0 ? high - from : from - low + 1;
  begin = std::min(n, std::max(int64_t(0), begin));
  end = std::min(n, std::max(begin, end));
}

// The window's pixels, side by side.
void copy_window(const Window& win, const uint8_t* src, int64_t w, int64_t c, const std::vector<uint8_t>& fill,
                 uint8_t* dst) {
  int64_t begin, end;
  inside(win.x, win.across, win.w, win.x0, win.x1, begin, end);
  for (int64_t i = 0; i < win.h; i++, dst += win.w * c) {
    int64_t y = win.y + win.down * i;
    if (y < win.y0 || y >= win.y1 || begin == end) {
      margin(win.w, fill, dst);
      continue;
    }
    if (begin > 0) margin(begin, fill, dst);
    const uint8_t* from = src + (y * w + win.x + win.across * begin) * c;
    if (win.across > 0)
      std::memcpy(dst + begin * c, from, size_t((end - begin) * c));
    else if (c == 1)
      reversed<1>(end - begin, from, dst + begin);
    else if (c == 3)
      reversed<3>(end - begin, from, dst + begin * 3);
    else
      for (int64_t j = begin; j < end; j++) std::memcpy(dst + j * c, from - (j - begin) * c, size_t(c));
    if (end < win.w) margin(win.w - end, fill, dst + end * c);
  }
}

template <class T>
void look_up(int64_t n, const uint8_t* src, const void* table, void* dst, int64_t step) {
  const T* t = static_cast<const T*>(table);
  T* d = static_cast<T*>(dst);
  if (step == 1)
    for (int64_t i = 0; i < n; i++) d[i] = t[src[i]];
  else
    for (int64_t i = 0; i < n; i++) d[i * step] = t[src[i]];
}
void look_up(size_t size, int64_t n, const uint8_t* src, const void* table, void* dst, int64_t step) {
  switch (size) {
    case 1: return look_up<uint8_t>(n, src, table, dst, step);
    case 2: return look_up<uint16_t>(n, src, table, dst, step);
    case 4: return look_up<uint32_t>(n, src, table, dst, step);
    default: return look_up<uint64_t>(n, src, table, dst, step);
  }
}

Window window_of(int64_t h, int64_t w) {
  Window win;
  win.h = win.y1 = h, win.w = win.x1 = w;
  return win;
}

// Draws what happens to this sample, in the order in which the steps were written; up to one that mixes values, which
// it stands at then.
Window decide(const PicturePlan& plan, size_t& at, int64_t h, int64_t w, Chance& chance, Shades& shades,
              std::vector<uint8_t>& fill) {
  Window win = window_of(h, w);
  for (; at < plan.steps.size() && !plan.steps[at].mixes(); at++) {
    const PictureStep& s = plan.steps[at];
    switch (s.kind) {
      case PictureStep::FlipAcross:
        if (chance.happens(s.amount)) win.mirror_across();
        break;
      case PictureStep::FlipDown:
        if (chance.happens(s.amount)) win.mirror_down();
        break;
      case PictureStep::RandomCrop: {
        win.pad(s.pad);
        if (s.pad) fill = plan.fill;
        int64_t x = chance.place(win.w - s.w), y = chance.place(win.h - s.h);
        win.cut(x, y, s.w, s.h);
        break;
      }
      case PictureStep::Cut: win.cut(s.x, s.y, s.w, s.h); break;
      case PictureStep::Brightness: {
        // The margin so far is changed as the picture is, one that comes later is not.
        Shades now;
        now.brighten(s.amount * chance.strength, *chance.draws);
        for (auto& v : fill) v = now.of[v];
        if (!shades.changed) {
          shades = now;
        } else {
          for (auto& v : shades.of) v = now.of[v];
        }
        break;
      }
      default: break;
    }
  }
  return win;
}

double between(double low, double high, SampleDraws& draws) { return low + (high - low) * draws.uniform(); }

// One step that mixes values, with what it draws, on the picture's n pixels.
void recolour(const PictureStep& s, const Chance& chance, uint8_t* pixels, int64_t n, int64_t c) {
  SampleDraws& draws = *chance.draws;
  double amount = s.amount * chance.strength;
  auto factor = [&] { return float(between(std::max(0.0, 1 - amount), 1 + amount, draws)); };
  switch (s.kind) {
    case PictureStep::Brightness: return change_brightness(pixels, n, c, factor());
    case PictureStep::Contrast: return change_contrast(pixels, n, c, factor());
    case PictureStep::Saturation: return change_saturation(pixels, n, c, factor());
    case PictureStep::Hue: return turn_hue(pixels, n, 3.141592653589793 * between(-amount, amount, draws));
    case PictureStep::Grey:
      if (c == 3 && draws.uniform() < amount) make_grey(pixels, n);
      return;
    default: break;
  }
  size_t order[8], count = std::min(size_t(8), s.parts.size());
  for (size_t k = 0; k < count; k++) order[k] = k;
  for (size_t k = count; k-- > 1;) std::swap(order[k], order[size_t(draws.below(int64_t(k) + 1))]);
  for (size_t k = 0; k < count; k++) recolour(s.parts[order[k]], chance, pixels, n, c);
}

}  // namespace

void make_picture(const PicturePlan& plan, const uint8_t* src, int64_t h, int64_t w, int64_t c, Chance chance,
                  PictureScratch& scratch, char* dst) {
  for (size_t at = 0;;) {
    Shades shades;
    scratch.fill.assign(size_t(c), 0);
    Window win = decide(plan, at, h, w, chance, shades, scratch.fill);
    if (shades.changed) {
      scratch.shaded.resize(size_t(h * w * c));
      look_up<uint8_t>(h * w * c, src, shades.of, scratch.shaded.data(), 1);
      src = scratch.shaded.data();
    }
    bool moved = win.h != h || win.w != w || win.y || win.x || win.down < 0 || win.across < 0,
         more = at < plan.steps.size();
    if (moved || more) {  // what was seen before may be where it is read from
      scratch.other.resize(size_t(win.h * win.w * c));
      copy_window(win, src, w, c, scratch.fill, scratch.other.data());
      std::swap(scratch.seen, scratch.other);
      src = scratch.seen.data();
    }
    h = win.h, w = win.w;
    if (!more) break;
    for (; at < plan.steps.size() && plan.steps[at].mixes(); at++)
      recolour(plan.steps[at], chance, scratch.seen.data(), h * w, c);
  }
  int64_t n = h * w;
  size_t size = itemsize(plan.dtype);
  for (int64_t k = 0; k < c; k++) {
    const uint8_t* values = src;
    if (c > 1) {
      scratch.plane.resize(size_t(n));
      for (int64_t i = 0; i < n; i++) scratch.plane[size_t(i)] = src[i * c + k];
      values = scratch.plane.data();
    }
    char* to = dst + size_t(plan.planes ? k * n : k) * size;
    if (plan.scale.empty())
      look_up(size, n, values, plan.values.data() + size_t(k) * 256 * size, to, plan.planes ? 1 : c);
    else
      pick_pixel_table()->scale(n, values, plan.scale[size_t(k)], reinterpret_cast<float*>(to));
  }
}

}  // namespace dl
