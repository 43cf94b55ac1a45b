#include "data/picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

void Chance::place(int64_t room_x, int64_t room_y, int64_t& x, int64_t& y) {
  auto inside = [](int64_t room, double place) { return std::min(room, std::max(int64_t(0), int64_t(place))); };
  if (!draws) {
    auto drawn = block();
    x = inside(room_x, drawn[0] * double(room_x + 1)), y = inside(room_y, drawn[1] * double(room_y + 1));
    return;
  }
  auto among = [&](int64_t room) {
    int64_t drawn = draws->below(room + 1);
    double middle = double(room) / 2;
    return inside(room, std::nearbyint(middle + (double(drawn) - middle) * strength));
  };
  x = among(room_x), y = among(room_y);
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
        int64_t x, y;
        chance.place(win.w - s.w, win.h - s.h, x, y);
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

}  // namespace

void make_picture(const PicturePlan& plan, const uint8_t* src, int64_t h, int64_t w, int64_t c, Chance chance,
                  PictureScratch& scratch, char* dst) {
  Seen seen{src, h, w, c, scratch};
  for (size_t at = 0;;) {
    Shades shades;
    scratch.fill.assign(size_t(c), 0);
    h = seen.h, w = seen.w;
    Window win = decide(plan, at, h, w, chance, shades, scratch.fill);
    if (shades.changed) {
      scratch.shaded.resize(size_t(h * w * c));
      look_up<uint8_t>(h * w * c, seen.pixels, shades.of, scratch.shaded.data(), 1);
      seen.pixels = scratch.shaded.data();
    }
    if (win.h != h || win.w != w || win.y || win.x || win.down < 0 || win.across < 0) {
      scratch.other.resize(size_t(win.h * win.w * c));
      copy_window(win, seen.pixels, w, c, scratch.fill, scratch.other.data());
      std::swap(scratch.seen, scratch.other);
      seen.pixels = scratch.seen.data(), seen.h = win.h, seen.w = win.w;
    }
    if (at == plan.steps.size()) break;
    for (; at < plan.steps.size() && plan.steps[at].mixes(); at++) change_picture(plan.steps[at], chance, seen);
  }
  src = seen.pixels;
  int64_t n = seen.h * seen.w;
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
