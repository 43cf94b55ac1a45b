// Convolution of 3 x 3 windows by Winograd's F(4 x 4, 3 x 3): images are cut into tiles of 4 x 4 results, patches and
// filters transformed (isa/winograd.cpp), and at each of the 36 points the tiles form one matrix product, done by
// oneDNN. The gradient by the weights is the adjoint of the same algorithm.
//
// Small filters: a thread takes a few tiles through all three stages, so that everything stays in its own cache. Large
// filters: each stage in turn over a chunk of tiles, the products shared out by point, so that every transformed filter
// is read once for a chunk. Results do not depend on the number of threads.
#include "kernels/cpu/winograd.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/isa/winograd.h"
#include "kernels/cpu/onednn.h"

namespace dl {

using namespace onednn;

namespace {

constexpr int64_t kPoints = 36, kTile = 4, kPatch = 6;
constexpr int64_t kOwnCache = 400 << 10;  // bytes of transformed tiles that a thread works on
constexpr int64_t kOwnFilters = 96 * 96;  // channels times outputs up to which a thread keeps all filters at hand
constexpr int64_t kChunkBytes = 8 << 20;  // transformed tiles that all threads work on
constexpr int64_t kLeastChannels = 16;

// The sums y(n, o) = sum over c of x(n, c) * filter, all images channels-last.
struct Geometry {
  int64_t n, c, o, h, w, oh, ow, pad[2];
  int64_t rows() const { return (oh + kTile - 1) / kTile; }
  int64_t cols() const { return (ow + kTile - 1) / kTile; }
  int64_t tiles() const { return n * rows() * cols(); }
};

Geometry forward_of(const ConvShape& s) { return {s.n, s.c, s.o, s.h, s.w, s.oh, s.ow, {s.pad[0], s.pad[1]}}; }
Geometry backward_of(const ConvShape& s) { return {s.n, s.o, s.c, s.oh, s.ow, s.h, s.w, {2 - s.pad[0], 2 - s.pad[1]}}; }

// Time in products and sums (a byte of the cache counts as 5 of them, one of memory as 10), against plain sums.
// `kept`: the filters are transformed once, not at every call.
bool pays(const Geometry& g, bool kept) {
  double work = double(g.c) * double(g.o), tiles = double(g.tiles());
  double plain = 18.0 * work * double(g.n * g.oh * g.ow) + (kept ? 40.0 : 80.0) * 9 * work;
  double points = kPoints * (2 * tiles * work * 1.1 + 40 * tiles * double(g.c + g.o) + (kept ? 40 : 80) * work);
  return points < 0.9 * plain;
}

// ---- products ----

struct ProductPlan : Plan {
  using Plan::Plan;
  std::unique_ptr<Prim> prim;  // empty: only reference code
};

// c[p] (+)= a[p] b[p] for `points` points: a is (m, k), or (k, m) when `turned`; b (k, n); c (m, n), rows without gaps.
struct Product {
  int64_t points, m, n, k;
  bool turned, add;
};

std::shared_ptr<ProductPlan> make_product(const Key& key, const Product& q) {
  auto plan = std::make_shared<ProductPlan>(key);
  OmpThreads omp(1);
  using Dims3 = dnnl::memory::dims;
  auto f32 = dnnl::memory::data_type::f32;
  Desc a(Dims3{q.points, q.m, q.k}, f32, q.turned ? Dims3{q.m * q.k, 1, q.m} : Dims3{q.m * q.k, q.k, 1});
  Desc b(Dims3{q.points, q.k, q.n}, f32, Dims3{q.k * q.n, q.n, 1});
  Desc c(Dims3{q.points, q.m, q.n}, f32, Dims3{q.m * q.n, q.n, 1});
  auto attr = scratchpad_attr();
  if (q.add) {
    dnnl::post_ops ops;
    ops.append_sum(1.0f);
    attr.set_post_ops(ops);
  }
  try {
    dnnl::matmul::primitive_desc pd(engine(), a, b, c, attr);
    if (std::strncmp(pd.impl_info_str(), "ref", 3) != 0)
      plan->prim = std::make_unique<Prim>(
          dnnl::matmul(pd), std::initializer_list<Arg>{{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}},
          pd.scratchpad_desc());
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) throw MemoryError("conv2d: oneDNN is out of memory");
  }
  return plan;
}

std::shared_ptr<ProductPlan> product(const Product& q) {
  Key key(0x57696e6f);
  for (int64_t v : {q.points, q.m, q.n, q.k, int64_t(q.turned), int64_t(q.add)}) key.add(v);
  auto plan = std::static_pointer_cast<ProductPlan>(cached_plan(key));
  if (!plan) {
    plan = make_product(key, q);
    cache_plan(plan);
  }
  return plan;
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
WinogradPatch patch(const float* image, int64_t h, int64_t w, int64_t c, int64_t row, int64_t col, int64_t size) {
  int64_t row0 = std::max<int64_t>(0, -row), row1 = std::min(size, h - row);
  int64_t col0 = std::max<int64_t>(0, -col), col1 = std::min(size, w - col);
  if (row0 >= row1 || col0 >= col1) return {image, 0, 0, 0, 0, 0, 0};
  return {image + ((row + row0) * w + col + col0) * c, w * c, c, int(row0), int(row1), int(col0), int(col1)};
}

// Tiles [begin, end) of a block that starts at `first`: v is (36, size, c).
void transform_inputs(const Geometry& g, const float* x, int64_t first, int64_t begin, int64_t end, int64_t size,
                      float* v) {
  const WinogradTable& isa = *pick_winograd_table();
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    isa.input(patch(x + p.image * g.h * g.w * g.c, g.h, g.w, g.c, p.row - g.pad[0], p.col - g.pad[1], kPatch), g.c,
              v + t * g.c, size * g.c);
  }
}

// Where results go, and what is added to them on the way.
struct Results {
  const float* bias;
  ConvFinish finish;
  float* y;
};

void transform_outputs(const Geometry& g, const float* m, int64_t first, int64_t begin, int64_t end, int64_t size,
                       const Results& to) {
  const WinogradTable& isa = *pick_winograd_table();
  const float* add = static_cast<const float*>(to.finish.add);
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    int64_t at = ((p.image * g.oh + p.row) * g.ow + p.col) * g.o;
    isa.output(m + t * g.o, size * g.o, g.o, to.bias, add ? add + at : nullptr, to.finish.act,
               int(std::min(kTile, g.oh - p.row)), int(std::min(kTile, g.ow - p.col)), to.y + at, g.ow * g.o, g.o);
  }
}

void transform_gradients(const Geometry& g, const float* gy, int64_t first, int64_t begin, int64_t end, int64_t size,
                         float* e) {
  const WinogradTable& isa = *pick_winograd_table();
  for (int64_t t = begin; t < end; t++) {
    Place p = place_of(g, first + t);
    isa.output_adjoint(patch(gy + p.image * g.oh * g.ow * g.o, g.oh, g.ow, g.o, p.row, p.col, kTile), g.o, e + t * g.o,
                       size * g.o);
  }
}

// Weights seen as filters from `c` channels to `o` outputs.
struct Filters {
  const float* data;  // the first tap
  int64_t from, to, row, col;
};
Filters forward_filters(const View& w) {
  return {w.ptr<const float>(), w.strides[1], w.strides[0], w.strides[2], w.strides[3]};
}
Filters turned_filters(const View& w) {  // the gradient by x correlates with windows turned by half a circle
  return {w.ptr<const float>() + 2 * (w.strides[2] + w.strides[3]), w.strides[0], w.strides[1], -w.strides[2],
          -w.strides[3]};
}

// u is (36, c, o).
void transform_filters(const Geometry& g, const Filters& f, float* u) {
  const WinogradTable& isa = *pick_winograd_table();
  parallel_for(g.c, std::max<int64_t>(1, 4096 / g.o), [&](int64_t b, int64_t e) {
    for (int64_t c = b; c < e; c++) isa.filter(f.data + c * f.from, f.to, f.row, f.col, g.o, u + c * g.o, g.c * g.o);
  });
}

int64_t points_of_piece() { return num_threads() <= 4 ? 3 : 1; }

// f(piece) in parallel, each piece some points.
template <class F>
void for_points(int64_t per, F&& f) {
  parallel_for(kPoints / per, 1, [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; k++) f(k * per);
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

// Whole blocks of tiles, each by one thread.
bool correlate_blocks(const Geometry& g, const float* x, const float* u, const Results& to) {
  int64_t tiles = g.tiles();
  int64_t size = std::clamp<int64_t>(kOwnCache / (kPoints * 4 * (g.c + g.o)), 8, 64);
  size = std::clamp<int64_t>((tiles + 2 * num_threads() - 1) / (2 * num_threads()), 1, size);
  int64_t blocks = (tiles + size - 1) / size, last = tiles - (blocks - 1) * size;
  auto whole = product({kPoints, size, g.o, g.c, false, false});
  auto rest = last == size ? whole : product({kPoints, last, g.o, g.c, false, false});
  if (!whole->prim || !rest->prim) return false;
  parallel_for(blocks, 1, [&](int64_t b, int64_t e) {
    Temp v(size_t(kPoints * size * g.c) * 4), m(size_t(kPoints * size * g.o) * 4);
    for (int64_t k = b; k < e; k++) {
      int64_t n = k == blocks - 1 ? last : size;
      transform_inputs(g, x, k * size, 0, n, n, v.ptr<float>());
      (n == size ? whole : rest)->prim->run({v.data(), u, m.data()});
      transform_outputs(g, m.ptr<float>(), k * size, 0, n, n, to);
    }
  });
  return true;
}

// Stage by stage.
bool correlate_chunks(const Geometry& g, const float* x, const float* u, const Results& to) {
  int64_t tiles = g.tiles(), size = chunk_of(g), per = points_of_piece();
  int64_t chunks = (tiles + size - 1) / size, last = tiles - (chunks - 1) * size;
  auto whole = product({per, size, g.o, g.c, false, false});
  auto rest = last == size ? whole : product({per, last, g.o, g.c, false, false});
  if (!whole->prim || !rest->prim) return false;
  Temp v(size_t(kPoints * size * g.c) * 4), m(size_t(kPoints * size * g.o) * 4);
  for (int64_t first = 0; first < tiles; first += size) {
    int64_t n = std::min(size, tiles - first);
    const Prim& prim = *(n == size ? whole : rest)->prim;
    for_tiles(n, [&](int64_t b, int64_t e) { transform_inputs(g, x, first, b, e, n, v.ptr<float>()); });
    for_points(per, [&](int64_t p) {
      prim.run({v.ptr<float>() + p * n * g.c, u + p * g.c * g.o, m.ptr<float>() + p * n * g.o});
    });
    for_tiles(n, [&](int64_t b, int64_t e) { transform_outputs(g, m.ptr<float>(), first, b, e, n, to); });
  }
  return true;
}

bool correlate(const SlotCall& c, const Geometry& g, const float* x, const Filters& f, const Results& to) {
  if (!pays(g, is_steady(c.call, 1))) return false;
  static const char kFilters = 0;
  Temp keep;
  const void* u = packed(c, 1, &kFilters, size_t(kPoints * g.c * g.o) * 4, keep,
                         [&](void* to) { transform_filters(g, f, static_cast<float*>(to)); });
  auto stages = g.c * g.o <= kOwnFilters && g.tiles() >= 4 ? correlate_blocks : correlate_chunks;
  return stages(g, x, static_cast<const float*>(u), to);
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
  return winograd_fits(s) &&
         correlate(c, forward_of(s), x.ptr<const float>(), forward_filters(w), {bias, finish, y.ptr<float>()});
}

bool winograd_grad_x(const SlotCall& c, const ConvShape& s, const View& gy, const View& w, const View& gx) {
  return winograd_fits(s) &&
         correlate(c, backward_of(s), gy.ptr<const float>(), turned_filters(w), {nullptr, {}, gx.ptr<float>()});
}

bool winograd_grad_w(const ConvShape& s, const View& gy, const View& x, const View& gw) {
  if (!winograd_fits(s)) return false;
  Geometry g = forward_of(s);
  if (!pays(g, false)) return false;
  int64_t tiles = g.tiles(), size = chunk_of(g), per = points_of_piece();
  int64_t chunks = (tiles + size - 1) / size, last = tiles - (chunks - 1) * size;
  // Sums at each point: (o, c), the filters' own order.
  std::shared_ptr<ProductPlan> plans[2][2];  // [is the last chunk][adds to what is there]
  for (bool end : {false, true})
    for (bool add : {false, true}) {
      plans[end][add] = product({per, g.o, g.c, end ? last : size, true, add});
      if (!plans[end][add]->prim) return false;
    }
  Temp v(size_t(kPoints * size * g.c) * 4), e(size_t(kPoints * size * g.o) * 4), sum(size_t(kPoints * g.o * g.c) * 4);
  for (int64_t first = 0; first < tiles; first += size) {
    int64_t n = std::min(size, tiles - first);
    const Prim& prim = *plans[n != size][first > 0]->prim;
    for_tiles(n, [&](int64_t b, int64_t to) {
      transform_inputs(g, x.ptr<const float>(), first, b, to, n, v.ptr<float>());
      transform_gradients(g, gy.ptr<const float>(), first, b, to, n, e.ptr<float>());
    });
    for_points(per, [&](int64_t p) {
      prim.run({e.ptr<float>() + p * n * g.o, v.ptr<float>() + p * n * g.c, sum.ptr<float>() + p * g.o * g.c});
    });
  }
  const WinogradTable& isa = *pick_winograd_table();
  const Dims& d = gw.strides;
  parallel_for(g.o, std::max<int64_t>(1, 4096 / g.c), [&](int64_t b, int64_t to) {
    for (int64_t o = b; o < to; o++)
      isa.filter_adjoint(sum.ptr<float>() + o * g.c, g.o * g.c, g.c, gw.ptr<float>() + o * d[0], d[1], d[2], d[3]);
  });
  return true;
}

}  // namespace dl
