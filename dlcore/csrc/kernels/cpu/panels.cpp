#include "kernels/cpu/panels.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/isa/transpose_table.h"
#include "runtime/pool.h"

namespace dl {
namespace {

// Of k at a time, and numbers of packed panels that rows go through at a time: part of the second-level cache. With few
// rows what is packed next comes so soon that it must find room there too: half of both.
constexpr int64_t kDepth = 1024, kPanelsNumbers = 128 * 1024;
constexpr int64_t kFewRows = 256;

constexpr int64_t kRows = 64;  // of a that are copied together
constexpr int64_t kFar = 512;  // numbers from one column of a transposed a to the next that make the copy worth it

constexpr int64_t kLine = 16;       // numbers in a line of the cache
constexpr int64_t kLinesAhead = 8;  // of b that are asked for before they are packed

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

// Panels of b where its lines lie one after the other, all panels of a line at a time: what is read lies side by side.
void pack_lines(const PanelMatrix& b, int64_t k, int64_t n, float* to) {
  const PanelTable* t = pick_panel_table();
  const int64_t cols = t->cols, whole = n / cols * cols, rest = n - whole, width = rest ? t->width(rest) : 0;
  float* last = to + k * whole;
  if (rest) std::fill(last, last + k * width, 0.0f);
  for (int64_t p = 0; p < k; p++, last += width) {
    const float *from = b.data + p * b.row, *ahead = p + kLinesAhead < k ? from + kLinesAhead * b.row : from;
    for (int64_t i = 0; i < n; i += kLine) prefetch(ahead + i);
    if (cols == 2 * kLine)  // a copy of a length that the compiler knows
      for (int64_t j = 0; j < whole; j += 2 * kLine) std::copy(from + j, from + j + 2 * kLine, to + k * j + p * cols);
    else
      for (int64_t j = 0; j < whole; j += cols) std::copy(from + j, from + j + cols, to + k * j + p * cols);
    std::copy(from + whole, from + n, last);
  }
}

// One panel of at most `cols` columns: k lines of `width` numbers, zeros behind the last column.
void pack_panel(const PanelMatrix& b, int64_t k, int64_t n, int64_t width, float* to) {
  if (n < width) std::fill(to, to + k * width, 0.0f);
  if (b.row == 1) {
    constexpr int64_t kLines = 64;  // what is written stays in the first-level cache until it is whole
    const auto transpose = pick_transpose_table()->fn[2];
    for (int64_t p = 0; p < k; p += kLines)
      transpose(n, std::min(kLines, k - p), b.data + p, b.col, to + p * width, width);
  } else {
    for (int64_t p = 0; p < k; p++)
      for (int64_t j = 0; j < n; j++) to[p * width + j] = b.data[p * b.row + j * b.col];
  }
}

// Lines of `width` numbers, `step` apart, to be asked for ahead.
PanelStream stream_of(const float* at, int64_t step, int64_t lines, int64_t width) {
  if (lines <= 0 || width <= 0) return {at, 0, 0, 0};
  return {at, step, lines, (width + kStreamWidth - 1) / kStreamWidth};
}
PanelStream stream_of(const PanelMatrix& x, int64_t rows, int64_t cols) {
  if (x.col == 1) return stream_of(x.data, x.row, rows, cols);
  return stream_of(x.data, x.col, x.row == 1 ? cols : 0, rows);
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
                 const int64_t first = begin * t->cols, last = std::min(n, end * t->cols);
                 if (b.col == 1) return pack_lines(b.at(0, first), k, last - first, to + k * first);
                 for (int64_t j = first; j < last; j += t->cols) {
                   int64_t here = std::min<int64_t>(t->cols, n - j);
                   pack_panel(b.at(0, j), k, here, t->width(here), to + k * j);
                 }
               });
}

void multiply_packed(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const float* packed, float* c,
                     int64_t c_row, PanelStart start, const float* bias, PanelBeside* beside) {
  const PanelTable* t = pick_panel_table();
  const float* other = beside ? beside->other : nullptr;
  for (int64_t j = 0; j < n; j += t->cols) {
    int64_t here = std::min<int64_t>(t->cols, n - j);
    if (other) beside->other = other + j;
    t->multiply(m, here, k, a.data, a.row, a.col, packed + k * j, t->width(here), c + j, c_row, start,
                bias ? bias + j : nullptr, beside);
  }
}

namespace {

constexpr int64_t kNear = kSummed,
                  kSide = 128;  // of k at a time, and rows and columns of c: parts of a, b and c near by

constexpr int64_t kSameSets = 4096;  // numbers from line to line from which on lines push each other out of a cache

// Whether all of a product fits into the second-level cache, where asking ahead costs more than it saves.
bool is_near(int64_t m, int64_t n, int64_t k) { return m * k + k * n + m * n <= 2 * kPanelsNumbers; }

// The sums of a block of c that begins at (i, j) will be whole.
void finish_with(PanelBeside& beside, const PanelThen& then, int64_t i, int64_t j) {
  beside.finish = then.finish;
  beside.other = then.other ? then.other + i * then.other_row + j : nullptr;
  beside.other_row = then.other_row;
}

// Both a and b lie line by line of k, as in the gradient by weights: they are read where they are, no line is copied.
bool in_place(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b) {
  bool lines = a.row == 1 && b.col == 1 && a.col < kSameSets && b.row < kSameSets;
  return lines && n % pick_panel_table()->half == 0 && m >= 8 && k >= 32;
}

// The sums of `count` lines of k numbers that lie side by side, `step` apart, go to `to`, added to what is there or
// not.
void add_lines(const float* from, int64_t step, int64_t count, int64_t k, bool add, float* to) {
  const ReduceFns& sum = pick_reduce_table()->fn[int(ReduceOp::Sum)][int(ReduceType::F32)];
  float part[kSide];
  sum.init(count, part);
  sum.rows(k, count, from, step, part);
  for (int64_t i = 0; i < count; i++) to[i] = add ? to[i] + part[i] : part[i];
}

// `sums`, where they are wanted: of a's lines.
void product_in_place(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c,
                      int64_t c_row, const float* bias, bool add, const PanelThen& then, float* sums) {
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
  const bool plain = then.finish == PanelFinish::none && is_near(m, n, k);
  const int64_t across = parts(n, cols), blocks = parts(m, rows) * across;
  // What lines [p, p + kNear) of k hold for `count` rows or columns of c.
  auto stream = [&](const float* from, int64_t step, int64_t count, int64_t p) {
    return stream_of(from + p * step, step, std::min(kNear, k - p), count);
  };
  parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at++) {
      int64_t i = at / across * rows, j0 = at % across * cols, here_m = std::min(rows, m - i);
      int64_t here_n = std::min(cols, n - j0);
      for (int64_t p = 0; p < k; p += kNear) {
        PanelStart start = add || p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
        int64_t here_k = std::min(kNear, k - p), next = p + here_k;
        if (sums && j0 == 0) add_lines(a.data + i + p * a.col, a.col, here_m, here_k, p > 0, sums + i);
        PanelBeside beside{{stream(a.data + i, a.col, here_m, next), stream(b.data + j0, b.row, here_n, next)}};
        if (next == k && at + 1 < end) {
          int64_t i2 = (at + 1) / across * rows, j2 = (at + 1) % across * cols;
          beside.streams[0] = stream(a.data + i2, a.col, std::min(rows, m - i2), 0);
          beside.streams[1] = stream(b.data + j2, b.row, std::min(cols, n - j2), 0);
        }
        for (int64_t j = j0; j < j0 + here_n; j += t->cols) {
          if (next == k) finish_with(beside, then, i, j);
          t->multiply(here_m, std::min<int64_t>(t->cols, j0 + here_n - j), here_k, a.data + i + p * a.col, 1, a.col,
                      b.data + p * b.row + j, b.row, c + i * c_row + j, c_row, start, bias ? bias + j : nullptr,
                      plain ? nullptr : &beside);
        }
      }
      if (then.block) then.block(i, here_m, j0, here_n);
    }
  });
}

// What rows read of b as it lies: few rows, and a b that stays in a cache from one tile of them to the next. To pack it
// would take longer than it saves.
constexpr int64_t kPlainNumbers = 1 << 20, kPlainWork = 1 << 24, kPlainLines = 64, kPlainColumns = 256;
bool suits_plain(int64_t m, int64_t n, int64_t k, const PanelMatrix& b) {
  return b.col == 1 && n % pick_panel_table()->half == 0 && m <= kRows && k * n <= kPlainNumbers &&
         m * k * n <= kPlainWork;
}

void product_plain(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c, int64_t c_row,
                   const float* bias, bool add, const PanelThen& then) {
  const PanelTable* t = pick_panel_table();
  const int64_t share = (n / (2 * num_threads()) + t->cols - 1) / t->cols * t->cols;
  const int64_t width = num_threads() == 1 ? kPlainColumns : std::max<int64_t>(t->cols, std::min(kPlainColumns, share));
  const int64_t strips = (n + width - 1) / width, grain = std::max<int64_t>(1, (1 << 19) / (m * k * width));
  parallel_for(strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t j0 = begin * width; j0 < std::min(n, end * width); j0 += width) {
      const int64_t j_end = std::min(n, j0 + width);
      for (int64_t p = 0; p < k; p += kPlainLines) {
        const int64_t here = std::min(kPlainLines, k - p);
        const bool finish = p + here == k && then.finish != PanelFinish::none;
        PanelStart start = add || p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
        PanelBeside beside{};
        for (int64_t j = j0; j < j_end; j += t->cols) {
          if (finish) finish_with(beside, then, 0, j);
          t->multiply(m, std::min<int64_t>(t->cols, j_end - j), here, a.data + p * a.col, a.row, a.col,
                      b.data + p * b.row + j, b.row, c + j, c_row, start, bias ? bias + j : nullptr,
                      finish ? &beside : nullptr);
        }
      }
      if (then.block) then.block(0, m, j0, j_end - j0);
    }
  });
}

// How a product is cut: strips of columns, cuts of rows, parts of k.
struct Cut {
  int64_t m, n, k, depth, width, strips, rows, cuts;

  Cut(int64_t m, int64_t n, int64_t k, bool far)
      : m(m), n(n), k(k), depth(std::min(k, far || m <= kFewRows ? kDepth / 2 : kDepth)) {
    int64_t threads = num_threads(), wide = pick_panel_table()->cols;
    double work = double(m) * double(n) * double(k);
    int64_t want = threads == 1 || work < 1 << 17 ? 1 : work < 1 << 22 ? 2 * threads : 8 * threads;
    // Columns first: each part of b is then packed once. Rows are cut when that is not enough, but not so short that
    // packing again would tell.
    int64_t panels = (n + wide - 1) / wide;
    int64_t numbers = m <= kFewRows ? kPanelsNumbers / 2 : kPanelsNumbers;
    int64_t most = std::max<int64_t>(1, numbers / (depth * wide));
    strips = std::min(panels, std::max((panels + most - 1) / most, std::min(want, m >= 512 ? 1 : panels)));
    width = (panels + strips - 1) / strips * wide;
    strips = (n + width - 1) / width;
    cuts = std::min<int64_t>((want + strips - 1) / strips, std::max<int64_t>(1, m / kRows));
    rows = ((m + cuts - 1) / cuts + 7) / 8 * 8;
    cuts = (m + rows - 1) / rows;
  }

  int64_t pieces() const { return strips * cuts; }

  // Rows [i, i + m) and columns [j, j + n) of c, and lines [p, p + k) that are summed up.
  struct Part {
    int64_t i, m, j, n, p, k;
  };
  Part part(int64_t piece, int64_t p) const {
    int64_t i = piece % cuts * rows, j = piece / cuts * width;
    return {i, std::min(rows, m - i), j, std::min(width, n - j), p, std::min(depth, k - p)};
  }
  // What a thread mostly does after a piece.
  int64_t after(int64_t piece) const { return std::min(piece + 1, pieces() - 1); }
};

}  // namespace

void panel_product(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c, int64_t c_row,
                   const float* bias, bool add, const PanelThen& then) {
  if (in_place(m, n, k, a, b)) return product_in_place(m, n, k, a, b, c, c_row, bias, add, then, nullptr);
  if (suits_plain(m, n, k, b)) return product_plain(m, n, k, a, b, c, c_row, bias, add, then);
  const bool far = a.row == 1 && a.col >= kFar, plain = then.finish == PanelFinish::none && is_near(m, n, k);
  const Cut cut(m, n, k, far);
  static std::atomic<uint64_t> calls{0};
  const uint64_t call = ++calls;
  auto run = [&](const Cut::Part& now, const Cut::Part& later, float* packed, float* near) {
    PanelStart start = add || now.p ? PanelStart::c : bias ? PanelStart::bias : PanelStart::zero;
    const bool last = now.p + now.k == k;
    PanelBeside beside{};
    // The next part of b is asked for beside the last rows: sooner, and a's rows would have pushed it out again.
    const int64_t late = std::max<int64_t>(0, (now.m - 1) / kRows - 1) * kRows;
    for (int64_t r = 0; r < now.m; r += kRows) {
      if (r == late && (cut.depth < k || later.j != now.j))
        beside.streams[1] = stream_of(b.at(later.p, later.j), later.k, later.n);
      int64_t here = std::min(kRows, now.m - r), rest = now.m - r - here;
      PanelMatrix left = a.at(now.i + r, now.p);
      if (far) left = copy_lines(left, here, now.k, near);
      beside.streams[0] = rest ? stream_of(a.at(now.i + r + here, now.p), std::min(kRows, rest), now.k)
                               : stream_of(a.at(later.i, later.p), std::min(kRows, later.m), later.k);
      if (last) finish_with(beside, then, now.i + r, now.j);
      multiply_packed(here, now.n, now.k, left, packed, c + (now.i + r) * c_row + now.j, c_row, start,
                      bias ? bias + now.j : nullptr, plain ? nullptr : &beside);
      if (last && then.block) then.block(now.i + r, here, now.j, now.n);
    }
  };
  parallel_for(cut.pieces(), 1, [&](int64_t begin, int64_t end) {
    float* packed = panel_room(PanelRoom::product, packed_size(cut.depth, cut.width));
    float* near = far ? panel_room(PanelRoom::rows, cut.depth * kRows) : nullptr;
    for (int64_t at = begin; at < end; at++)
      for (int64_t p = 0; p < k; p += cut.depth) {
        Cut::Part now = cut.part(at, p),
                  later = now.p + now.k < k ? cut.part(at, now.p + now.k) : cut.part(cut.after(at), 0);
        if (cut.depth < k || !held.is(call, at / cut.cuts)) pack_panels(b.at(now.p, now.j), now.k, now.n, packed);
        run(now, later, packed, near);
      }
  });
}

bool panel_product_sums(int64_t m, int64_t n, int64_t k, const PanelMatrix& a, const PanelMatrix& b, float* c,
                        float* sums) {
  if (!in_place(m, n, k, a, b)) return false;
  product_in_place(m, n, k, a, b, c, n, nullptr, false, {}, sums);
  return true;
}

}  // namespace dl
