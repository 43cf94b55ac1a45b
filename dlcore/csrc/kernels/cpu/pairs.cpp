#include "kernels/cpu/pairs.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/isa/pairs.h"
#include "kernels/cpu/isa/transpose_table.h"
#include "kernels/cpu/onednn.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kCols = 32, kHalf = 16;        // of a panel
constexpr int64_t kDepth = 4096;                 // of k at a time
constexpr int64_t kPacked = 256 * 1024;          // numbers of packed panels at a time: half of a second-level cache
constexpr int64_t kRows = 64;                    // of a at a time
constexpr int64_t kSums = 128 * 1024;            // float32 sums that wait for the rest of k
constexpr int64_t kWidest = 64;                  // zeros at hand
constexpr int64_t kAhead = 16, kCacheLine = 32;  // lines asked for ahead; numbers in a line of the cache

int64_t even(int64_t k) { return (k + 1) / 2 * 2; }
int64_t width_of(int64_t n) { return n > kHalf ? kCols : kHalf; }
int64_t parts(int64_t size, int64_t of) { return (size + of - 1) / of; }

}  // namespace

void pair_lines(int64_t lines, int64_t n, const uint16_t* from, int64_t step, uint16_t* to, int64_t to_step) {
  static const uint16_t zeros[kWidest] = {};
  const auto interleave = pick_pair_table()->interleave;
  for (int64_t p = 0; p < lines; p += 2, to += to_step) {
    const uint16_t* line = from + p * step;
    for (int64_t i = 0; i < n && p + kAhead + 1 < lines; i += kCacheLine) {
      __builtin_prefetch(line + kAhead * step + i);
      __builtin_prefetch(line + (kAhead + 1) * step + i);
    }
    if (p + 1 < lines) {
      interleave(n, line, line + step, to);
      continue;
    }
    for (int64_t i = 0; i < n; i += kWidest) interleave(std::min(kWidest, n - i), line + i, zeros, to + 2 * i);
  }
}

namespace {

// Any strides: numbers p and p + 1 of line i side by side at to + i * to_row + p / 2 * to_pair.
void pair_any(int64_t lines, int64_t k, const PairMatrix& x, uint16_t* to, int64_t to_row, int64_t to_pair) {
  for (int64_t i = 0; i < lines; i++)
    for (int64_t p = 0; p < even(k); p++)
      to[i * to_row + p / 2 * to_pair + p % 2] = p < k ? x.data[i * x.row + p * x.col] : uint16_t(0);
}

// One panel of at most kCols columns.
void pack_panel(const PairMatrix& b, int64_t k, int64_t n, uint16_t* to) {
  const int64_t width = width_of(n), line = 2 * width;
  if (n < width) std::fill(to, to + even(k) / 2 * line, uint16_t(0));
  if (b.col == 1) return pair_lines(k, n, b.data, b.row, to, line);
  if (b.row == 1 && b.col % 2 == 0) {
    constexpr int64_t kLines = 64;  // what is written stays in the first-level cache until it is whole
    const auto transpose = pick_transpose_table()->fn[2];
    for (int64_t p = 0; p < k / 2; p += kLines)
      transpose(n, std::min(kLines, k / 2 - p), b.data + 2 * p, b.col / 2, to + p * line, width);
    if (k % 2) pair_any(n, 1, {b.data + k - 1, b.col, b.row}, to + k / 2 * line, 2, line);
    return;
  }
  pair_any(n, k, {b.data, b.col, b.row}, to, 2, line);
}

// Lines of a as the kernel reads them, in place or copied to `near`.
PairMatrix pairs_of(const PairMatrix& a, int64_t m, int64_t k, uint16_t* near) {
  if (a.col == 1 && k % 2 == 0) return {a.data, a.row, 2};
  if (a.row == 1) {
    pair_lines(k, m, a.data, a.col, near, 2 * kRows);
    return {near, 2, 2 * kRows};
  }
  pair_any(m, k, a, near, even(k), 2);
  return {near, even(k), 2};
}

// How a product is cut: strips of columns, cuts of rows.
struct Cut {
  int64_t width, strips, rows, cuts;
  Cut(int64_t m, int64_t n, int64_t k) {
    int64_t threads = num_threads(), depth = std::min(k, kDepth), panels = parts(n, kCols);
    double work = double(m) * double(n) * double(k);
    int64_t want = threads == 1 || work < 1 << 18 ? 1 : work < 1 << 23 ? 2 * threads : 8 * threads;
    // Columns first: each part of b is then packed once. Rows are cut when that is not enough.
    int64_t most = std::max<int64_t>(1, kPacked / (even(depth) * kCols));
    strips = std::min(panels, std::max(parts(panels, most), std::min(want, m >= 512 ? 1 : panels)));
    width = parts(panels, strips) * kCols;
    strips = parts(n, width);
    cuts = std::min(parts(want, strips), std::max<int64_t>(1, m / kRows));
    if (k > kDepth) cuts = std::max(cuts, parts(m * width, kSums));
    rows = parts(parts(m, cuts), 8) * 8;
    cuts = parts(m, rows);
  }
};

// The strip whose panels this thread has packed: pieces of one strip follow each other.
struct Held {
  uint64_t call = 0;
  int64_t strip = -1;
};
thread_local Held held;

}  // namespace

int64_t packed_pairs(int64_t k, int64_t n) {
  return even(k) * (n / kCols * kCols + (n % kCols ? width_of(n % kCols) : 0));
}

void pack_pairs(const PairMatrix& b, int64_t k, int64_t n, uint16_t* to) {
  for (int64_t j = 0; j < n; j += kCols)
    pack_panel({b.data + j * b.col, b.row, b.col}, k, std::min(kCols, n - j), to + even(k) * j);
}

void multiply_pairs(int64_t m, int64_t n, int64_t k, const PairMatrix& a, const uint16_t* packed, int64_t lines,
                    int64_t p, int64_t j, float* sums, int64_t sums_row, bool add) {
  const auto multiply = pick_pair_table()->multiply;
  for (int64_t q = 0; q < n; q += kCols) {
    const int64_t cols = std::min(kCols, n - q);
    multiply(m, cols, even(k) / 2, a.data, a.row, a.col, packed + even(lines) * (j + q) + p * width_of(cols), nullptr,
             sums + q, sums_row, add, {}, nullptr);
  }
}

bool has_pairs() {
  static const bool has = [] {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    return pick_pair_table()->multiply && __builtin_cpu_supports("avx512bf16") && !onednn::has_tiles();
#else
    return false;
#endif
  }();
  return has;
}

void pair_product(int64_t m, int64_t n, int64_t k, const PairMatrix& a, const PairMatrix& b, const PairResult& c,
                  const float* bias, const PairThen& then) {
  const Cut cut(m, n, k);
  const int64_t depth = std::min(k, kDepth);
  const bool place = a.col == 1 && k % 2 == 0, keep_sums = k > depth, to_block = bool(then.block);
  const bool room_for_sums = to_block || (keep_sums && !c.whole);
  static std::atomic<uint64_t> calls{0};
  const uint64_t call = ++calls;
  // What happens to the sums of a tile at (i, j) that are whole.
  auto end_at = [&](int64_t i, int64_t j) {
    auto beside = [&](auto* other) { return other ? other + i * then.other_row + j : other; };
    uint16_t* half = c.half ? c.half + i * c.row + j : nullptr;
    return PairEnd{half, c.row, then.finish, beside(then.other), then.other_row, beside(then.wide)};
  };
  // Lines that will be copied next are asked for while others are multiplied; no prefetcher follows them: those of a
  // from i on, else columns of b from j on.
  auto soon = [&](int64_t i, bool more_a, int64_t j, bool more_b, int64_t p, int64_t lines) -> PairAhead {
    if (more_a && i < m) return {a.at(i, p).data, a.col, lines, 0, kRows};
    if (more_b && j < n && b.col == 1) return {b.at(p, j).data, b.row, lines, 0, std::min(cut.width, n - j)};
    return {};
  };
  parallel_for(cut.strips * cut.cuts, 1, [&](int64_t begin, int64_t end) {
    auto room = [](PanelRoom slot, int64_t count) { return reinterpret_cast<uint16_t*>(panel_room(slot, count / 2)); };
    uint16_t* packed = room(PanelRoom::product, even(depth) * cut.width);
    uint16_t* near = place ? nullptr : room(PanelRoom::rows, even(depth) * kRows);
    float* sums = room_for_sums ? panel_room(PanelRoom::sums, (keep_sums ? cut.rows : kRows) * cut.width) : nullptr;
    float padded[kCols];
    for (int64_t at = begin; at < end; at++) {
      const int64_t strip = at / cut.cuts, i0 = at % cut.cuts * cut.rows, j0 = strip * cut.width;
      const int64_t here_m = std::min(cut.rows, m - i0), here_n = std::min(cut.width, n - j0);
      for (int64_t p = 0; p < k; p += depth) {
        const int64_t here_k = std::min(depth, k - p);
        const bool last = p + here_k == k;
        if (keep_sums || held.call != call || held.strip != strip) pack_pairs(b.at(p, j0), here_k, here_n, packed);
        held = {call, strip};
        for (int64_t r = 0; r < here_m; r += kRows) {
          const int64_t i = i0 + r, lines = std::min(kRows, here_m - r);
          const PairMatrix left = pairs_of(a.at(i, p), lines, here_k, near);
          PairAhead next = soon(i + lines, r + lines < here_m || at + 1 < end, j0 + here_n, at + 1 < end, p, here_k);
          next.rate = parts(4, parts(here_n, kCols));
          float* mine = sums ? sums + (keep_sums ? r * cut.width : 0) : c.whole ? c.whole + i * c.row + j0 : nullptr;
          const int64_t row = sums ? cut.width : c.row;
          for (int64_t j = 0; j < here_n; j += kCols) {
            const int64_t cols = std::min(kCols, here_n - j);
            const float* start = bias ? bias + j0 + j : nullptr;
            if (start && cols < width_of(cols)) {
              std::copy(start, start + cols, padded);
              start = padded;
            }
            pick_pair_table()->multiply(lines, cols, even(here_k) / 2, left.data, left.row, left.col,
                                        packed + even(here_k) * j, start, mine ? mine + j : nullptr, row, p > 0,
                                        last && !to_block ? end_at(i, j0 + j) : PairEnd{},
                                        a.row == 1 && !place ? &next : nullptr);
          }
          if (last && to_block) then.block(mine, row, i, lines, j0, here_n);
        }
      }
    }
  });
}

}  // namespace dl
