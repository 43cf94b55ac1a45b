// Running a planned tile program: block by block, in parallel, registers in the first-level cache.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/copy.h"
#include "kernels/cpu/index.h"
#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/tile_plan.h"
#include "kernels/cpu/views.h"
#include "tensor/fault.h"

namespace dl {

namespace {

// As the cast table's `expand`, for elements of 16 bytes.
void expand_wide(int64_t rows, int64_t cols, const void* src, void* dst) {
  for (int64_t r = 0; r < rows; r++)
    complex_cast(DType::C128, DType::C128)(cols, static_cast<const char*>(src) + r * 16, 0,
                                           static_cast<char*>(dst) + r * cols * 16, 1);
}

class TileRunner {
 public:
  explicit TileRunner(const TilePlan& plan) : plan_(plan) {
    thread_local Scratch scratch;
    const auto& c = *plan.compiled;
    size_t values = size_t(c.n_values), inputs = plan.in.size();
    size_t head = (values * 24 + inputs * 16 + plan.ops.size() * 8 + 63) / 64 * 64;
    int64_t reg_bytes = (plan.capacity * plan.itemsize + 63) / 64 * 64 + 64;  // `expand` runs over the end
    size_t bytes = head + size_t(plan.n_regs) * size_t(reg_bytes) + size_t(plan.per_tile) * 16;
    char* memory = scratch.get(bytes + (plan.streams ? size_t(plan.capacity) * 8 : 0));
    scalar_ = reinterpret_cast<Number*>(memory);
    loaded_ = reinterpret_cast<Loaded*>(memory + values * 16);
    ptr_ = reinterpret_cast<char**>(memory + values * 16 + inputs * 16);
    offset_ = reinterpret_cast<int64_t*>(memory + values * 24 + inputs * 16);
    char* regs = memory + head;
    column_ = regs + plan.n_regs * reg_bytes;
    converted_ = column_ + plan.per_tile * 16;
    expand_ = plan.itemsize == 16 ? expand_wide : pick_cast_table()->expand[plan.itemsize == 8];
    for (size_t v = 0; v < values; v++) {
      int r = v < inputs ? plan.in[v].reg : c.reg[v];
      bool single = plan.cls[v] != TileClass::Tile;
      ptr_[v] = single ? reinterpret_cast<char*>(scalar_ + v) : regs + r * reg_bytes;
    }
    for (size_t k = 0; k < inputs; k++) loaded_[k] = {nullptr, 0};
    set_uniform_values();
  }

  void run(int64_t begin, int64_t end) {
    int64_t chunk = plan_.chunks;
    for (int64_t u = begin; u < end; u++) {
      chunk = chunk + 1 < plan_.chunks ? to_next(chunk) : seek(u);
      int64_t rows = 1, cols = plan_.inner;
      if (plan_.rows) {
        rows = std::min(plan_.per_tile, plan_.mid - chunk * plan_.per_tile);
      } else {
        cols = std::min(plan_.per_tile, plan_.inner - chunk * plan_.per_tile);
      }
      load(rows, cols);
      if (plan_.streams && !plan_.rows && u + 1 < end) ask_for_next();
      for (const TileStep& s : plan_.per_tile_steps) s.fn(1, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
      for (const TileStep& s : plan_.steps) s.fn(rows * cols, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
      store(rows, cols);
    }
    if (plan_.streams) stream_->finish();
  }

 private:
  struct Number {  // room for one element of any dtype
    uint64_t bits[2];
  };
  struct Loaded {  // what a loaded register holds, so that a row that repeats is not read again
    const char* base;
    int64_t rows;
  };

  void set_uniform_values() {
    const TileProgram& p = *plan_.program;
    size_t nout = plan_.out.size();
    for (size_t k = 0; k < plan_.in.size(); k++)
      if (plan_.in[k].cls == TileClass::Uniform) plan_.in[k].load(1, plan_.ops[nout + k].base, 1, scalar_ + k, 1);
    for (size_t i = 0; i < p.code.size(); i++)
      if (TileOp(p.code[i].op) == TileOp::Const) write_const(p.code[i], plan_.dtype, ptr_[plan_.in.size() + i]);
    for (const TileStep& s : plan_.uniform) s.fn(1, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
  }

  // Offsets of every array at unit `u`; returns its chunk number along the tiled axis.
  int64_t seek(int64_t u) {
    int64_t chunk = u % plan_.chunks, rest = u / plan_.chunks;
    int tiled = plan_.geo.nd - (plan_.rows ? 2 : 1);
    size_t n = plan_.ops.size();
    for (size_t k = 0; k < n; k++) offset_[k] = chunk * plan_.per_tile * plan_.ops[k].stride[tiled];
    for (int i = tiled - 1; i >= 0; i--) {
      int64_t at = rest % plan_.geo.shape[i];
      rest /= plan_.geo.shape[i];
      for (size_t k = 0; k < n; k++) offset_[k] += at * plan_.ops[k].stride[i];
    }
    return chunk;
  }

  // The same for the unit after that of `chunk`, along the tiled axis.
  int64_t to_next(int64_t chunk) {
    const int tiled = plan_.geo.nd - (plan_.rows ? 2 : 1);
    for (size_t k = 0; k < plan_.ops.size(); k++) offset_[k] += plan_.per_tile * plan_.ops[k].stride[tiled];
    return chunk + 1;
  }

  // Copies the first row behind itself, twice as much each time.
  static void repeat(char* p, int64_t bytes, int64_t rows) {
    for (int64_t done = 1; done < rows; done *= 2)
      std::memcpy(p + done * bytes, p, size_t(std::min(done, rows - done) * bytes));
  }

  // Calls fn(register offset, array offset) for each run of elements; both in elements.
  template <class F>
  void each_run(const TileOperand& o, int64_t rows, int64_t cols, F&& fn) {
    int64_t step = plan_.rows ? o.stride[plan_.geo.nd - 2] : 0;
    if (rows == 1 || step == cols * o.stride[plan_.geo.nd - 1]) return fn(rows * cols, int64_t(0), int64_t(0));
    for (int64_t r = 0; r < rows; r++) fn(cols, r * cols, r * step);
  }

  // What a tile reads follows what the one before it read, in arrays whose rows follow each other: it comes while
  // results are written past the caches.
  void ask_for_next() {
    const int last = plan_.geo.nd - 1;
    for (size_t k = 0, nout = plan_.out.size(); k < plan_.in.size() && n_asks_ < kMostAsks; k++) {
      const TileOperand& o = plan_.ops[nout + k];
      const int64_t bytes = plan_.per_tile * o.itemsize;
      const bool follows = o.stride[last] == 1 && (last == 0 || o.stride[last - 1] == plan_.inner);
      if (plan_.in[k].cls == TileClass::Tile && follows)
        asks_[n_asks_++] = {o.base + offset_[nout + k] * o.itemsize + bytes, bytes};
    }
  }

  void load(int64_t rows, int64_t cols) {
    size_t nout = plan_.out.size();
    for (size_t k = 0; k < plan_.in.size(); k++) {
      const TileInput& t = plan_.in[k];
      const TileOperand& o = plan_.ops[nout + k];
      char* at = o.base + offset_[nout + k] * o.itemsize;
      if (t.direct) {
        ptr_[k] = at;
      } else if (t.cls == TileClass::PerTile) {
        t.load(1, at, 1, scalar_ + k, 1);
      } else if (t.cls == TileClass::Tile) {
        bool repeats = plan_.rows && o.stride[plan_.geo.nd - 2] == 0;
        if (repeats && loaded_[k].base == at && loaded_[k].rows >= rows) continue;
        loaded_[k] = {at, rows};
        int64_t stride = o.stride[plan_.geo.nd - 1];
        if (repeats && rows > 1) {
          t.load(cols, at, stride, ptr_[k], 1);
          repeat(ptr_[k], cols * plan_.itemsize, rows);
          continue;
        }
        if (plan_.rows && stride == 0 && rows > 1) {  // one number a row
          t.load(rows, at, o.stride[plan_.geo.nd - 2], column_, 1);
          expand_(rows, cols, column_, ptr_[k]);
          continue;
        }
        each_run(o, rows, cols, [&](int64_t n, int64_t to, int64_t from) {
          t.load(n, at + from * o.itemsize, stride, ptr_[k] + to * plan_.itemsize, 1);
        });
      }
    }
    for (size_t k = 0; k < nout; k++)
      if (plan_.out[k].direct) ptr_[plan_.out[k].value] = plan_.ops[k].base + offset_[k] * plan_.ops[k].itemsize;
  }

  void store(int64_t rows, int64_t cols) {
    for (size_t k = 0; k < plan_.out.size(); k++) {
      const TileOutput& t = plan_.out[k];
      if (t.direct) continue;
      const TileOperand& o = plan_.ops[k];
      char* at = o.base + offset_[k] * o.itemsize;
      int64_t step = plan_.cls[size_t(t.value)] == TileClass::Tile ? 1 : 0;
      int64_t stride = rows * cols == 1 ? 1 : o.stride[plan_.geo.nd - 1];
      const char* from = ptr_[t.value];
      each_run(o, rows, cols, [&](int64_t n, int64_t reg, int64_t to) {
        if (t.stream) {
          const char* made = from + reg * plan_.itemsize;
          if (o.dtype != plan_.dtype) {
            t.store(n, made, 1, converted_, 1);
            made = converted_;
          }
          stream_->send(n * o.itemsize, made, at + to * o.itemsize, asks_, n_asks_);
          n_asks_ = 0;
          return;
        }
        t.store(n, from + reg * step * plan_.itemsize, step, at + to * o.itemsize, stride);
      });
    }
  }

  const TilePlan& plan_;
  char** ptr_;
  Number* scalar_;
  Loaded* loaded_;
  int64_t* offset_;
  const StreamTable* stream_ = pick_stream_table();
  Ask asks_[kMostAsks];
  int n_asks_ = 0;
  char* column_;     // one number of each row of a tile
  char* converted_;  // a result on its way past the caches
  void (*expand_)(int64_t rows, int64_t cols, const void* src, void* dst);
};

// Plans are kept per thread for their vectors' memory only.
TilePlan& plan_for_this_thread() {
  thread_local TilePlan plan;
  return plan;
}

// An input that lies across the output (a transposed matrix, say) would touch one cache line per element: laid out like
// the output first, through blocks, it is read once.
bool lies_across(const View& in, const View& out) {
  constexpr int64_t kFew = 4096;  // these stay in the cache anyway
  if (in.shape != out.shape || out.numel() < kFew) return false;
  int inner = -1;
  for (int i = 0; i < out.shape.n; i++)
    if (out.shape[i] > 1 && out.strides[i] == 1) inner = i;
  if (inner < 0 || in.strides[inner] == 1 || in.strides[inner] == 0) return false;
  for (int i = 0; i < in.shape.n; i++)
    if (in.strides[i] == 1 && in.shape[i] > 3) return true;
  return false;
}

// The elements [begin, end) along one axis.
View part_along(const View& v, int axis, int64_t begin, int64_t end) {
  View r = v;
  r.data = v.ptr<char>() + begin * v.strides[axis] * int64_t(itemsize(v.dtype));
  r.shape[axis] = end - begin;
  return r;
}

int outermost_axis(const View& v) {
  int axis = 0;
  for (int i = 1; i < v.shape.n; i++)
    if (v.shape[i] > 1 && (v.shape[axis] == 1 || v.strides[i] > v.strides[axis])) axis = i;
  return axis;
}

void run_planned(const TileProgram& p, TileType type, const View* in, View* out, int nout, int64_t whole) {
  TilePlan& plan = plan_for_this_thread();
  plan_tile(plan, p, type, in, out, nout, whole);
  int64_t grain = kGrainOps / (plan.capacity * std::max(plan.compiled->cost, 1)) + 1;
  parallel_for(plan.units, grain, [&](int64_t begin, int64_t end) { TileRunner(plan).run(begin, end); });
}

// Lays inputs that lie across like the output, then runs as usual.
void run_straightened(const TileProgram& p, TileType type, const View* in, View* out, int nout, int64_t whole) {
  std::vector<Temp> keep{size_t(p.n_in)};
  std::vector<View> straight(in, in + p.n_in);
  for (size_t k = 0; k < straight.size(); k++) {
    if (!lies_across(in[k], out[0])) continue;
    straight[k] = temp_view(out[0].shape, out[0].strides, in[k].dtype, keep[k]);
    strided_copy(straight[k], in[k]);
  }
  run_planned(p, type, straight.data(), out, nout, whole);
}

// Panel by panel, so that what is laid out anew stays in the cache and needs little room; all at once where a panel
// would be large or an output lies over what is still to be read.
void run_across(const TileProgram& p, TileType type, const View* in, View* out, int nout) {
  constexpr int64_t kPanel = 1 << 15, kMostPanel = 1 << 18, kLines = 16;
  const int axis = outermost_axis(out[0]);
  const int64_t n = out[0].shape[axis], row = out[0].numel() / n;
  int64_t rows = std::max<int64_t>(1, kPanel / row);
  bool apart = true;
  for (int k = 0; k < p.n_in; k++) {
    if (!lies_across(in[k], out[0])) continue;
    if (in[k].strides[axis] == 1) rows = (rows + kLines - 1) / kLines * kLines;  // it is read in whole lines
    for (int j = 0; j < nout; j++) apart = apart && !overlap(in[k], out[j]);
  }
  apart = apart && std::min(rows, n) * row <= kMostPanel;
  if (!apart) return run_straightened(p, type, in, out, nout, out[0].numel());
  parallel_for((n + rows - 1) / rows, 1, [&](int64_t first, int64_t last) {
    std::vector<View> from(in, in + p.n_in), to(out, out + nout);
    for (int64_t begin = first * rows; begin < std::min(n, last * rows); begin += rows) {
      const int64_t end = std::min(n, begin + rows);
      for (int k = 0; k < p.n_in; k++) {
        int at = axis - (out[0].shape.n - in[k].shape.n);
        if (at >= 0 && in[k].shape[at] != 1) from[size_t(k)] = part_along(in[k], at, begin, end);
      }
      for (int k = 0; k < nout; k++) to[size_t(k)] = part_along(out[k], axis, begin, end);
      run_straightened(p, type, from.data(), to.data(), nout, out[0].numel());
    }
  });
}

}  // namespace

void run_tile(const TileProgram& p, TileType type, const View* in, View* out, int nout) {
  if (out[0].numel() == 0) return;
  if (!p.compiled) throw InternalError("tile: the program was not prepared");
  if (p.compiled->rule && type == TileType::F32 && run_rule(p, in, out, nout)) return;
  if (run_tile_small(p, type, in, out, nout)) return;
  if (type == TileType::I32 && nout == 1 && run_tile_bytes(p, in, out[0])) return;
  if (nout == 1 && (run_tile_select(p, type, in, out[0]) || run_tile_direct(p, type, in, out[0]))) return;
  if (p.code.empty() && nout == 1) return strided_copy(out[0], in[p.outs[0]]);  // a cast: no need of registers
  bool across = false;
  if (is_dense(out[0].shape, out[0].strides))
    for (int k = 0; k < p.n_in; k++) across = across || lies_across(in[k], out[0]);
  if (!across) return run_planned(p, type, in, out, nout, out[0].numel());
  run_across(p, type, in, out, nout);
}

}  // namespace dl
