// How a reduction walks memory. Two ways: along runs (the smallest stride is reduced: one result per run) and over rows
// (the smallest stride is kept: a strip of results per row). Long reductions with few results are cut into blocks whose
// number depends on the shape alone, and the blocks' results are joined in order: the same for any number of threads.
#include "kernels/cpu/reduce_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "kernels/cpu/copy.h"
#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/views.h"

namespace dl {

namespace {

constexpr int64_t kBuffer = 2048;    // elements converted at a time
constexpr int64_t kStrip = 4096;     // columns worked on at a time, at most
constexpr int64_t kFewColumns = 64;  // fewer do not fill the loop over squares of columns
constexpr int64_t kCentres = kStrip / 2;
constexpr int64_t kNarrow = 1024;      // fewer columns are joined in no time
constexpr int64_t kGrain = 32 * 1024;  // elements below which a thread is not worth waking
constexpr int64_t kBlockWork = 64 * 1024;
constexpr int64_t kEnoughUnits = 32;  // results to share out, from which a reduction is not cut any more

// A range of the reduced elements: `outer` positions, each with [begin, end) of the innermost reduced axis.
struct Block {
  int64_t outer_begin, outer_end, begin, end;
};
struct Blocks {
  int64_t outer, inner, outer_blocks = 1, inner_parts = 1;
  Blocks(const ReduceAxes& a, int64_t wanted) : outer(a.count() / std::max<int64_t>(a.inner(), 1)), inner(a.inner()) {
    outer_blocks = std::min(outer, wanted);
    if (outer < wanted) inner_parts = std::min((wanted + outer - 1) / outer, std::max<int64_t>(inner / 64, 1));
  }
  int64_t count() const { return outer_blocks * inner_parts; }
  Block at(int64_t b) const {
    int64_t o = b / inner_parts, p = b % inner_parts, step = (inner / inner_parts + 63) / 64 * 64;
    if (inner_parts == 1) step = inner;
    return {outer * o / outer_blocks, outer * (o + 1) / outer_blocks, std::min(inner, p * step),
            p + 1 == inner_parts ? inner : std::min(inner, (p + 1) * step)};
  }
};

int64_t blocks_wanted(int64_t units, int64_t length, int64_t work) {
  if (units >= kEnoughUnits) return 1;
  int64_t by_work = work / kBlockWork, by_units = (2 * kEnoughUnits + units - 1) / units;
  return std::max<int64_t>(1, std::min({by_work, by_units, length}));
}

class Reducer {
 public:
  explicit Reducer(const Reduction& r)
      : r_(r),
        fns_(pick_reduce_table()->fn[int(r.op)][int(r.type)]),
        load_(pick_cast_table()->fn[int(r.in.dtype)][int(r.read)]),
        store_(pick_cast_table()->fn[int(r.acc)][int(r.out.dtype)]),
        acc_size_(int64_t(itemsize(r.acc))),
        in_size_(int64_t(itemsize(r.in.dtype))),
        same_(r.in.dtype == r.read),
        squares_(r.squares ? &pick_sum_table()->squares[r.acc == DType::F64] : nullptr),
        halves_(half_sums(r)) {}

  void along_runs() {
    int64_t results = r_.kept.count(), length = r_.reduced.count();
    Blocks blocks(r_.reduced, blocks_wanted(results, length, results * length));
    int64_t nb = blocks.count();
    if (nb == 1) {
      bool matrix = r_.kept.n == 1 && r_.reduced.n == 1 && r_.reduced.inner_in() == 1;
      int64_t group = std::clamp<int64_t>(kGrain / 2 / std::max<int64_t>(length, 1), 1, 256);
      parallel_for((results + group - 1) / group, kGrain / (group * length) + 1, [&](int64_t b, int64_t e) {
        const int64_t half = matrix && two_streams(results * length) ? (e - b) / 2 : 0;
        for (int64_t g = b; g < b + half; g++)
          two_groups(g, g + half, std::min(group, results - (g + half) * group), group, length);
        for (int64_t g = b + 2 * half; g < e; g++) {
          alignas(64) char acc[256 * 8];
          int64_t n = std::min(group, results - g * group);
          fns_.init(n, acc);
          if (matrix)
            matrix_rows(g * group, n, length, acc);
          else
            for (int64_t k = 0; k < n; k++) runs(g * group + k, blocks.at(0), acc + k * acc_size_);
          emit(g * group, n, acc);
        }
      });
      return;
    }
    Temp keep(size_t(results * nb * acc_size_));
    char* partial = keep.ptr<char>();
    fns_.init(results * nb, partial);
    const bool line = results == 1 && r_.reduced.n == 1 && r_.reduced.inner_in() == 1;
    parallel_for(results * nb, 1, [&](int64_t b, int64_t e) {
      const int64_t half = line && two_streams(length) ? (e - b) / 2 : 0;
      for (int64_t u = b; u < b + half; u++)
        two_blocks(blocks.at(u), blocks.at(u + half), partial + u * acc_size_, half);
      for (int64_t u = b + 2 * half; u < e; u++) runs(u / nb, blocks.at(u % nb), partial + u * acc_size_);
    });
    for (int64_t k = 0; k < results; k++) {
      alignas(8) char acc[8];
      fns_.init(1, acc);
      fns_.run(nb, partial + k * nb * acc_size_, acc);
      emit(k, 1, acc);
    }
  }

  void over_rows() {
    const int64_t strip = std::min(kStrip, 16384 / acc_size_);  // half of the nearest cache
    int64_t width = r_.kept.inner(), results = r_.kept.count(), length = r_.reduced.count();
    int64_t strips = (width + strip - 1) / strip, units = results / width * strips;
    int64_t wanted = blocks_wanted(units, length, results * length);
    if (width > kNarrow)
      wanted = std::min(wanted, std::max<int64_t>(length / 64, 1));  // one thread joins what they make
    Blocks blocks(r_.reduced, wanted);
    int64_t nb = blocks.count();
    Temp keep;
    if (nb > 1) keep = Temp(size_t(results * nb * acc_size_));
    char* partial = nb > 1 ? keep.ptr<char>() : nullptr;
    int64_t unit_work = std::min(width, strip) * (length / nb + 1);
    parallel_for(units * nb, kGrain / unit_work + 1, [&](int64_t b, int64_t e) {
      alignas(64) char acc[kStrip * 8];
      for (int64_t u = b; u < e; u++) {
        int64_t unit = u % units, first = unit % strips * strip, start = unit / strips * width + first;
        int64_t n = std::min(strip, width - first);
        char* to = partial ? partial + (u / units * results + start) * acc_size_ : acc;
        fns_.init(n, to);
        rows(unit / strips, first, n, blocks.at(u / units), to);
        if (!partial) emit(start, n, acc);
      }
    });
    if (!partial) return;
    alignas(64) char acc[kStrip * 8];
    for (int64_t at = 0; at < results; at += strip) {
      int64_t n = std::min(strip, results - at);
      fns_.init(n, acc);
      fns_.rows(nb, n, partial + at * acc_size_, results, acc);
      emit(at, n, acc);
    }
  }

  // Sums of complex numbers, whose parts lie side by side: two results a run.
  void along_pairs() {
    PairSum sum = pick_sum_table()->pairs[r_.acc == DType::F64];
    int64_t results = r_.kept.count() / 2, length = r_.reduced.count();
    Blocks blocks(r_.reduced, blocks_wanted(results, length, 2 * results * length));
    int64_t nb = blocks.count(), two = 2 * acc_size_;
    Temp keep(size_t(results * nb * two));
    char* partial = keep.ptr<char>();
    fns_.init(2 * results * nb, partial);
    const bool matrix = nb == 1 && r_.kept.n == 2 && r_.reduced.n == 1;
    parallel_for(results * nb, nb > 1 ? 1 : kGrain / (2 * length) + 1, [&](int64_t b, int64_t e) {
      if (matrix)
        return sum(e - b, length, r_.in.ptr<char>() + b * r_.kept.in[0] * in_size_, r_.kept.in[0], partial + b * two);
      for (int64_t u = b; u < e; u++) {
        const Block block = blocks.at(u % nb);
        const char* base = r_.in.ptr<char>() + r_.kept.offset(u / nb, 1, r_.kept.in) * in_size_;
        for (int64_t o = block.outer_begin; o < block.outer_end; o++)
          sum(1, block.end - block.begin, base + (r_.reduced.offset(o, 1, r_.reduced.in) + block.begin * 2) * in_size_,
              0, partial + u * two);
      }
    });
    if (nb == 1) return emit(0, 2 * results, partial);
    for (int64_t k = 0; k < results; k++) {
      alignas(16) char acc[16];
      fns_.init(2, acc);
      fns_.rows(nb, 2, partial + k * nb * two, 2, acc);
      emit(2 * k, 2, acc);
    }
  }

  // Whether this is such a sum.
  bool pairs() const {
    return r_.op == ReduceOp::Sum && same_ && !squares_ && (r_.acc == DType::F32 || r_.acc == DType::F64) &&
           r_.kept.n && r_.reduced.n && r_.kept.inner() == 2 && r_.kept.inner_in() == 1 && r_.reduced.inner_in() == 2;
  }

 private:
  // How 16-bit floats are added up without being laid out as floats first; null for all else.
  static const HalfSums* half_sums(const Reduction& r) {
    if (r.op != ReduceOp::Sum || r.acc != DType::F32 || r.squares) return nullptr;
    const SumTable* table = pick_sum_table();
    return r.in.dtype == DType::F16 ? &table->f16 : r.in.dtype == DType::BF16 ? &table->bf16 : nullptr;
  }

  // Arrays that the third-level cache holds and the second does not are read in two places by turns.
  bool two_streams(int64_t elements) const {
    const int64_t bytes = elements * in_size_;
    return same_ && !squares_ && bytes > (1 << 20) && bytes <= stream_bytes();
  }

  // Groups g and h of rows of a matrix, `n` rows in the second one.
  void two_groups(int64_t g, int64_t h, int64_t n, int64_t group, int64_t length) {
    alignas(64) char acc[2][256 * 8];
    const int64_t next = r_.kept.in[0], at = g * group, then = h * group;
    const char* p = r_.in.ptr<char>();
    fns_.init(group, acc[0]);
    fns_.init(n, acc[1]);
    fns_.runs_apart(n, length, p + at * next * in_size_, p + then * next * in_size_, next, acc[0], acc[1]);
    if (n < group) fns_.runs(group - n, length, p + (at + n) * next * in_size_, next, acc[0] + n * acc_size_);
    emit(at, group, acc[0]);
    emit(then, n, acc[1]);
  }

  // Two blocks of one line; the second one's result lies `apart` results behind the first one's.
  void two_blocks(const Block& x, const Block& y, char* acc, int64_t apart) {
    const int64_t n = std::min(x.end - x.begin, y.end - y.begin);
    char* other = acc + apart * acc_size_;
    if (n < x.end - x.begin || n < y.end - y.begin) {
      runs(0, x, acc);
      return runs(0, y, other);
    }
    const char* p = r_.in.ptr<char>();
    fns_.runs_apart(1, n, p + x.begin * in_size_, p + y.begin * in_size_, 0, acc, other);
  }

  const char* centre(int64_t result) const {
    static constexpr double zero = 0;
    return r_.centres ? static_cast<const char*>(r_.centres) + result * acc_size_
                      : reinterpret_cast<const char*>(&zero);
  }

  int64_t centre_step() const { return r_.centres ? 1 : 0; }

  // Those of n neighbouring results, and of few columns as often as kCentres has room.
  const char* centres_of(int64_t start, int64_t n, char* room) const {
    if (r_.centres && n >= kFewColumns) return centre(start);
    const int64_t count = n >= kFewColumns ? n : kCentres;
    if (!r_.centres) std::memset(room, 0, size_t(count * acc_size_));
    for (int64_t i = 0; i + n <= count && r_.centres; i += n)
      std::memcpy(room + i * acc_size_, centre(start), size_t(n * acc_size_));
    return room;
  }

  // `n` rows of a matrix, from row `first` on. Short ones are converted several at a time.
  void matrix_rows(int64_t first, int64_t n, int64_t length, char* acc) {
    const int64_t next = r_.kept.in[0];
    const char* p = r_.in.ptr<char>() + first * next * in_size_;
    if (same_ && !squares_) return fns_.runs(n, length, p, next, acc);
    if (same_) return squares_->runs(n, length, p, next, centre(first), centre_step(), acc);
    if (halves_) return halves_->runs(n, length, p, next, acc);
    if (length > kBuffer / 2) {
      Blocks whole(r_.reduced, 1);
      for (int64_t k = 0; k < n; k++) runs(first + k, whole.at(0), acc + k * acc_size_);
      return;
    }
    alignas(64) char buffer[kBuffer * 8];
    for (int64_t k = 0, m; k < n; k += m) {
      m = std::min(kBuffer / length, n - k);
      const char* from = p + k * next * in_size_;
      if (next == length) {
        load_(m * length, from, 1, buffer, 1);
      } else {
        for (int64_t i = 0; i < m; i++)
          load_(length, from + i * next * in_size_, 1, buffer + i * length * acc_size_, 1);
      }
      if (squares_)
        squares_->runs(m, length, buffer, length, centre(first + k), centre_step(), acc + k * acc_size_);
      else
        fns_.runs(m, length, buffer, length, acc + k * acc_size_);
    }
  }

  // One result from the runs of a block.
  void runs(int64_t result, const Block& block, char* acc) {
    const char* base = r_.in.ptr<char>() + r_.kept.offset(result, 0, r_.kept.in) * in_size_;
    int64_t stride = r_.reduced.inner_in();
    for (int64_t o = block.outer_begin; o < block.outer_end; o++) {
      const char* p = base + (r_.reduced.offset(o, 1, r_.reduced.in) + block.begin * stride) * in_size_;
      int64_t n = block.end - block.begin;
      const bool ready = same_ && stride == 1;
      if (ready && squares_) {
        squares_->runs(1, n, p, 0, centre(result), 0, acc);
        continue;
      }
      if (ready) {
        fns_.run(n, p, acc);
        continue;
      }
      if (halves_ && stride == 1) {
        halves_->runs(1, n, p, 0, acc);
        continue;
      }
      alignas(64) char buffer[kBuffer * 8];
      for (int64_t i = 0; i < n; i += kBuffer) {
        int64_t m = std::min(kBuffer, n - i);
        const char* from = p + i * stride * in_size_;
        load_(m, from, stride, buffer, 1);
        if (squares_)
          squares_->runs(1, m, buffer, 0, centre(result), 0, acc);
        else
          fns_.run(m, buffer, acc);
      }
    }
  }

  // `n` neighbouring results, starting at column `first` of outer kept position `outer`.
  void rows(int64_t outer, int64_t first, int64_t n, const Block& block, char* acc) {
    int64_t columns = r_.kept.inner_in(), down = r_.reduced.inner_in();
    const char* base = r_.in.ptr<char>() + (r_.kept.offset(outer, 1, r_.kept.in) + first * columns) * in_size_;
    alignas(64) char repeated[kCentres * 8];
    const char* centres = squares_ ? centres_of(outer * r_.kept.inner() + first, n, repeated) : nullptr;
    for (int64_t o = block.outer_begin; o < block.outer_end; o++) {
      const char* p = base + (r_.reduced.offset(o, 1, r_.reduced.in) + block.begin * down) * in_size_;
      int64_t m = block.end - block.begin;
      const bool ready = same_ && columns == 1;
      if (ready && !squares_) {
        fns_.rows(m, n, p, down, acc);
        continue;
      }
      if (halves_ && columns == 1 && n >= kHalfColumns) {
        halves_->rows(m, n, p, down, acc);
        continue;
      }
      if (ready && n >= kFewColumns) {
        squares_->rows(m, n, p, down, centres, acc);
        continue;
      }
      alignas(64) char buffer[kStrip * 8];
      const bool joined = columns == 1 && down == n;  // neighbouring rows are taken in one go
      int64_t at_once = joined || squares_ ? std::max<int64_t>(1, (squares_ ? kCentres : kStrip) / n) : 1;
      for (int64_t i = 0; i < m; i += at_once) {
        int64_t k = std::min(at_once, m - i);
        const char* from = p + i * down * in_size_;
        if (joined)
          load_(k * n, from, 1, buffer, 1);
        else
          for (int64_t r = 0; r < k; r++) load_(n, from + r * down * in_size_, columns, buffer + r * n * acc_size_, 1);
        if (!squares_) {
          fns_.rows(k, n, buffer, n, acc);
        } else if (n >= kFewColumns) {
          squares_->rows(k, n, buffer, n, centres, acc);
        } else {
          squares_->from_each(k * n, buffer, centres, buffer);
          fns_.rows(k, n, buffer, n, acc);
        }
      }
    }
  }

  // Writes finished results [start, start + n), counted over the kept axes.
  void emit(int64_t start, int64_t n, char* acc) {
    if (r_.divide != 1 || r_.root) finish(n, acc);
    int64_t width = r_.kept.inner(), size = int64_t(itemsize(r_.out.dtype));
    while (n > 0) {
      int64_t at = start % width, m = std::min(n, width - at);
      int64_t off = r_.kept.offset(start / width, 1, r_.kept.out) + at * r_.kept.inner_out();
      store_(m, acc, 1, r_.out.ptr<char>() + off * size, m == 1 ? 1 : r_.kept.inner_out());
      start += m;
      acc += m * acc_size_;
      n -= m;
    }
  }

  template <class T>
  void finish_as(int64_t n, T* acc) {
    for (int64_t i = 0; i < n; i++) acc[i] /= T(r_.divide);
    for (int64_t i = 0; i < n && r_.root; i++) acc[i] = std::sqrt(acc[i]);
  }
  void finish(int64_t n, char* acc) {
    if (r_.acc == DType::F64)
      finish_as(n, reinterpret_cast<double*>(acc));
    else
      finish_as(n, reinterpret_cast<float*>(acc));
  }

  const Reduction& r_;
  ReduceFns fns_;
  CastFn load_, store_;
  int64_t acc_size_, in_size_;
  bool same_;
  const SquareSums* squares_;  // null: elements are added up as they are
  const HalfSums* halves_;
};

}  // namespace

void run_reduction(const Reduction& r) {
  Reducer reducer(r);
  int64_t down = r.reduced.inner_in(), across = std::abs(r.kept.inner_in());
  if (reducer.pairs()) return reducer.along_pairs();
  bool along = r.kept.n == 0 || r.reduced.n == 0 || down < across;
  if (along && r.kept.n && r.reduced.n && r.reduced.count() < 16 && r.kept.inner() >= 16) along = false;
  if (along)
    reducer.along_runs();
  else
    reducer.over_rows();
}

}  // namespace dl
