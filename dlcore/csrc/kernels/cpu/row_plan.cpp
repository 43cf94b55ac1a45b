// Planning of a row program: axes, passes, and where every value lives.
#include "kernels/cpu/row_plan.h"

#include <algorithm>

#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/row_columns.h"
#include "kernels/cpu/tile_plan.h"
#include "tensor/fault.h"

namespace dl {
namespace {

constexpr int64_t kL1Bytes = 32 * 1024, kMinTile = 128, kMaxTile = 2048;
constexpr int64_t kSpread = 48;  // elements of a row that a number is copied to rather than used row by row
constexpr int64_t kPart = 16 * 1024, kLongRow = 2 * kPart;  // elements

class Planner {
 public:
  Planner(RowPlan& plan, TileType type, const View* in, const View* out)
      : plan_(plan), p_(*plan.program), type_(type), in_(in), out_(out) {}

  void run() {
    axes();
    classify();
    schedule();
    choose_tile();
    choose_homes();
    make_steps();
    place();
  }

 private:
  int arity(int i) const { return row_arity(p_.code[size_t(i)].op); }
  int operand(int i, int k) const {
    const TileInstr& ins = p_.code[size_t(i)];
    return k == 0 ? ins.a : k == 1 ? ins.b : ins.c;
  }
  bool reduces(int i) const { return row_reduction(p_.code[size_t(i)].op, nullptr); }
  bool goes_down(int i) const { return column_reduction(p_.code[size_t(i)].op, nullptr); }
  bool constant(int i) const { return TileOp(p_.code[size_t(i)].op) == TileOp::Const; }
  int n_code() const { return int(p_.code.size()); }
  RowClass cls(int v) const { return plan_.cls[size_t(v)]; }

  RowArray array(const View& v, const Shape& whole, bool input) const {
    RowArray a;
    a.dtype = v.dtype;
    a.itemsize = int(itemsize(v.dtype));
    a.cast = input ? cast_fn(v.dtype, plan_.dtype) : cast_fn(plan_.dtype, v.dtype);
    int lead = whole.n - p_.trailing;
    Dims strides = broadcast_strides(v.shape, v.strides, whole);
    std::copy(strides.begin(), strides.begin() + lead, a.lead);
    int inner = -1;
    for (int i = whole.n - 1; i >= lead; i--) {
      if (whole[i] == 1) continue;
      if (inner >= 0 && strides[i] != strides[inner] * whole[inner])
        throw InternalError("fused_rows: a row that is not evenly spaced in memory");
      if (inner < 0) a.step = strides[i];
      inner = i;
    }
    return a;
  }

  // An output of one number a row may lack the axes of the row.
  RowArray output(View v, bool of_column, const Shape& whole) const {
    while (!of_column && v.shape.n < whole.n && v.shape.n >= whole.n - p_.trailing) v.shape.push(1), v.strides.push(0);
    return array(v, whole, false);
  }

  void axes() {
    Shape whole;
    for (int k = 0; k < p_.n_in; k++) whole = broadcast_shapes(whole, in_[k].shape, "fused_rows");
    if (whole.n < p_.trailing) throw InternalError("fused_rows: the inputs have fewer axes than a row");
    int lead = whole.n - p_.trailing;
    std::vector<RowArray*> all;
    for (int k = 0; k < p_.n_in; k++) plan_.in.push_back(array(in_[k], whole, true));
    for (size_t k = 0; k < p_.outs.size(); k++)
      plan_.out.push_back(output(out_[k], of_column_[size_t(p_.outs[k])], whole));
    for (RowArray& a : plan_.in) all.push_back(&a);
    for (RowArray& a : plan_.out) all.push_back(&a);
    plan_.n = plan_.rows = 1;
    for (int i = lead; i < whole.n; i++) plan_.n *= whole[i];
    plan_.nd = 0;
    for (int i = 0; i < lead; i++) {
      if (whole[i] == 1) continue;
      plan_.rows *= whole[i];
      int last = plan_.nd - 1;
      bool merge = last >= 0;
      for (RowArray* a : all) merge = merge && a->lead[last] == a->lead[i] * whole[i];
      if (!merge) last = plan_.nd++, plan_.lead[last] = 1;
      plan_.lead[last] *= whole[i];
      for (RowArray* a : all) a->lead[last] = a->lead[i];
    }
    if (plan_.nd) return;
    plan_.nd = 1;
    plan_.lead[0] = 1;
    for (RowArray* a : all) a->lead[0] = 0;
  }

  void classify() {
    for (int k = 0; k < p_.n_in; k++) {
      const RowArray& a = plan_.in[size_t(k)];
      bool varies = std::any_of(a.lead, a.lead + plan_.nd, [](int64_t s) { return s != 0; });
      plan_.cls.push_back(a.step ? RowClass::Wide : varies ? RowClass::Row : RowClass::Uniform);
    }
    plan_.cost = p_.n_in;
    for (int i = 0; i < n_code(); i++) {
      bool of_column = of_column_[plan_.cls.size()];
      RowClass c = of_column ? RowClass::Column : reduces(i) ? RowClass::Row : RowClass::Uniform;
      for (int k = 0; c != RowClass::Column && !reduces(i) && k < arity(i); k++) c = std::max(c, cls(operand(i, k)));
      plan_.cls.push_back(c);
      if (!of_column || goes_down(i)) plan_.cost += reduces(i) || goes_down(i) ? 1 : tile_cost(p_.code[size_t(i)].op);
    }
  }

  // level_: after how many passes a value can be had. pass_: in which one an instruction over elements runs, as late as
  // its readers allow, so that little has to be kept from pass to pass.
  void schedule() {
    level_.assign(plan_.cls.size(), 0);
    for (int i = 0; i < n_code(); i++) {
      int v = p_.n_in + i;
      for (int k = 0; k < arity(i); k++) level_[size_t(v)] = std::max(level_[size_t(v)], level_[size_t(operand(i, k))]);
      level_[size_t(v)] += reduces(i);
    }
    int top = *std::max_element(level_.begin(), level_.end());
    plan_.passes.resize(size_t(top) + 1);
    pass_.assign(level_.size(), top);
    for (size_t v = 0; v < level_.size(); v++)
      if (std::find(p_.outs.begin(), p_.outs.end(), int(v)) != p_.outs.end()) pass_[v] = level_[v];
    for (int i = n_code() - 1; i >= 0; i--) {
      size_t v = size_t(p_.n_in + i);
      if (reduces(i)) pass_[v] = level_[v] - 1;
      if (goes_down(i)) pass_[v] = level_[v];
      if (cls(int(v)) != RowClass::Wide && !reduces(i) && !goes_down(i)) continue;
      for (int k = 0; k < arity(i); k++)
        pass_[size_t(operand(i, k))] = std::min(pass_[size_t(operand(i, k))], pass_[v]);
    }
  }

  void choose_tile() {
    int64_t live = int64_t(plan_.in.size() + plan_.out.size()), wide = 0;
    for (int i = 0; i < n_code(); i++) wide += cls(p_.n_in + i) == RowClass::Wide;
    live += std::min<int64_t>(wide, 6);
    bool columns = false;
    for (int v : p_.outs)
      if (cls(v) == RowClass::Column) live--, columns = true;
    int64_t size = std::clamp(kL1Bytes / (live * plan_.itemsize) / 64 * 64, kMinTile, kMaxTile);
    int64_t inner = plan_.lead[plan_.nd - 1];
    plan_.per = plan_.n * 2 <= size ? std::min(inner, size / plan_.n) : 1;
    if (columns && plan_.per > 4) plan_.per -= plan_.per % 4;  // rows are added up four at a time
    // Tiles of even length: a short rest costs as many calls as a whole tile. Rather one that is a little too large
    // than two.
    int64_t tiles = plan_.n <= size + size / 4 ? 1 : (plan_.n + size - 1) / size;
    plan_.tile = std::min(plan_.n, ((plan_.n + tiles - 1) / tiles + 63) / 64 * 64);
    plan_.chunks = (inner + plan_.per - 1) / plan_.per;
    plan_.part = plan_.n;
    bool once = true;  // nothing over elements but in the first pass
    for (int i = 0; i < n_code(); i++)
      if (cls(p_.n_in + i) == RowClass::Wide || reduces(i)) once = once && pass_[size_t(p_.n_in + i)] == 0;
    for (int v : p_.outs) once = once && (cls(v) != RowClass::Wide || pass_[size_t(v)] == 0);
    if (once && !columns && plan_.n >= kLongRow) plan_.part = kPart;
    plan_.parts = (plan_.n + plan_.part - 1) / plan_.part;
  }

  bool shares_memory(const View& out) const {
    for (int k = 0; k < p_.n_in; k++)
      if (in_[k].data == out.data) return true;
    return false;
  }

  bool in_place(const RowArray& a) const {
    return a.dtype == plan_.dtype && a.step == 1 && (plan_.per == 1 || a.lead[plan_.nd - 1] == plan_.n);
  }

  // Outputs are written where they belong by the instruction that makes them, if nothing reads that memory.
  void choose_homes() {
    plan_.slots.resize(plan_.cls.size());
    for (size_t v = 0; v < plan_.slots.size(); v++) {
      RowSlot& s = plan_.slots[v];
      if (cls(int(v)) == RowClass::Uniform) continue;
      if (cls(int(v)) == RowClass::Column) {
        add_sums(int(v) - p_.n_in, s);
        continue;
      }
      s.home = cls(int(v)) == RowClass::Row ? RowSlot::Column : RowSlot::Register;
      if (s.home == RowSlot::Register && int(v) < p_.n_in && in_place(plan_.in[v]))
        s.home = RowSlot::Input, s.array = int(v);
    }
    for (size_t k = 0; k < p_.outs.size(); k++) {
      RowSlot& s = plan_.slots[size_t(p_.outs[k])];
      if (s.home != RowSlot::Register || p_.outs[k] < p_.n_in) continue;
      if (!in_place(plan_.out[k]) || shares_memory(out_[k])) continue;
      plan_.out[k].stream = plan_.rows * plan_.n * plan_.itemsize >= stream_bytes();
      plan_.streams = plan_.streams || plan_.out[k].stream;
      if (!plan_.out[k].stream) s.home = RowSlot::Output, s.array = int(k);
    }
  }

  const ReduceFns* reduce_fns(int i) const {
    ReduceOp which = ReduceOp::Sum;
    if (!row_reduction(p_.code[size_t(i)].op, &which)) column_reduction(p_.code[size_t(i)].op, &which);
    return &pick_reduce_table()->fn[int(which)][int(plan_.dtype == DType::F64 ? ReduceType::F64 : ReduceType::F32)];
  }

  void add_sums(int i, RowSlot& s) {
    if (!goes_down(i)) return;
    s.home = RowSlot::Sums, s.array = int(plan_.down.size());
    plan_.down.push_back(reduce_fns(i));
  }

  int16_t spread(int v, std::vector<RowStep>& steps) {
    for (auto [value, slot] : spread_)
      if (value == v) return slot;
    int16_t slot = int16_t(plan_.slots.size());
    plan_.slots.emplace_back();
    plan_.slots.back().home = RowSlot::Register;
    steps.push_back({RowStep::Spread, nullptr, nullptr, int16_t(v), 0, 0, slot});
    spread_.emplace_back(v, slot);
    return slot;
  }

  void make_steps() {
    for (int k = 0; k < p_.n_in; k++) {
      if (plan_.slots[size_t(k)].home != RowSlot::Register) continue;
      for (size_t pass = 0; pass < plan_.passes.size(); pass++)
        if (reads_in_pass(k, int(pass))) plan_.passes[pass].loads.push_back(k);
    }
    // A number that is spread stays so for the rest of the block of rows, unless tiles of it are another's.
    for (size_t pass = 0; pass < plan_.passes.size(); pass++) {
      if (plan_.tile < plan_.n) spread_.clear();
      for (int i = 0; i < n_code(); i++) add(i, int(pass));
    }
    for (size_t k = 0; k < p_.outs.size(); k++) {
      int v = p_.outs[k];
      const RowSlot& s = plan_.slots[size_t(v)];
      if (cls(v) == RowClass::Column) continue;
      if (plan_.out[k].step && !(s.home == RowSlot::Output && s.array == int(k))) {
        RowPass& pass = plan_.passes[size_t(pass_[size_t(v)])];
        pass.stores.push_back(int(k));
        pass.overwrites = pass.overwrites || shares_memory(out_[k]);
      } else if (cls(v) == RowClass::Wide && !plan_.out[k].step) {
        throw InternalError("fused_rows: an output of one number a row gets a number for each element");
      }
    }
    if (plan_.parts == 1) return;
    for (const RowStep& s : plan_.passes[0].steps)
      if (s.kind == RowStep::Reduce) plan_.sums.push_back(s.dst);
  }

  bool reads_in_pass(int v, int pass) const {
    for (int i = 0; i < n_code(); i++) {
      bool reads = cls(p_.n_in + i) == RowClass::Wide || reduces(i) || goes_down(i);
      if (!reads || !used_[size_t(p_.n_in + i)] || pass_[size_t(p_.n_in + i)] != pass) continue;
      for (int k = 0; k < arity(i); k++)
        if (operand(i, k) == v) return true;
    }
    return pass_[size_t(v)] == pass && std::find(p_.outs.begin(), p_.outs.end(), v) != p_.outs.end();
  }

  void add(int i, int pass) {
    const TileInstr& ins = p_.code[size_t(i)];
    int v = p_.n_in + i;
    RowPass& to = plan_.passes[size_t(pass)];
    if (!used_[size_t(v)]) return;
    if (reduces(i) || goes_down(i)) {
      if (pass_[size_t(v)] != pass) return;
      if (cls(ins.a) != RowClass::Wide) throw InternalError("fused_rows: a reduction of one number a row");
      to.steps.push_back(
          {goes_down(i) ? RowStep::Down : RowStep::Reduce, nullptr, reduce_fns(i), ins.a, 0, 0, int16_t(v)});
      to.steps.back().single = single_sum(i);
      return;
    }
    RowClass c = cls(v);
    if (constant(i) || (c == RowClass::Uniform ? pass != 0 : (c == RowClass::Row ? level_ : pass_)[size_t(v)] != pass))
      return;
    std::vector<RowStep>& steps = c == RowClass::Wide ? to.steps : c == RowClass::Row ? to.before : plan_.uniform;
    int16_t slots[3] = {0, 0, 0};
    int variant = 0, wide = 0;
    for (int k = 0; k < arity(i); k++) {
      int o = operand(i, k);
      slots[k] = int16_t(o);
      if (cls(o) == c) continue;
      if (cls(o) == RowClass::Row && plan_.per > 1 && plan_.n < kSpread) {
        slots[k] = spread(o, steps);
        continue;
      }
      variant |= 1 << k;
      if (cls(o) == RowClass::Row) wide |= 8 << k;
    }
    TileFn fn = tile_table(type_)->fn[ins.op][variant];
    if (!fn)
      throw TypeError(format("fused_rows: '%s' is not defined for %s", tile_mnemonic(ins.op), dtype_name(plan_.dtype)));
    auto kind = wide && plan_.per > 1 ? RowStep::ByRow : RowStep::Compute;
    steps.push_back({kind, fn, nullptr, slots[0], slots[1], slots[2], int16_t(v), wide | (~variant & 7)});
    steps.back().single = c == RowClass::Row && TileOp(ins.op) == TileOp::Div && ins.a >= p_.n_in &&
                          single_sum(ins.a - p_.n_in) && cls(ins.b) == RowClass::Uniform;
  }

  bool single_sum(int i) const {
    ReduceOp which = ReduceOp::Max;
    const uint8_t op = p_.code[size_t(i)].op;
    return (row_reduction(op, &which) || column_reduction(op, &which)) && which == ReduceOp::Sum &&
           plan_.dtype == DType::F32;
  }

  // Registers are shared by linear scan over the steps in their order; what a later pass reads of a row that is taken
  // tile by tile is kept whole.
  void place() {
    std::vector<int> last(plan_.slots.size(), -1), last_pass(plan_.slots.size(), -1);
    int at = 0;
    for (size_t pass = 0; pass < plan_.passes.size(); pass++) {
      for (const RowStep& s : plan_.passes[pass].steps) {
        for (int16_t x : {s.a, s.b, s.c}) last[size_t(x)] = at, last_pass[size_t(x)] = int(pass);
        at++;
      }
      for (int k : plan_.passes[pass].stores) last[size_t(p_.outs[size_t(k)])] = at;
      at++;
    }
    plan_.wide_at = up(plan_.per * plan_.itemsize) + 64 + kLaneBytes;
    int64_t number = 16, column = plan_.wide_at + up(plan_.per * 8);
    int64_t tile = apart(plan_.per * plan_.tile * plan_.itemsize), row = apart(plan_.n * plan_.itemsize);
    auto take = [&](RowSlot& s, int64_t size) { s.offset = plan_.bytes, plan_.bytes += size; };
    plan_.bytes = 0;
    for (size_t v = 0; v < plan_.slots.size(); v++)
      if (plan_.slots[v].home == RowSlot::Number) take(plan_.slots[v], number);
    plan_.column = plan_.bytes = up(plan_.bytes);
    plan_.bytes += column;
    for (size_t v = 0; v < plan_.slots.size(); v++) {
      RowSlot& s = plan_.slots[v];
      if (s.home == RowSlot::Column) take(s, column);
      if (s.home == RowSlot::Register && int(v) < p_.n_in) take(s, tile);
    }
    std::vector<int64_t> free;
    at = 0;
    for (size_t pass = 0; pass < plan_.passes.size(); pass++) {
      for (const RowStep& step : plan_.passes[pass].steps) {
        RowSlot& s = plan_.slots[size_t(step.dst)];
        if (s.home == RowSlot::Register && plan_.tile < plan_.n && last_pass[size_t(step.dst)] > int(pass)) {
          s.home = RowSlot::Kept;
          take(s, row);
        } else if (s.home == RowSlot::Register) {
          if (free.empty()) free.push_back(plan_.bytes), plan_.bytes += tile;
          s.offset = free.back();
          free.pop_back();
        }
        release(step, at++, last, free);
      }
      for (int k : plan_.passes[pass].stores) give(p_.outs[size_t(k)], at, last, free);
      at++;
    }
    for (size_t v = 0; v < plan_.slots.size(); v++)
      if (plan_.slots[v].home >= RowSlot::Kept) plan_.moving.push_back(int(v));
  }

  // Room for a register. The next one must not begin at nearly the same place within a page: what is read there would
  // seem to wait for what was just written here.
  static int64_t apart(int64_t bytes) {
    constexpr int64_t page = 4096, least = 1024;
    int64_t size = up(bytes) + 64, rest = size % page;
    return rest < least ? size + least - rest : rest > page - least ? size + page + least - rest : size;
  }
  static int64_t up(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  void release(const RowStep& s, int at, std::vector<int>& last, std::vector<int64_t>& free) {
    for (int16_t x : {s.a, s.b, s.c}) give(x, at, last, free);
  }
  // A computed register that step `at` was the last to read; an input's own is not given away.
  void give(int v, int at, std::vector<int>& last, std::vector<int64_t>& free) {
    const RowSlot& s = plan_.slots[size_t(v)];
    if (v < p_.n_in || s.home != RowSlot::Register || last[size_t(v)] != at) return;
    free.push_back(s.offset);
    last[size_t(v)] = -1;
  }

  RowPlan& plan_;
  const RowProgram& p_;
  TileType type_;
  const View* in_;
  const View* out_;
  std::vector<bool> of_column_ = column_values(p_), used_ = used_in_rows(p_);
  std::vector<int> level_, pass_;
  std::vector<std::pair<int, int16_t>> spread_;
};

}  // namespace

void plan_rows(RowPlan& plan, const RowProgram& p, TileType type, const View* in, int nin, const View* out, int nout) {
  if (nin != p.n_in || nout != int(p.outs.size()))
    throw InternalError(format("fused_rows: its program takes %d inputs and makes %d outputs, got %d and %d", p.n_in,
                               int(p.outs.size()), nin, nout));
  plan.program = &p;
  plan.dtype = register_dtype(type);
  plan.itemsize = int(itemsize(plan.dtype));
  Planner(plan, type, in, out).run();
  if (!plan.down.empty()) plan_columns(plan);
}

}  // namespace dl
