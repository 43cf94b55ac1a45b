// Running a planned row program on one thread. Private to rows.cpp and row_columns.cpp.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/row_plan.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/wide_sums.h"

namespace dl {

class RowRunner {
 public:
  RowRunner(const RowPlan& plan, const View* in, const View* out) : plan_(plan), in_(in), out_(out) {
    thread_local Scratch scratch;
    memory_ = scratch.get(size_t(plan.bytes) + plan.slots.size() * 8 + plan.in.size() * sizeof(Repeated));
    ptr_ = reinterpret_cast<char**>(memory_ + plan.bytes);
    repeated_ = reinterpret_cast<Repeated*>(memory_ + plan.bytes + int64_t(plan.slots.size()) * 8);
    std::fill_n(repeated_, plan.in.size(), Repeated{nullptr, 0});
    for (size_t s = 0; s < plan.slots.size(); s++) ptr_[s] = memory_ + plan.slots[s].offset;
    const RowProgram& p = *plan.program;
    for (int k = 0; k < p.n_in; k++)
      if (plan.cls[size_t(k)] == RowClass::Uniform) plan.in[size_t(k)].cast(1, in[k].data, 1, ptr_[k], 1);
    for (size_t i = 0; i < p.code.size(); i++) {
      if (TileOp(p.code[i].op) != TileOp::Const) continue;
      float f = float(p.code[i].imm);
      bool single = plan.dtype == DType::F32;
      std::memcpy(ptr_[size_t(p.n_in) + i], single ? static_cast<void*>(&f) : const_cast<double*>(&p.code[i].imm),
                  size_t(plan.itemsize));
    }
    compute(plan.uniform, 1, 1);
  }

  // A group of whole rows, from the first pass to the last.
  void run(int64_t unit) {
    seek(unit / plan_.chunks, unit % plan_.chunks * plan_.per);
    load_numbers();
    for (const RowPass& pass : plan_.passes) {
      compute(pass.before, rows_, 1);
      over_elements(pass, 0, plan_.n);
    }
    store_numbers();
  }

  // A block of rows; the sums of its columns go to `sums`.
  void run_block(int64_t block, char* sums) {
    sums_ = sums;
    for (size_t k = 0; k < plan_.down.size(); k++)
      plan_.down[k]->init(plan_.n, sums + int64_t(k) * plan_.n * plan_.itemsize);
    int64_t units = plan_.units(), end = units * (block + 1) / plan_.blocks;
    for (int64_t unit = units * block / plan_.blocks; unit < end; unit++) run(unit);
  }

  // To be called when this thread has run what it was to run.
  void finish_streams() {
    if (plan_.streams) stream_->finish();
  }

  // All rows once more, for sums of columns in double precision: `wide`, as many as `sums` has room for.
  void run_wide(char* sums, double* wide) {
    sums_ = sums, wide_sums_ = wide;
    for (int64_t unit = 0, units = plan_.units(); unit < units; unit++) run(unit);
  }

  // The one pass over a part of a row; the sums of the part go to `sums`, those of single precision to `wide` as well.
  void run_part(int64_t row, int64_t part, char* sums, double* wide) {
    seek_row(row);
    load_numbers();
    compute(plan_.passes[0].before, 1, 1);
    over_elements(plan_.passes[0], part * plan_.part, std::min(plan_.n, (part + 1) * plan_.part));
    int64_t at = part;
    for (const RowStep& s : plan_.passes[0].steps) {
      if (s.kind != RowStep::Reduce) continue;
      std::memcpy(sums + at * plan_.itemsize, ptr_[s.dst], size_t(plan_.itemsize));
      if (s.single) wide[at] = std::isfinite(*number(s.dst)) ? double(*number(s.dst)) : *wide_number(s.dst);
      at += plan_.parts;
    }
  }

  // What follows from the sums of all parts of a row.
  void finish(int64_t row, const char* sums, const double* wide) {
    seek_row(row);
    load_numbers();
    compute(plan_.passes[0].before, 1, 1);
    int64_t at = 0;
    for (const RowStep& s : plan_.passes[0].steps) {
      if (s.kind != RowStep::Reduce) continue;
      s.reduce->init(1, ptr_[s.dst]);
      s.reduce->run(plan_.parts, sums + at * plan_.itemsize, ptr_[s.dst]);
      if (s.single && !std::isfinite(*number(s.dst))) {
        *wide_number(s.dst) = wide_sum(plan_.parts, wide + at);
        *number(s.dst) = float(*wide_number(s.dst));
      }
      at += plan_.parts;
    }
    for (size_t pass = 1; pass < plan_.passes.size(); pass++) compute(plan_.passes[pass].before, 1, 1);
    store_numbers();
  }

 private:
  static constexpr int64_t kNarrow = 16;  // elements

  struct Repeated {  // what a register of an input holds that is the same for all rows
    const char* from;
    int64_t rows;
  };

  void seek_row(int64_t row) {
    int64_t inner = plan_.lead[plan_.nd - 1];
    seek(row / inner, row % inner);
  }

  void seek(int64_t outer, int64_t first) {
    rows_ = std::min(plan_.per, plan_.lead[plan_.nd - 1] - first);
    int last = plan_.nd - 1;
    for (int i = last; i >= 0; i--) {
      at_[i] = i == last ? first : outer % plan_.lead[i];
      if (i != last) outer /= plan_.lead[i];
    }
  }

  char* start(const RowArray& a, void* data) const {
    int64_t offset = 0;
    for (int i = 0; i < plan_.nd; i++) offset += at_[i] * a.lead[i];
    return static_cast<char*>(data) + offset * a.itemsize;
  }
  int64_t between_rows(const RowArray& a) const { return a.lead[plan_.nd - 1]; }

  void load_numbers() {
    for (size_t k = 0; k < plan_.in.size(); k++)
      if (plan_.cls[k] == RowClass::Row)
        plan_.in[k].cast(rows_, start(plan_.in[k], in_[k].data), between_rows(plan_.in[k]), ptr_[k], 1);
  }

  // A number for all rows is read again and again.
  int64_t stride_of(int value) const { return plan_.cls[size_t(value)] == RowClass::Uniform ? 0 : 1; }

  void store_numbers() {
    for (size_t k = 0; k < plan_.out.size(); k++) {
      const RowArray& a = plan_.out[k];
      int v = plan_.program->outs[k];
      if (!a.step) a.cast(rows_, ptr_[v], stride_of(v), start(a, out_[k].data), rows_ == 1 ? 1 : between_rows(a));
    }
  }

  float* number(int slot) const { return reinterpret_cast<float*>(ptr_[slot]); }
  double* wide_number(int slot) const { return reinterpret_cast<double*>(ptr_[slot] + plan_.wide_at); }

  // Sums from tile to tile that have passed the range are taken anew; where what is read may have been overwritten by
  // then, or would be added to sums of columns twice, they are taken in double precision at once.
  void over_elements(const RowPass& pass, int64_t begin, int64_t end) {
    if (pass.steps.empty() && pass.stores.empty()) return;
    wide_ = pass.overwrites || !plan_.down.empty();
    go_over(pass, begin, end);
    if (wide_ || plan_.tile == plan_.n) return;
    for (const RowStep& s : pass.steps)
      wide_ = wide_ || (s.kind == RowStep::Reduce && s.single && !std::isfinite(*number(s.dst)));
    if (wide_) go_over(pass, begin, end);
  }

  void go_over(const RowPass& pass, int64_t begin, int64_t end) {
    bool tiled = plan_.tile < plan_.n;
    for (const RowStep& s : pass.steps) {
      if (s.kind != RowStep::Reduce) continue;
      s.reduce->init(rows_, ptr_[s.dst]);
      if (tiled) s.reduce->init(lanes(), ptr_[s.dst] + kLanesAt);
      if (s.single) *wide_number(s.dst) = 0;
    }
    for (int64_t at = begin; at < end; at += plan_.tile) {
      int64_t cols = std::min(plan_.tile, end - at);
      move_to(at);
      for (int k : pass.loads) load(k, at, cols);
      compute(pass.steps, rows_, cols);
      for (int k : pass.stores) store(k, at, cols);
    }
    for (const RowStep& s : pass.steps) {
      if (!tiled || s.kind != RowStep::Reduce) continue;
      s.reduce->run(lanes(), ptr_[s.dst] + kLanesAt, ptr_[s.dst]);
      if (s.single && wide_) *number(s.dst) = float(*wide_number(s.dst));
    }
  }

  int64_t lanes() const { return kLaneBytes / plan_.itemsize; }

  // A tile of a row: what fills all lanes goes into these.
  void reduce_tile(const RowStep& s, int64_t cols) {
    if (s.single && wide_) {
      float part = 0;
      s.reduce->run(cols, ptr_[s.a], &part);
      *wide_number(s.dst) += std::isfinite(part) ? double(part) : wide_sum(cols, number(s.a));
      return;
    }
    int64_t whole = cols / lanes(), done = whole * lanes();
    if (whole) s.reduce->rows(whole, lanes(), ptr_[s.a], lanes(), ptr_[s.dst] + kLanesAt);
    if (done < cols) s.reduce->run(cols - done, ptr_[s.a] + done * plan_.itemsize, ptr_[s.dst]);
  }

  void move_to(int64_t at) {
    for (int slot : plan_.moving) {
      const RowSlot& s = plan_.slots[size_t(slot)];
      if (s.home == RowSlot::Kept) {
        ptr_[slot] = memory_ + s.offset + at * plan_.itemsize;
      } else if (s.home == RowSlot::Sums) {
        ptr_[slot] = sums_ + (s.array * plan_.n + at) * plan_.itemsize;
      } else {
        bool input = s.home == RowSlot::Input;
        const RowArray& a = (input ? plan_.in : plan_.out)[size_t(s.array)];
        ptr_[slot] = start(a, (input ? in_ : out_)[s.array].data) + at * a.itemsize;
      }
    }
  }

  void load(int k, int64_t at, int64_t cols) {
    const RowArray& a = plan_.in[size_t(k)];
    const char* from = start(a, in_[k].data) + at * a.step * a.itemsize;
    int64_t next = between_rows(a);
    if (rows_ == 1 || next == cols * a.step) return a.cast(rows_ * cols, from, a.step, ptr_[k], 1);
    if (next == 0) return repeat(k, from, cols);
    for (int64_t r = 0; r < rows_; r++)
      a.cast(cols, from + r * next * a.itemsize, a.step, ptr_[k] + r * cols * plan_.itemsize, 1);
  }

  // One row for all: a block of rows finds it as the block before has left it.
  void repeat(int k, const char* from, int64_t cols) {
    Repeated& held = repeated_[k];
    if (held.from == from && held.rows >= rows_) return;
    held = {from, rows_};
    int64_t bytes = cols * plan_.itemsize;
    plan_.in[size_t(k)].cast(cols, from, plan_.in[size_t(k)].step, ptr_[k], 1);
    for (int64_t done = 1; done < rows_; done *= 2)
      std::memcpy(ptr_[k] + done * bytes, ptr_[k], size_t(std::min(done, rows_ - done) * bytes));
  }

  void store(int k, int64_t at, int64_t cols) {
    const RowArray& a = plan_.out[size_t(k)];
    int v = plan_.program->outs[size_t(k)];
    char* to = start(a, out_[k].data) + at * a.step * a.itemsize;
    bool wide = plan_.cls[size_t(v)] == RowClass::Wide;
    int64_t next = between_rows(a), width = wide ? cols : stride_of(v);  // from row to row in the register
    if (a.stream) return stream_->copy(rows_ * cols * plan_.itemsize, ptr_[v], to);
    if (wide && (rows_ == 1 || next == cols * a.step)) return a.cast(rows_ * cols, ptr_[v], 1, to, a.step);
    for (int64_t r = 0; r < rows_; r++)
      a.cast(cols, ptr_[v] + r * width * plan_.itemsize, wide, to + r * next * a.itemsize, a.step);
  }

  void compute(const std::vector<RowStep>& steps, int64_t rows, int64_t cols) {
    for (const RowStep& s : steps) {
      if (s.kind == RowStep::Compute) {
        s.fn(rows * cols, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
        if (s.single) divide_wide(s, rows);
      } else if (s.kind == RowStep::ByRow) {
        compute_by_row(s, rows, cols);
      } else if (s.kind == RowStep::Spread) {
        casts_->expand[plan_.itemsize == 8](rows, cols, ptr_[s.a], ptr_[s.dst]);
      } else if (s.kind == RowStep::Down) {
        if (!wide_sums_)
          s.reduce->rows(rows, cols, ptr_[s.a], cols, ptr_[s.dst]);
        else if (s.single)
          add_wide_rows(rows, cols, number(s.a), wide_sums_ + (ptr_[s.dst] - sums_) / plan_.itemsize);
      } else if (plan_.tile < plan_.n) {
        reduce_tile(s, cols);
      } else {
        reduce_rows(s, rows, cols);
      }
    }
  }

  void reduce_rows(const RowStep& s, int64_t rows, int64_t cols) {
    if (rows == 1)
      s.reduce->run(cols, ptr_[s.a], ptr_[s.dst]);
    else if (cols < kNarrow && rows >= kNarrow)
      reduce_columns(s, rows, cols);
    else
      s.reduce->runs(rows, cols, ptr_[s.a], cols, ptr_[s.dst]);
    if (!s.single || all_finite(rows, number(s.dst))) return;
    for (int64_t r = 0; r < rows; r++) {
      wide_number(s.dst)[r] = wide_sum(cols, number(s.a) + r * cols);
      number(s.dst)[r] = float(wide_number(s.dst)[r]);
    }
  }

  // A mean may be within the range where the sum is not.
  void divide_wide(const RowStep& s, int64_t rows) {
    for (int64_t r = 0; r < rows; r++)
      if (!std::isfinite(number(s.a)[r])) number(s.dst)[r] = float(wide_number(s.a)[r] / double(*number(s.b)));
  }

  void compute_by_row(const RowStep& s, int64_t rows, int64_t cols) {
    auto step = [&](int k) { return (s.wide >> k & 1 ? cols : s.wide >> (k + 3) & 1) * plan_.itemsize; };
    int64_t a = step(0), b = step(1), c = step(2), dst = cols * plan_.itemsize;
    for (int64_t r = 0; r < rows; r++)
      s.fn(cols, ptr_[s.a] + r * a, ptr_[s.b] + r * b, ptr_[s.c] + r * c, ptr_[s.dst] + r * dst);
  }

  // Rows shorter than a vector: column by column, many rows side by side.
  void reduce_columns(const RowStep& s, int64_t rows, int64_t cols) {
    char* column = memory_ + plan_.column;
    for (int64_t c = 0; c < cols; c++) {
      same_(rows, ptr_[s.a] + c * plan_.itemsize, cols, column, 1);
      s.reduce->rows(1, rows, column, rows, ptr_[s.dst]);
    }
  }

  const RowPlan& plan_;
  const View* in_;
  const View* out_;
  char* memory_;
  char** ptr_;
  Repeated* repeated_;
  char* sums_ = nullptr;         // of columns
  double* wide_sums_ = nullptr;  // the same, where they are taken in double precision
  bool wide_ = false;            // sums from tile to tile are
  int64_t rows_ = 1, at_[kMaxDims];
  const StreamTable* stream_ = pick_stream_table();
  const CastTable* casts_ = pick_cast_table();
  CastFn same_ = casts_->fn[int(plan_.dtype)][int(plan_.dtype)];
};

}  // namespace dl
