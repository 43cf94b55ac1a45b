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
#include "kernels/cpu/isa/wide_sums.h"
#include "kernels/cpu/reduce_blocks.h"
#include "kernels/cpu/views.h"

namespace dl {

namespace {

constexpr int64_t kBuffer = 2048;    // elements converted at a time
constexpr int64_t kStrip = 4096;     // columns worked on at a time, at most
constexpr int64_t kFewColumns = 64;  // fewer do not fill the loop over squares of columns
constexpr int64_t kCentres = kStrip / 2;
constexpr int64_t kLongRun = 256;      // shorter ones are read in one place after the other
constexpr int64_t kNarrow = 1024;      // fewer columns are joined in no time
constexpr int64_t kGrain = 32 * 1024;  // elements below which a thread is not worth waking

class Reducer {
 public:
  explicit Reducer(const Reduction& r)
      : r_(r),
        fns_(pick_reduce_table()->fn[int(r.op)][int(r.type)]),
        load_(pick_cast_table()->fn[int(r.in.dtype)][int(r.read)]),
        store_(pick_cast_table()->fn[int(divides_integers(r) ? DType::F64 : r.acc)][int(r.out.dtype)]),
        acc_size_(int64_t(itemsize(r.acc))),
        in_size_(int64_t(itemsize(r.in.dtype))),
        same_(r.in.dtype == r.read),
        squares_(r.squares ? &pick_sum_table()->squares[r.acc == DType::F64] : nullptr),
        wide_(wide_sums(r)) {}

  void along_runs() {
    int64_t results = r_.kept.count(), length = r_.reduced.count();
    Blocks blocks(r_.reduced, blocks_wanted(results, length, results * length));
    int64_t nb = blocks.count();
    if (nb == 1) {
      bool matrix = r_.kept.n == 1 && r_.reduced.n == 1 && r_.reduced.inner_in() == 1;
      int64_t group = std::clamp<int64_t>(kGrain / 2 / std::max<int64_t>(length, 1), 1, 256);
      parallel_for((results + group - 1) / group, kGrain / (group * length) + 1, [&](int64_t b, int64_t e) {
        const int64_t part = matrix && length >= kLongRun && in_streams(results * length) ? (e - b) / kStreams : 0;
        for (int64_t g = b; g < b + part; g++) groups_apart(g, part, group, length);
        for (int64_t g = b + kStreams * part; g < e; g++) {
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
      const int64_t part = line && in_streams(length) ? (e - b) / kStreams : 0;
      for (int64_t u = b; u < b + part; u++) blocks_apart(blocks, u, part, partial);
      for (int64_t u = b + kStreams * part; u < e; u++) runs(u / nb, blocks.at(u % nb), partial + u * acc_size_);
    });
    for (int64_t k = 0; k < results; k++) {
      alignas(8) char acc[8];
      fns_.init(1, acc);
      fns_.run(nb, partial + k * nb * acc_size_, acc);
      emit(k, 1, acc);
    }
  }

  void over_rows() {
    const int64_t strip = std::min(kStrip, 16384 / (wide_ ? 2 * in_size_ : acc_size_));  // half of the nearest cache
    int64_t width = r_.kept.inner(), results = r_.kept.count(), length = r_.reduced.count();
    int64_t strips = (width + strip - 1) / strip, units = results / width * strips;
    int64_t wanted = blocks_wanted(units, length, results * length);
    if (width > kNarrow)  // one thread joins what they make
      wanted = std::min(wanted, std::max<int64_t>(length * in_size_ / (64 * acc_size_), 1));
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
    return plain_sum() && r_.kept.n && r_.reduced.n && r_.kept.inner() == 2 && r_.kept.inner_in() == 1 &&
           r_.reduced.inner_in() == 2;
  }

 private:
  // How numbers narrower than their sums are added up without being laid out as wide ones first; null for all else.
  static const WideSums* wide_sums(const Reduction& r) {
    const bool into = is_float(r.in.dtype) ? r.acc == DType::F32 : r.acc == DType::I64 || r.acc == DType::U64;
    const WideSums* sums = &pick_wide_sum_table()->of[int(r.in.dtype)];
    return r.op == ReduceOp::Sum && into && !r.squares && sums->runs ? sums : nullptr;
  }

  static bool divides_integers(const Reduction& r) { return r.divide != 1 && !is_float(r.acc); }

  // Whether memory is read in several places by turns, which other operations are too slow to gain from.
  bool in_streams(int64_t elements) const {
    return r_.op == ReduceOp::Sum && same_ && !squares_ && elements * in_size_ > stream_bytes();
  }

  // Groups g, g + part, ... of rows of a matrix; the last one may have fewer rows.
  void groups_apart(int64_t g, int64_t part, int64_t group, int64_t length) {
    alignas(64) char acc[kStreams][256 * 8];
    void* accs[kStreams];
    const int64_t next = r_.kept.in[0], apart = part * group;
    const int64_t n = std::min(group, r_.kept.count() - (g + (kStreams - 1) * part) * group);
    const char* p = r_.in.ptr<char>() + g * group * next * in_size_;
    for (int k = 0; k < kStreams; k++) fns_.init(group, accs[k] = acc[k]);
    fns_.runs_apart(n, length, p, apart * next, next, accs);
    for (int k = 0; k < kStreams; k++) {
      const int64_t all = k + 1 < kStreams ? group : n;
      fns_.runs(all - n, length, p + (k * apart + n) * next * in_size_, next, acc[k] + n * acc_size_);
      emit(g * group + k * apart, all, acc[k]);
    }
  }

  // Blocks u, u + part, ... of one line; the last one may be shorter.
  void blocks_apart(const Blocks& blocks, int64_t u, int64_t part, char* partial) {
    const Block first = blocks.at(u), last = blocks.at(u + (kStreams - 1) * part);
    const int64_t n = last.end - last.begin;
    if (n < first.end - first.begin) {
      for (int k = 0; k < kStreams; k++) runs(0, blocks.at(u + k * part), partial + (u + k * part) * acc_size_);
      return;
    }
    void* accs[kStreams];
    for (int k = 0; k < kStreams; k++) accs[k] = partial + (u + k * part) * acc_size_;
    fns_.runs_apart(1, n, r_.in.ptr<char>() + first.begin * in_size_, blocks.at(u + part).begin - first.begin, 0, accs);
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
    if (wide_) return wide_->runs(n, length, p, next, acc);
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
      if (wide_ && stride == 1) {
        wide_->runs(1, n, p, 0, acc);
        continue;
      }
      if (plain_sum() && stride == 2 && n > 1) {
        every_second(n, p, acc);
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

  bool plain_sum() const {
    return r_.op == ReduceOp::Sum && same_ && !squares_ && (r_.acc == DType::F32 || r_.acc == DType::F64);
  }

  // Sums of pairs, of which the second ones are left out; the last one may not be there.
  void every_second(int64_t n, const char* p, char* acc) {
    alignas(16) char pair[16];
    fns_.init(2, pair);
    pick_sum_table()->pairs[r_.acc == DType::F64](1, n - 1, p, 0, pair);
    fns_.run(1, pair, acc);
    fns_.run(1, p + 2 * (n - 1) * in_size_, acc);
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
      if (wide_ && columns == 1) {
        wide_->rows(m, n, p, down, acc);
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
  template <class T>
  void divide_as(int64_t n, T* acc) {
    for (int64_t i = 0; i < n; i++) {
      const double v = double(acc[i]) / r_.divide;
      std::memcpy(acc + i, &v, sizeof v);
    }
  }
  void finish(int64_t n, char* acc) {
    if (r_.acc == DType::I64)
      divide_as(n, reinterpret_cast<int64_t*>(acc));
    else if (r_.acc == DType::U64)
      divide_as(n, reinterpret_cast<uint64_t*>(acc));
    else if (r_.acc == DType::F64)
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
  const WideSums* wide_;
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
