#include "kernels/cpu/attention_pairs.h"

#include "kernels/cpu/attention_problem.h"
#include "kernels/cpu/cast.h"
#include "kernels/cpu/pairs.h"

namespace dl {

using namespace attend;

namespace {

using Half = uint16_t;  // the bits of a bfloat16

// Numbers of this thread that are made anew in every call.
template <class T>
T* room(std::vector<T>& kept, int64_t count) {
  if (int64_t(kept.size()) < count) kept.resize(size_t(count));
  return kept.data();
}

void narrow(int64_t n, const float* from, Half* to) { cast_fn(DType::F32, DType::BF16)(n, from, 1, to, 1); }
void narrow_lines(int64_t lines, int64_t n, const float* from, int64_t row, Half* to, int64_t to_row) {
  for (int64_t i = 0; i < lines; i++) narrow(n, from + i * row, to + i * to_row);
}
void widen_lines(int64_t lines, int64_t n, const Half* from, int64_t row, float* to) {
  for (int64_t i = 0; i < lines; i++) cast_fn(DType::BF16, DType::F32)(n, from + i * row, 1, to + i * n, 1);
}

// x (lines, n) packed to multiply by, kept by this thread.
class Panels {
 public:
  void set(const PairMatrix& x, int64_t lines, int64_t n) {
    lines_ = lines, n_ = n;
    pack_pairs(x, lines, n, room(memory_, packed_pairs(lines, n)));
  }
  // sums (m, n) = or += a (m, k) times columns [j, j + n) of lines [p, p + k); j is a multiple of 32, p even, and where
  // columns follow that share a panel they are made as well.
  void multiply(int64_t m, int64_t k, const PairMatrix& a, int64_t p, int64_t j, int64_t n, float* sums, int64_t row,
                bool add) const {
    multiply_pairs(m, std::min(n_, (j + n + 31) / 32 * 32) - j, k, a, memory_.data(), lines_, p, j, sums, row, add);
  }

 private:
  std::vector<Half> memory_;
  int64_t lines_ = 0, n_ = 0;
};

// A tile of weights or slopes rounded, as a left side: line by line, or turned over, in pairs of lines.
struct Rounded {
  std::vector<Half> line, pair;
  int64_t ld = 0;
  void set(const float* tile, int64_t m, int64_t n, int64_t row, bool turned) {
    ld = row + row % 2;
    Half* to = room(line, (m + 1) * ld);
    narrow_lines(m, n, tile, row, to, ld);
    for (int64_t i = 0; i < m && n % 2; i++) to[i * ld + n] = 0;
    if (turned) pair_lines(m, n, to, ld, room(pair, (m + 1) / 2 * 2 * ld), 2 * ld);
  }
  PairMatrix lines() const { return {line.data(), ld, 2}; }
  PairMatrix turned() const { return {pair.data(), 2, 2 * ld}; }
};

bool suits(const KernelCall& c) {
  if (!has_pairs() || c.out[0].dtype != DType::BF16) return false;
  for (int i = 0; i < 3; i++)
    if (c.in[i].dtype != DType::BF16) return false;
  const Shape &q = c.in[0].shape, &v = c.in[2].shape;
  // Pairs must not reach into what a query may not see.
  return q.n >= 2 && v.n == q.n && q[q.n - 1] % 2 == 0 && v[q.n - 1] % 2 == 0 && q[q.n - 1] * v[q.n - 1] > 0 &&
         (q[q.n - 2] % 2 == 0 || !int_attr(c, "causal", 0));
}

}  // namespace

bool attention_pairs(const KernelCall& c, bool dropped) {
  if (!suits(c)) return false;
  const Problem<float> p = problem<float>(c, dropped);
  auto lines = [&](int i) { return Lines<Half>::in(c.in[i], DType::BF16); };
  const Lines<Half> q = lines(0), k = lines(1), v = lines(2);
  auto y = Lines<Half>::out(c.out[0], DType::BF16);
  const int64_t depth = p.s.depth, width = p.s.width, keys = p.s.keys;
  Temp sums;
  Shape shape = p.s.batch;
  shape.push(p.s.queries);
  View lse = temp_view(shape, DType::F32, sums);
  const int64_t tiles = (p.s.queries + kQueries - 1) / kQueries;
  parallel_for(numel(p.s.batch) * tiles, 1, [&](int64_t b, int64_t e) {
    static thread_local Panels turned_keys, values;
    static thread_local Rounded rounded;
    static thread_local std::vector<float> result;
    for (int64_t w = b; w < e; w++) {
      const int64_t z = w / tiles, i = w % tiles * kQueries, m = std::min(kQueries, p.s.queries - i);
      if (i == 0 || w == b) {
        turned_keys.set({k.at(z, 0), 1, k.row()}, depth, keys);
        values.set({v.at(z, 0), v.row(), 1}, keys, width);
      }
      float* made = room(result, kQueries * width);
      forward_tile(
          p, z, i, m, made, width, lse.ptr<float>() + z * p.s.queries + i,
          [&](int64_t j, int64_t n, float* scores) {
            turned_keys.multiply(m, depth, {q.at(z, i), q.row(), 2}, 0, j, n, scores, p.ld(), false);
          },
          [&](int64_t j, int64_t n, const float* weights, bool first) {
            rounded.set(weights, m, n, p.ld(), false);
            values.multiply(m, n, rounded.lines(), j, 0, width, made, width, !first);
          });
      narrow_lines(m, width, made, width, y.at(z, i), y.row());
    }
  });
  y.finish();
  write_split(c.out[1], lse);
  return true;
}

namespace {

struct PairSlopes {
  Lines<Half> q, k, v, y, g, dq, dk, dv;
  const float* lse;
};

// All tiles of one batch entry.
void backward_entry(const Problem<float>& p, const PairSlopes& d, int64_t z) {
  const auto& tiles = isa<float>();
  static thread_local Panels turned_keys, turned_values, keys, queries, slopes_of_y;
  static thread_local Rounded weights, slopes;
  static thread_local std::vector<float> kept[7];
  static thread_local std::vector<float> factors;
  const int64_t ld = p.ld(), l = p.s.queries, s = p.s.keys, depth = p.s.depth, width = p.s.width;
  float *w = room(kept[0], kQueries * ld), *ds = room(kept[1], kQueries * ld), *dq = room(kept[2], kQueries * depth),
        *dk = room(kept[3], s * depth), *dv = room(kept[4], s * width), *g32 = room(kept[5], kQueries * width),
        *y32 = room(kept[6], kQueries * width);
  turned_keys.set({d.k.at(z, 0), 1, d.k.row()}, depth, s);
  turned_values.set({d.v.at(z, 0), 1, d.v.row()}, width, s);
  keys.set({d.k.at(z, 0), d.k.row(), 1}, s, depth);
  std::fill(dk, dk + s * depth, 0.0f);
  std::fill(dv, dv + s * width, 0.0f);
  for (int64_t i = 0; i < l; i += kQueries) {
    const int64_t m = std::min(kQueries, l - i), seen = p.seen(i + m - 1);
    const PairMatrix q{d.q.at(z, i), d.q.row(), 1}, g{d.g.at(z, i), d.g.row(), 1};
    const float* lse = d.lse + z * l + i;
    float inner[kQueries];
    widen_lines(m, width, g.data, g.row, g32);
    widen_lines(m, width, d.y.at(z, i), d.y.row(), y32);
    tiles.dots(g32, width, y32, width, m, width, inner);
    queries.set(q, m, depth);
    slopes_of_y.set(g, m, width);
    for (int64_t j = 0; j < seen; j += kKeys) {
      const int64_t n = std::min(kKeys, seen - j);
      turned_keys.multiply(m, depth, {q.data, q.row, 2}, 0, j, n, w, ld, false);
      turned_values.multiply(m, width, {g.data, g.row, 2}, 0, j, n, ds, ld, false);
      tiles.slopes(p.tile(w, factors, z, i, m, j, n), ds, lse, inner);
      weights.set(w, m, n, ld, true);
      slopes.set(ds, m, n, ld, true);
      slopes_of_y.multiply(n, m, weights.turned(), 0, 0, width, dv + j * width, width, true);
      keys.multiply(m, n, slopes.lines(), j, 0, depth, dq, depth, j > 0);
      queries.multiply(n, m, slopes.turned(), 0, 0, depth, dk + j * depth, depth, true);
    }
    if (seen <= 0) std::fill(dq, dq + m * depth, 0.0f);
    narrow_lines(m, depth, dq, depth, d.dq.at(z, i), d.dq.row());
  }
  narrow_lines(s, depth, dk, depth, d.dk.at(z, 0), d.dk.row());
  narrow_lines(s, width, dv, width, d.dv.at(z, 0), d.dv.row());
}

}  // namespace

bool attention_grad_pairs(const KernelCall& c, bool dropped) {
  if (!suits(c)) return false;
  const int made = dropped ? 5 : 4;
  const Problem<float> p = problem<float>(c, dropped);
  auto in = [&](int i) { return Lines<Half>::in(c.in[i], DType::BF16); };
  auto out = [&](int i) { return Lines<Half>::out(c.out[i], DType::BF16); };
  Temp keep, pairs;
  PairSlopes d{in(0),    in(1),        in(2),
               in(made), in(made + 2), out(0),
               out(1),   out(2),       read_split(c.in[made + 1], DType::F32, keep, pairs).ptr<const float>()};
  parallel_for(numel(p.s.batch), 1, [&](int64_t b, int64_t e) {
    for (int64_t z = b; z < e; z++) backward_entry(p, d, z);
  });
  for (Lines<Half>* x : {&d.dq, &d.dk, &d.dv}) x->finish();
  return true;
}

}  // namespace dl
