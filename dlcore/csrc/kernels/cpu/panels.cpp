#include "kernels/cpu/panels.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "kernels/cpu/isa/transpose_table.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr int64_t kDepth = 1024;  // of k at a time
constexpr int64_t kPanelsNumbers =
    128 * 1024;  // of packed panels that rows go through at a time: part of the second-level cache

constexpr int64_t kRows = 64;  // of a that are copied together
constexpr int64_t kFar = 512;  // numbers from one column of a transposed a to the next that make the copy worth it

constexpr int64_t kLine = 16;  // numbers in a line of the cache

inline void prefetch(const float* p) {
#ifdef __GNUC__
  __builtin_prefetch(p);
#else
  (void)p;
#endif
}

// The strip whose panels this thread has packed: pieces of one strip follow each other.
struct Held {
  uint64_t call = 0;
  int64_t strip = -1;
  // Whether it is that strip; from now on it is.
  bool is(uint64_t c, int64_t s) {
    bool same = call == c && strip == s;
    call = c, strip = s;
    return same;
  }
};
thread_local Held held;

// n numbers, and those `ahead` of them asked for: no prefetcher follows from page to page.
constexpr int64_t kAhead = 16;
inline void copy_line(const float* from, int64_t n, int64_t ahead, float* to) {
  for (int64_t i = 0; i < n && ahead; i += kLine) prefetch(from + ahead + i);
  std::copy(from, from + n, to);
}

struct Room {
  std::unique_ptr<float[]> memory;
  int64_t size = 0;
};

// One panel of at most `cols` columns: k lines of `width` numbers, zeros behind the last column.
void pack_panel(const PanelMatrix& b, int64_t k, int64_t n, int64_t width, float* to) {
  if (n < width) std::fill(to, to + k * width, 0.0f);
  if (b.col == 1) {
    for (int64_t p = 0; p < k; p++) std::copy(b.data + p * b.row, b.data + p * b.row + n, to + p * width);
  } else if (b.row == 1) {
    constexpr int64_t kLines = 64;  // what is written stays in the first-level cache until it is whole
    const auto transpose = pick_transpose_table()->fn[2];
    for (int64_t p = 0; p < k; p += kLines)
      transpose(n, std::min(kLines, k - p), b.data + p, b.col, to + p * width, width);
  } else {
    for (int64_t p = 0; p < k; p++)
      for (int64_t j = 0; j < n; j++) to[p * width + j] = b.data[p * b.row + j * b.col];
  }
}

// A transposed matrix whose columns lie far apart: each touches a line of the cache, many fall into the same few sets.
PanelMatrix copy_lines(const PanelMatrix& a, int64_t m, int64_t k, float* to) {
  for (int64_t p = 0; p < k; p++) copy_line(a.data + p * a.col, m, p + kAhead < k ? kAhead * a.col : 0, to + p * kRows);
  return {to, 1, kRows};
}

}  // namespace

float* panel_room(PanelRoom slot, int64_t count) {
  static thread_local Room rooms[int(PanelRoom::count)];
  Room& room = rooms[int(slot)];
  if (room.size < count) {
    room.memory.reset();
    room.memory.reset(new float[size_t(count) + 16]);
    room.size = count;
  }
  return reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(room.memory.get()) + 63) & ~uintptr_t(63));
}

int64_t packed_size(int64_t k, int64_t n) {
  const PanelTable* t = pick_panel_table();
  int64_t whole = n / t->cols, rest = n % t->cols;
  return k * (whole * t->cols + (rest ? t->width(rest) : 0));
}

void pack_panels(const PanelMatrix& b, int64_t k, int64_t n, float* to) {
  const PanelTable* t = pick_panel_table();
  int64_t panels = (n + t->cols - 1) / t->cols;
  parallel_for(panels, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, k * t->cols)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t j = begin * t->cols; j < std::min(n, end * t->cols); j += t->cols) {
                   int64_t here = std::min<int64_t>(t->cols, n - j);
                   pack_panel({b.data + j * b.col, b.row, b.col}, k, here, t->width(here), to + k * j);
                 }
               });
}

void multiply_packed(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const float* packed, float* c,
                     int64_t c_row, PanelStart start, const float* bias) {
  const PanelTable* t = pick_panel_table();
  for (int64_t j = 0; j < n; j += t->cols) {
    int64_t here = std::min<int64_t>(t->cols, n - j);
    t->multiply(m, here, k, a.data, a.row, a.col, packed + k * j, t->width(here), c + j, c_row, start,
                bias ? bias + j : nullptr);
  }
}

namespace {

constexpr int64_t kNear = 256, kSide = 128;  // of k at a time, and rows and columns of c: parts of a, b and c near by

constexpr int64_t kSameSets = 1024;  // numbers from line to line from which on lines push each other out of a cache

// Both a and b lie line by line of k, as in the gradient by weights: they are read where they are, no line is copied.
bool in_place(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b) {
  bool lines = a.row == 1 && b.col == 1 && a.col < kSameSets && b.row < kSameSets;
  return lines && n % pick_panel_table()->half == 0 && m >= 8 && k >= 32;
}

void product_in_place(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c,
                      int64_t c_row, const float* bias, bool add, const PanelStep* step) {
  const PanelTable* t = pick_panel_table();
  int64_t rows = std::min(kSide, m), cols = std::min(kSide, n), threads = num_threads();
  auto parts = [](int64_t size, int64_t of) { return (size + of - 1) / of; };
  while (threads > 1 && parts(m, rows) * parts(n, cols) < 2 * threads && rows * cols * k > 1 << 17) {
    if (std::max(rows, cols) <= 32) break;
    if (rows >= cols)
      rows = parts(rows, 16) * 8;
    else
      cols = parts(cols, 2 * t->cols) * t->cols;
  }
  int64_t across = parts(n, cols);
  parallel_for(parts(m, rows) * across, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at++) {
      int64_t i = at / across * rows, j0 = at % across * cols, here_m = std::min(rows, m - i);
      int64_t j1 = std::min(n, j0 + cols);
      for (int64_t p = 0; p < k; p += kNear) {
        PanelStart start = add || p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
        const float* left = a.data + i + p * a.col;
        int64_t here_k = std::min(kNear, k - p);
        for (int64_t j = j0; j < j1; j += t->cols) {
          int64_t first = j == j0 ? here_m : std::min<int64_t>(8, here_m);  // rows that meet something new
          int64_t width = std::min<int64_t>(t->cols, j1 - j);
          auto run = [&](PanelTable::Multiply multiply, int64_t r, int64_t count) {
            multiply(count, width, here_k, left + r, 1, a.col, b.data + p * b.row + j, b.row, c + (i + r) * c_row + j,
                     c_row, start, bias ? bias + j : nullptr);
          };
          run(t->ahead, 0, first);
          if (first < here_m) run(t->multiply, first, here_m - first);
        }
      }
      if (step) (*step)(i, here_m, j0, j1 - j0);
    }
  });
}

}  // namespace

void panel_product(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c, int64_t c_row,
                   const float* bias, bool add, const PanelStep* step) {
  if (in_place(m, n, k, a, b)) return product_in_place(m, n, k, a, b, c, c_row, bias, add, step);
  const PanelTable* t = pick_panel_table();
  bool far = a.row == 1 && a.col >= kFar;
  int64_t depth = std::min(k, far ? kDepth / 2 : kDepth), threads = num_threads();
  double work = double(m) * double(n) * double(k);
  int64_t want = threads == 1 || work < 1 << 17 ? 1 : work < 1 << 22 ? 2 * threads : 8 * threads;
  // Columns first: each part of b is then packed once. Rows are cut when that is not enough, but not so short that
  // packing again would tell.
  int64_t panels = (n + t->cols - 1) / t->cols;
  int64_t most = std::max<int64_t>(1, kPanelsNumbers / (depth * t->cols));
  int64_t strips = std::min(panels, std::max((panels + most - 1) / most, std::min(want, m >= 512 ? 1 : panels)));
  int64_t width = (panels + strips - 1) / strips * t->cols;
  strips = (n + width - 1) / width;
  int64_t cuts = std::min<int64_t>((want + strips - 1) / strips, std::max<int64_t>(1, m / kRows));
  int64_t rows = ((m + cuts - 1) / cuts + 7) / 8 * 8;
  cuts = (m + rows - 1) / rows;
  int64_t block = far || step ? kRows : rows;
  static std::atomic<uint64_t> calls{0};
  const uint64_t call = ++calls;
  parallel_for(strips * cuts, 1, [&](int64_t begin, int64_t end) {
    float* packed = panel_room(PanelRoom::product, packed_size(depth, width));
    float* near = far ? panel_room(PanelRoom::rows, depth * kRows) : nullptr;
    for (int64_t at = begin; at < end; at++) {
      int64_t s = at / cuts, i = at % cuts * rows, j = s * width;
      int64_t here_m = std::min(rows, m - i), here_n = std::min(width, n - j);
      for (int64_t p = 0; p < k; p += depth) {
        int64_t here_k = std::min(depth, k - p);
        if (depth < k || !held.is(call, s))
          pack_panels({b.data + p * b.row + j * b.col, b.row, b.col}, here_k, here_n, packed);
        PanelStart start = add || p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
        for (int64_t r = i; r < i + here_m; r += block) {
          PanelMatrix left{a.data + r * a.row + p * a.col, a.row, a.col};
          int64_t here = std::min(block, i + here_m - r);
          if (far) left = copy_lines(left, here, here_k, near);
          multiply_packed(here, here_n, here_k, left, packed, c + r * c_row + j, c_row, start,
                          bias ? bias + j : nullptr);
          if (step && p + here_k == k) (*step)(r, here, j, here_n);
        }
      }
    }
  });
}

}  // namespace dl
