// Convolution of 3 x 3 windows by Winograd's F(4 x 4, 3 x 3): images are cut into tiles of 4 x 4 results, patches and
// filters transformed (isa/winograd.cpp), and at each of the 36 points the tiles form one matrix product (panels.h).
// The gradient by the weights is the adjoint of the same algorithm.
//
// A thread takes a block of tiles through all three stages, so that what it makes stays in its own cache and is never
// fetched from another's. Where filters are large and tiles too few for that: each stage in turn over a chunk of tiles,
// the products shared out by point, so that every transformed filter is read once for a chunk. Results do not depend on
// the number of threads.
#include "kernels/cpu/winograd.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/isa/winograd.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/pairs.h"

namespace dl {

namespace {

constexpr int64_t kPoints = 36, kTile = 4, kPatch = 6;
constexpr int64_t kOwnCache = 400 << 10;  // bytes of transformed tiles that a thread works on
constexpr int64_t kOwnFilters = 96 * 96;  // channels times outputs up to which a thread keeps all filters at hand
constexpr int64_t kManyTiles = 32;        // in a block that make reading larger filters for it alone worth while
constexpr int64_t kChunkBytes = 8 << 20;  // transformed tiles that all threads work on
constexpr int64_t kLeastChannels = 16;

// Numbers from one point to the next where each has `n`: an odd count of cache lines, so that the 36 places which a
// transform writes at once never fall into the same few sets of a cache.
int64_t step_of(int64_t n) { return ((n + 15) / 16 | 1) * 16; }

// The sums y(n, o) = sum over c of x(n, c) * filter, all images channels-last.
struct Geometry {
  int64_t n, c, o, h, w, oh, ow, pad[2];
  int64_t rows() const { return (oh + kTile - 1) / kTile; }
  int64_t cols() const { return (ow + kTile - 1) / kTile; }
  int64_t tiles() const { return n * rows() * cols(); }
  bool small() const { return c * o <= kOwnFilters; }
};

Geometry forward_of(const ConvShape& s) { return {s.n, s.c, s.o, s.h, s.w, s.oh, s.ow, {s.pad[0], s.pad[1]}}; }
Geometry backward_of(const ConvShape& s) { return {s.n, s.o, s.c, s.oh, s.ow, s.h, s.w, {2 - s.pad[0], 2 - s.pad[1]}}; }

// What plain sums of products in this dtype cost, float32 being 1; `narrow` in bfloat16 where the processor has
// instructions for pairs of it. With tiles of it (AMX) they are always quicker.
double direct_share(DType t, double narrow) {
  static const auto isa = dnnl::get_effective_cpu_isa();
  if (t != DType::BF16) return 1;
  if (isa >= dnnl::cpu_isa::avx512_core_amx) return 0;
  return isa >= dnnl::cpu_isa::avx512_core_bf16 ? narrow : 1;
}

// Time in products and sums (a byte of the cache counts as 5 of them, one of memory as 10), against plain sums that
// take `share` of what they take in float32. `kept`: the filters are transformed once, not at every call.
bool pays(const Geometry& g, bool kept, double share) {
  double work = double(g.c) * double(g.o), tiles = double(g.tiles());
  double plain = 18.0 * share * work * double(g.n * g.oh * g.ow) + (kept ? 40.0 : 80.0) * 9 * work * share;
  double points = kPoints * (2 * tiles * work * 1.1 + 40 * tiles * double(g.c + g.o) + (kept ? 40 : 80) * work);
  return points < 0.9 * plain;
}

// ---- stages ----

struct Place {
  int64_t image, row, col;  // of the tile's first result
};
Place place_of(const Geometry& g, int64_t tile) {
  int64_t per = g.rows() * g.cols(), rest = tile % per;
  return {tile / per, rest / g.cols() * kTile, rest % g.cols() * kTile};
}

// The part of a channels-last image that a patch of `size` rows and columns covers.
// The numbers of an array of float32 or bfloat16.
struct Numbers {
  char* data;
  DType type;
  explicit Numbers(const View& v) : data(v.ptr<char>()), type(v.dtype) {}
  char* at(int64_t i) const { return data + i * int64_t(itemsize(type)); }
  const WinogradImages& isa() const {
    const WinogradTable* t = pick_winograd_table();
    return type == DType::BF16 ? t->bf16 : t->f32;
  }
};

WinogradPatch patch(const Numbers& x, int64_t image, int64_t h, int64_t w, int64_t c, int64_t row, int64_t col,
                    int64_t size) {
  int64_t row0 = std::max<int64_t>(0, -row), row1 = std::min(size, h - row);
  int64_t col0 = std::max<int64_t>(0, -col), col1 = std::min(size, w - col);
  if (row0 >= row1 || col0 >= col1) return {x.data, 0, 0, 0, 0, 0, 0};
  return {x.at(((image * h + row + row0) * w + col + col0) * c), w * c, c, int(row0), int(row1), int(col0), int(col1)};
}

// Tiles [begin, end) of a block that starts at `first`: v is (36, size, c).
void transform_inputs(const Geometry& g, const Numbers& x, int64_t first, int64_t begin, int64_t end, int64_t size,
                      float* v) {
  const WinogradImages& isa = x.isa();
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    isa.input(patch(x, p.image, g.h, g.w, g.c, p.row - g.pad[0], p.col - g.pad[1], kPatch), g.c, v + t * g.c,
              step_of(size * g.c));
  }
}

// Where results go, and what is added to them on the way.
struct Results {
  const float* bias;
  ConvFinish finish;
  Numbers y;
};

void transform_outputs(const Geometry& g, const float* m, int64_t first, int64_t begin, int64_t end, int64_t size,
                       const Results& to) {
  const WinogradImages& isa = to.y.isa();
  const char* add = static_cast<const char*>(to.finish.add);
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    int64_t at = ((p.image * g.oh + p.row) * g.ow + p.col) * g.o;
    isa.output(m + t * g.o, step_of(size * g.o), g.o, to.bias, add ? add + at * int64_t(itemsize(to.y.type)) : nullptr,
               to.finish.act, int(std::min(kTile, g.oh - p.row)), int(std::min(kTile, g.ow - p.col)), to.y.at(at),
               g.ow * g.o, g.o);
  }
}

void transform_gradients(const Geometry& g, const Numbers& gy, int64_t first, int64_t begin, int64_t end, int64_t size,
                         float* e) {
  const WinogradImages& isa = gy.isa();
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    isa.output_adjoint(patch(gy, p.image, g.oh, g.ow, g.o, p.row, p.col, kTile), g.o, e + t * g.o, step_of(size * g.o));
  }
}

// Weights seen as filters from `c` channels to `o` outputs.
struct Filters {
  Numbers taps;
  int64_t first, from, to, row, col;  // the first tap; steps
};
Filters forward_filters(const View& w) {
  return {Numbers(w), 0, w.strides[1], w.strides[0], w.strides[2], w.strides[3]};
}
Filters turned_filters(const View& w) {  // the gradient by x correlates with windows turned by half a circle
  return {Numbers(w), 2 * (w.strides[2] + w.strides[3]), w.strides[0], w.strides[1], -w.strides[2], -w.strides[3]};
}

// u holds at each point the filters as packed panels of a matrix (c, o).
void transform_filters(const Geometry& g, const Filters& f, float* u) {
  const WinogradImages& isa = f.taps.isa();
  const PanelTable* panels = pick_panel_table();
  int64_t point = step_of(packed_size(g.c, g.o));
  parallel_for(g.c, std::max<int64_t>(1, 4096 / g.o), [&](int64_t b, int64_t e) {
    for (int64_t j = 0; j < g.o; j += panels->cols) {
      int64_t here = std::min<int64_t>(panels->cols, g.o - j), width = panels->width(here);
      for (int64_t c = b; c < e; c++) {
        float* to = u + g.c * j + c * width;
        isa.filter(f.taps.at(f.first + c * f.from + j * f.to), f.to, f.row, f.col, here, to, point);
        for (int64_t k = 0; here < width && k < kPoints; k++)
          std::fill(to + k * point + here, to + k * point + width, 0.0f);
      }
    }
  });
}

// f(point) in parallel.
template <class F>
void for_points(F&& f) {
  parallel_for(kPoints, 1, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) f(k);
  });
}

template <class F>
void for_tiles(int64_t n, F&& f) {
  parallel_for(n, 4, f);
}

int64_t chunk_of(const Geometry& g) {
  int64_t most = std::max<int64_t>(32, kChunkBytes / (kPoints * 4 * (g.c + g.o)) / 32 * 32);
  int64_t chunks = (g.tiles() + most - 1) / most;
  return (g.tiles() + chunks - 1) / chunks;
}

// The products at one point: m (size, o) = v (size, c) u (c, o).
void multiply_point(const Geometry& g, int64_t size, int64_t point, const float* v, const float* u, float* m) {
  multiply_packed(size, g.o, g.c, {v + point * step_of(size * g.c), g.c, 1}, u + point * step_of(packed_size(g.c, g.o)),
                  m + point * step_of(size * g.o), g.o);
}

// Whole blocks of tiles, each by one thread.
void correlate_blocks(const Geometry& g, const Numbers& x, const float* u, const Results& to) {
  int64_t tiles = g.tiles();
  int64_t size = std::clamp<int64_t>(kOwnCache / (kPoints * 4 * (g.c + g.o)), g.small() ? 8 : kManyTiles, 64);
  size = std::clamp<int64_t>((tiles + 2 * num_threads() - 1) / (2 * num_threads()), 1, size);
  parallel_for((tiles + size - 1) / size, 1, [&](int64_t b, int64_t e) {
    Temp v(size_t(kPoints * step_of(size * g.c)) * 4), m(size_t(kPoints * step_of(size * g.o)) * 4);
    for (int64_t k = b; k < e; k++) {
      int64_t n = std::min(size, tiles - k * size);
      transform_inputs(g, x, k * size, 0, n, n, v.ptr<float>());
      for (int64_t p = 0; p < kPoints; p++) multiply_point(g, n, p, v.ptr<float>(), u, m.ptr<float>());
      transform_outputs(g, m.ptr<float>(), k * size, 0, n, n, to);
    }
  });
}

// Stage by stage.
void correlate_chunks(const Geometry& g, const Numbers& x, const float* u, const Results& to) {
  int64_t tiles = g.tiles(), size = chunk_of(g);
  Temp v(size_t(kPoints * step_of(size * g.c)) * 4), m(size_t(kPoints * step_of(size * g.o)) * 4);
  for (int64_t first = 0; first < tiles; first += size) {
    int64_t n = std::min(size, tiles - first);
    for_tiles(n, [&](int64_t b, int64_t e) { transform_inputs(g, x, first, b, e, n, v.ptr<float>()); });
    for_points([&](int64_t p) { multiply_point(g, n, p, v.ptr<float>(), u, m.ptr<float>()); });
    for_tiles(n, [&](int64_t b, int64_t e) { transform_outputs(g, m.ptr<float>(), first, b, e, n, to); });
  }
}

bool correlate(const SlotCall& c, const Geometry& g, const Numbers& x, const Filters& f, const Results& to) {
  if (!pays(g, is_steady(c.call, 1), direct_share(x.type, 0.5))) return false;
  static const char kFilters = 0;
  Temp keep;
  const void* u = packed(c, 1, &kFilters, size_t(kPoints * step_of(packed_size(g.c, g.o))) * 4, keep,
                         [&](void* to) { transform_filters(g, f, static_cast<float*>(to)); });
  bool blocks = g.small() ? g.tiles() >= 4 : g.tiles() >= kManyTiles * num_threads();
  auto stages = blocks ? correlate_blocks : correlate_chunks;
  stages(g, x, static_cast<const float*>(u), to);
  return true;
}

bool switched_off() {
  static const bool off = [] {
    const char* s = std::getenv("DLCORE_WINOGRAD");
    return s && std::strcmp(s, "0") == 0;
  }();
  return off;
}

}  // namespace

bool winograd_fits(const ConvShape& s) {
  bool window = s.kh == 3 && s.kw == 3 && s.groups == 1;
  for (int i = 0; i < 2; i++) window = window && s.stride[i] == 1 && s.dilate[i] == 1 && s.pad[i] <= 2;
  return window && s.c >= kLeastChannels && s.o >= kLeastChannels && !switched_off();
}

bool winograd_forward(const SlotCall& c, const ConvShape& s, const View& x, const View& w, const float* bias,
                      const ConvFinish& finish, const View& y) {
  return winograd_fits(s) && correlate(c, forward_of(s), Numbers(x), forward_filters(w), {bias, finish, Numbers(y)});
}

bool winograd_grad_x(const SlotCall& c, const ConvShape& s, const View& gy, const View& w, const View& gx) {
  return winograd_fits(s) && correlate(c, backward_of(s), Numbers(gy), turned_filters(w), {nullptr, {}, Numbers(gx)});
}

// The share of products whose input lies in the image.
double inside(const ConvShape& s) {
  auto along = [](int64_t size, int64_t out, int64_t pad) {
    int64_t all = 0;
    for (int64_t k = 0; k < 3; k++)
      all += std::max<int64_t>(0, std::min(out, size + pad - k) - std::max<int64_t>(0, pad - k));
    return double(all) / double(3 * out);
  };
  return along(s.h, s.oh, s.pad[0]) * along(s.w, s.ow, s.pad[1]);
}

bool winograd_grad_w(const ConvShape& s, const View& gy, const View& x, const View& gw) {
  if (!winograd_fits(s)) return false;
  Geometry g = forward_of(s);
  // The products that conv_pairs.h makes instead leave out what lies around the image.
  if (!pays(g, false, direct_share(x.dtype, has_pairs() ? 0.55 * inside(s) : 0.65))) return false;
  int64_t tiles = g.tiles(), size = chunk_of(g);
  constexpr int64_t kSlack = 64;  // numbers that a panel may read behind the last line
  Temp v(size_t(kPoints * step_of(size * g.c) + kSlack) * 4), e(size_t(kPoints * step_of(size * g.o)) * 4);
  Temp sum(size_t(kPoints * step_of(g.o * g.c)) * 4);  // at each point (o, c), the filters' own order
  const PanelTable* panels = pick_panel_table();
  for (int64_t first = 0; first < tiles; first += size) {
    int64_t n = std::min(size, tiles - first);
    for_tiles(n, [&](int64_t b, int64_t to) {
      transform_inputs(g, Numbers(x), first, b, to, n, v.ptr<float>());
      transform_gradients(g, Numbers(gy), first, b, to, n, e.ptr<float>());
    });
    for_points([&](int64_t p) {
      const float *left = e.ptr<float>() + p * step_of(n * g.o), *right = v.ptr<float>() + p * step_of(n * g.c);
      float* to = sum.ptr<float>() + p * step_of(g.o * g.c);
      for (int64_t j = 0; j < g.c; j += panels->cols)
        panels->multiply(g.o, std::min<int64_t>(panels->cols, g.c - j), n, left, 1, g.o, right + j, g.c, to + j, g.c,
                         first ? PanelStart::c : PanelStart::zero, nullptr, nullptr);
    });
  }
  const Numbers out(gw);
  const Dims& d = gw.strides;
  parallel_for(g.o, std::max<int64_t>(1, 4096 / g.c), [&](int64_t b, int64_t to) {
    for (int64_t o = b; o < to; o++)
      out.isa().filter_adjoint(sum.ptr<float>() + o * g.c, step_of(g.o * g.c), g.c, out.at(o * d[0]), d[1], d[2], d[3]);
  });
  return true;
}

}  // namespace dl
