// How a reduction walks memory. Two ways: along runs (the smallest stride is reduced: one result per run) and over rows
// (the smallest stride is kept: a strip of results per row). Long reductions with few results are cut into blocks whose
// number depends on the shape alone, and the blocks' results are joined in order: the same for any number of threads.
#include "kernels/cpu/reduce_plan.h"

#include <algorithm>

#include "kernels/cpu/copy.h"
#include "kernels/cpu/views.h"

namespace dl {

namespace {

constexpr int64_t kBuffer = 2048;      // elements converted at a time
constexpr int64_t kStrip = 4096;       // columns worked on at a time, at most
constexpr int64_t kNarrow = 1024;      // fewer columns are joined in no time
constexpr int64_t kGrain = 32 * 1024;  // elements below which a thread is not worth waking
constexpr int64_t kBlockWork = 64 * 1024;
constexpr int64_t kEnoughUnits = 32;  // results to share out, from which a reduction is not cut any more

int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

void push(ReduceAxes& a, int64_t shape, int64_t in, int64_t out) {
  int i = a.n++;
  for (; i > 0 && magnitude(a.in[i - 1]) < magnitude(in); i--) {
    a.shape[i] = a.shape[i - 1];
    a.in[i] = a.in[i - 1];
    a.out[i] = a.out[i - 1];
  }
  a.shape[i] = shape;
  a.in[i] = in;
  a.out[i] = out;
}

void merge(ReduceAxes& a) {
  for (int i = a.n - 2; i >= 0; i--) {
    if (a.in[i] != a.in[i + 1] * a.shape[i + 1] || a.out[i] != a.out[i + 1] * a.shape[i + 1]) continue;
    a.shape[i] *= a.shape[i + 1];
    a.in[i] = a.in[i + 1];
    a.out[i] = a.out[i + 1];
    for (int j = i + 1; j + 1 < a.n; j++) {
      a.shape[j] = a.shape[j + 1];
      a.in[j] = a.in[j + 1];
      a.out[j] = a.out[j + 1];
    }
    a.n--;
  }
}

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
        same_(r.in.dtype == r.read) {}

  void along_runs() {
    int64_t results = r_.kept.count(), length = r_.reduced.count();
    Blocks blocks(r_.reduced, blocks_wanted(results, length, results * length));
    int64_t nb = blocks.count();
    if (nb == 1) {
      bool plain = same_ && r_.kept.n == 1 && r_.reduced.n == 1 && r_.reduced.inner_in() == 1;  // rows of a matrix
      int64_t group = std::clamp<int64_t>(kGrain / 2 / std::max<int64_t>(length, 1), 1, 256);
      parallel_for((results + group - 1) / group, kGrain / (group * length) + 1, [&](int64_t b, int64_t e) {
        for (int64_t g = b; g < e; g++) {
          alignas(64) char acc[256 * 8];
          int64_t n = std::min(group, results - g * group);
          fns_.init(n, acc);
          if (plain)
            fns_.runs(n, length, r_.in.ptr<char>() + g * group * r_.kept.in[0] * in_size_, r_.kept.in[0], acc);
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
    parallel_for(results * nb, 1, [&](int64_t b, int64_t e) {
      for (int64_t u = b; u < e; u++) runs(u / nb, blocks.at(u % nb), partial + u * acc_size_);
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

 private:
  // One result from the runs of a block.
  void runs(int64_t result, const Block& block, char* acc) {
    const char* base = r_.in.ptr<char>() + r_.kept.offset(result, 0, r_.kept.in) * in_size_;
    int64_t stride = r_.reduced.inner_in();
    for (int64_t o = block.outer_begin; o < block.outer_end; o++) {
      const char* p = base + (r_.reduced.offset(o, 1, r_.reduced.in) + block.begin * stride) * in_size_;
      int64_t n = block.end - block.begin;
      if (same_ && stride == 1) {
        fns_.run(n, p, acc);
        continue;
      }
      alignas(64) char buffer[kBuffer * 8];
      for (int64_t i = 0; i < n; i += kBuffer) {
        int64_t m = std::min(kBuffer, n - i);
        load_(m, p + i * stride * in_size_, stride, buffer, 1);
        fns_.run(m, buffer, acc);
      }
    }
  }

  // `n` neighbouring results, starting at column `first` of outer kept position `outer`.
  void rows(int64_t outer, int64_t first, int64_t n, const Block& block, char* acc) {
    int64_t columns = r_.kept.inner_in(), down = r_.reduced.inner_in();
    const char* base = r_.in.ptr<char>() + (r_.kept.offset(outer, 1, r_.kept.in) + first * columns) * in_size_;
    for (int64_t o = block.outer_begin; o < block.outer_end; o++) {
      const char* p = base + (r_.reduced.offset(o, 1, r_.reduced.in) + block.begin * down) * in_size_;
      int64_t m = block.end - block.begin;
      if (same_ && columns == 1) {
        fns_.rows(m, n, p, down, acc);
        continue;
      }
      alignas(64) char buffer[kStrip * 8];
      int64_t at_once = columns == 1 && down == n ? kStrip / n : 1;  // neighbouring rows convert in one go
      for (int64_t i = 0; i < m; i += at_once) {
        int64_t k = std::min(at_once, m - i);
        load_(k * n, p + i * down * in_size_, columns, buffer, 1);
        fns_.rows(k, n, buffer, n, acc);
      }
    }
  }

  // Writes finished results [start, start + n), counted over the kept axes.
  void emit(int64_t start, int64_t n, char* acc) {
    if (r_.divide != 0) divide(n, acc);
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

  void divide(int64_t n, char* acc) {
    if (r_.acc == DType::F64) {
      for (int64_t i = 0; i < n; i++) reinterpret_cast<double*>(acc)[i] /= r_.divide;
    } else {
      for (int64_t i = 0; i < n; i++) reinterpret_cast<float*>(acc)[i] /= float(r_.divide);
    }
  }

  const Reduction& r_;
  ReduceFns fns_;
  CastFn load_, store_;
  int64_t acc_size_, in_size_;
  bool same_;
};

}  // namespace

void split_axes(Reduction& r, uint32_t mask, const Dims& out_strides) {
  for (int i = 0; i < r.in.shape.n; i++) {
    if (r.in.shape[i] == 1) continue;
    if (mask >> i & 1) {
      int64_t stride = r.in.strides[i];
      if (stride < 0) {  // the order of a sum is free
        r.in.data = r.in.ptr<char>() + (r.in.shape[i] - 1) * stride * int64_t(itemsize(r.in.dtype));
        stride = -stride;
      }
      push(r.reduced, r.in.shape[i], stride, stride);
    } else {
      push(r.kept, r.in.shape[i], r.in.strides[i], out_strides[i]);
    }
  }
  merge(r.kept);
  merge(r.reduced);
}

void run_reduction(const Reduction& r) {
  Reducer reducer(r);
  int64_t down = r.reduced.inner_in(), across = magnitude(r.kept.inner_in());
  bool along = r.kept.n == 0 || r.reduced.n == 0 || down < across;
  if (along && r.kept.n && r.reduced.n && r.reduced.count() < 16 && r.kept.inner() >= 16) along = false;
  if (along)
    reducer.along_runs();
  else
    reducer.over_rows();
}

Dims strides_along_input(const View& out, int ndim, uint32_t mask, bool keepdims) {
  Dims s;
  for (int i = 0, k = 0; i < ndim; i++) {
    bool reduced = mask >> i & 1;
    s.push(reduced ? 0 : out.strides[k]);
    if (!reduced || keepdims) k++;
  }
  return s;
}

}  // namespace dl
