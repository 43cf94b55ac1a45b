// Planning of one run: axes, tile size, how each array is read and written, and which instruction runs how often.
#include "kernels/cpu/tile_plan.h"

#include <algorithm>

#include "kernels/cpu/isa/stream.h"
#include "kernels/cpu/isa/tile_direct.h"

namespace dl {

namespace {

constexpr int64_t kL1Bytes = 24 * 1024;     // what a tile's registers and arrays may fill
constexpr int64_t kL1BytesFar = 12 * 1024;  // where the next tile's arrays come meanwhile
// Big arrays start at the same place within a page, so that five or more of them meet in the same few sets of the
// cache: then short tiles were a quarter faster.
constexpr int64_t kL1BytesManyStreams = 6 * 1024, kManyStreams = 5, kL2Bytes = 1024 * 1024;
constexpr int64_t kMinTile = 128, kMaxTile = 2048;

void drop_axis(TileGeometry& g, TileOperand* ops, int n_ops, int axis) {
  for (int j = axis; j + 1 < g.nd; j++) {
    g.shape[j] = g.shape[j + 1];
    for (int k = 0; k < n_ops; k++) ops[k].stride[j] = ops[k].stride[j + 1];
  }
  g.nd--;
}

void swap_axes(TileGeometry& g, TileOperand* ops, int n_ops, int i, int j) {
  std::swap(g.shape[i], g.shape[j]);
  for (int k = 0; k < n_ops; k++) std::swap(ops[k].stride[i], ops[k].stride[j]);
}

constexpr int kLittle = 4;  // additions that an element is worth, and arrays read for it

}  // namespace

bool goes_far(const TileProgram& p, int64_t bytes) { return bytes >= stream_bytes() && p.compiled->cost <= kLittle; }

void collapse_axes(TileGeometry& g, TileOperand* ops, int n_ops) {
  for (int i = g.nd - 1; i >= 0; i--) {
    if (g.shape[i] == 1) {
      drop_axis(g, ops, n_ops, i);
    } else if (ops[0].stride[i] < 0) {
      for (int k = 0; k < n_ops; k++) {
        ops[k].base += (g.shape[i] - 1) * ops[k].stride[i] * ops[k].itemsize;
        ops[k].stride[i] = -ops[k].stride[i];
      }
    }
  }
  for (int i = 1; i < g.nd; i++)
    for (int j = i; j > 0 && ops[0].stride[j - 1] < ops[0].stride[j]; j--) swap_axes(g, ops, n_ops, j - 1, j);
  for (int i = g.nd - 2; i >= 0; i--) {
    bool merge = true;
    for (int k = 0; k < n_ops && merge; k++) merge = ops[k].stride[i] == ops[k].stride[i + 1] * g.shape[i + 1];
    if (!merge) continue;
    g.shape[i + 1] *= g.shape[i];
    drop_axis(g, ops, n_ops, i);
  }
  if (g.nd == 0) {
    g.nd = 1;
    g.shape[0] = 1;
    for (int k = 0; k < n_ops; k++) ops[k].stride[0] = 0;
  }
}

namespace {

TileOperand operand(const View& v, const Shape& target) {
  TileOperand o;
  o.base = static_cast<char*>(v.data);
  o.dtype = v.dtype;
  o.itemsize = int(itemsize(v.dtype));
  int lead = target.n - v.shape.n;
  for (int i = 0; i < target.n; i++)
    o.stride[i] = i < lead || (v.shape[i - lead] == 1 && target[i] != 1) ? 0 : v.strides[i - lead];
  return o;
}

// Everything is one flat run: all arrays have the first output's dense layout, or a single element.
bool flat(TilePlan& plan, const View* in, View* out, int nout, int64_t n) {
  if (n > 1 && !is_dense(out[0].shape, out[0].strides)) return false;
  auto same = [&](const View& v) { return v.shape == out[0].shape && v.strides == out[0].strides; };
  for (int k = 1; k < nout; k++)
    if (n > 1 && !same(out[k])) return false;
  for (int k = 0; k < plan.program->n_in; k++)
    if (!same(in[k]) && in[k].numel() != 1) return false;
  auto add = [&](const View& v) {
    TileOperand o;
    o.base = static_cast<char*>(v.data);
    o.dtype = v.dtype;
    o.itemsize = int(itemsize(v.dtype));
    o.stride[0] = n == 1 || v.numel() == 1 ? 0 : 1;
    plan.ops.push_back(o);
  };
  for (int k = 0; k < nout; k++) add(out[k]);
  for (int k = 0; k < plan.program->n_in; k++) add(in[k]);
  plan.geo.nd = 1;
  plan.geo.shape[0] = n;
  return true;
}

// Whether an output goes past the caches: complex numbers do not, whose products take longer than to write them.
bool passes_caches(const TilePlan& plan, const TileOperand& o) {
  return !is_complex(plan.dtype) && goes_far(*plan.program, plan.geo.elements * o.itemsize);
}

void choose_tile(TilePlan& plan) {
  TileGeometry& g = plan.geo;
  int64_t live = plan.compiled->n_regs + int64_t(plan.ops.size()), streams = 0;
  for (const TileOperand& o : plan.ops) streams += o.stride[g.nd - 1] != 0;
  bool many = streams >= kManyStreams && streams * g.elements * plan.itemsize > kL2Bytes;
  bool far = passes_caches(plan, plan.ops[0]);
  int64_t size = (many ? kL1BytesManyStreams : far ? kL1BytesFar : kL1Bytes) / (live * plan.itemsize);
  size = std::clamp(size / 64 * 64, kMinTile, kMaxTile);
  plan.inner = g.shape[g.nd - 1];
  plan.rows = g.nd >= 2 && plan.inner * 2 <= size;
  int64_t outer = 1;
  for (int i = 0; i < g.nd - (plan.rows ? 2 : 1); i++) outer *= g.shape[i];
  if (plan.rows) {
    plan.mid = g.shape[g.nd - 2];
    plan.per_tile = std::min(plan.mid, size / plan.inner);
    plan.chunks = (plan.mid + plan.per_tile - 1) / plan.per_tile;
    plan.capacity = plan.per_tile * plan.inner;
  } else {
    plan.mid = 1;
    plan.per_tile = std::min(plan.inner, size);
    plan.chunks = (plan.inner + plan.per_tile - 1) / plan.per_tile;
    plan.capacity = plan.per_tile;
  }
  plan.units = outer * plan.chunks;
}

bool unit_run(const TilePlan& plan, const TileOperand& o) {
  int last = plan.geo.nd - 1;
  if (o.stride[last] != 1 && plan.inner != 1) return false;
  return !plan.rows || o.stride[last - 1] == plan.inner;
}

// An input that is also handed on as an output must be read before any output is stored over it.
bool overwritten_while_output(const TilePlan& plan, int input, int nout) {
  if (plan.compiled->last_use[size_t(input)] < int(plan.program->code.size())) return false;
  for (int k = 0; k < nout; k++)
    if (plan.ops[size_t(k)].base == plan.ops[size_t(nout + input)].base) return true;
  return false;
}

void classify_inputs(TilePlan& plan, int nout) {
  plan.n_regs = plan.compiled->n_regs;
  for (int k = 0; k < plan.program->n_in; k++) {
    const TileOperand& o = plan.ops[size_t(nout + k)];
    TileInput t;
    t.load = cast_fn(o.dtype, plan.dtype);
    t.direct = false;
    t.reg = -1;
    bool any = false;
    for (int i = 0; i < plan.geo.nd; i++) any = any || o.stride[i] != 0;
    if (!any) {
      t.cls = TileClass::Uniform;
    } else if (!plan.rows && o.stride[plan.geo.nd - 1] == 0) {
      t.cls = TileClass::PerTile;
    } else {
      t.cls = TileClass::Tile;
      t.direct = o.dtype == plan.dtype && unit_run(plan, o) && !overwritten_while_output(plan, k, nout);
      if (!t.direct) t.reg = int16_t(plan.n_regs++);
    }
    plan.in.push_back(t);
    plan.cls.push_back(t.cls);
  }
}

// Instruction `i`, a minimum with a single value, after a maximum with one that nobody else reads: one step does both.
bool joins_clamp(TilePlan& plan, TileType type, const TileStep& s, size_t i, int variant) {
  if (type > TileType::F64 || variant != 2 || plan.steps.empty()) return false;
  TileStep& before = plan.steps.back();
  const TileTable* table = tile_table(type);
  if (before.fn != table->fn[int(TileOp::Max)][2] || s.fn != table->fn[int(TileOp::Min)][2] || s.a != before.dst ||
      plan.compiled->last_use[size_t(before.dst)] != int(i))
    return false;
  before = {pick_direct_table()->clamp[type == TileType::F64], before.a, before.b, s.b, s.dst};
  return true;
}

void choose_steps(TilePlan& plan, TileType type) {
  const TileTable* table = tile_table(type);
  int n_in = plan.program->n_in;
  for (size_t i = 0; i < plan.program->code.size(); i++) {
    const TileInstr& ins = plan.program->code[i];
    TileStep s{nullptr, ins.a, ins.b, ins.c, int16_t(n_in + int(i))};
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    TileClass cls = TileClass::Uniform;
    int variant = 0, arity = tile_arity(ins.op);
    for (int k = 0; k < arity; k++) {
      TileClass c = plan.cls[size_t(operands[k])];
      cls = std::max(cls, c);
      if (c != TileClass::Tile) variant |= 1 << k;
    }
    plan.cls.push_back(cls);
    if (TileOp(ins.op) == TileOp::Const) continue;  // written once, by the runner
    s.fn = table->fn[ins.op][cls == TileClass::Tile ? variant : 0];
    if (!s.fn)
      throw TypeError(format("tile: '%s' is not defined for %s", tile_mnemonic(ins.op), dtype_name(plan.dtype)));
    for (int16_t* x : {&s.a, &s.b, &s.c})
      if (*x < 0) *x = 0;
    if (cls == TileClass::Tile && joins_clamp(plan, type, s, i, variant)) continue;
    (cls == TileClass::Uniform   ? plan.uniform
     : cls == TileClass::PerTile ? plan.per_tile_steps
                                 : plan.steps)
        .push_back(s);
  }
}

// An output that is also an input may be written by its own instruction only if nothing reads that input later.
bool clobbers(const TilePlan& plan, const TileOperand& o, int value, int nout) {
  int made_by = value - plan.program->n_in;
  for (int k = 0; k < plan.program->n_in; k++)
    if (plan.in[size_t(k)].direct && plan.ops[size_t(nout + k)].base == o.base &&
        plan.compiled->last_use[size_t(k)] > made_by)
      return true;
  return false;
}

// Writing over an input past the caches would gain nothing: its lines are there already.
bool written_over_input(const TilePlan& plan, const TileOperand& o, int nout) {
  for (int k = 0; k < plan.program->n_in; k++)
    if (plan.ops[size_t(nout + k)].base == o.base) return true;
  return false;
}

void choose_outputs(TilePlan& plan, int nout) {
  plan.streams = false;
  for (int k = 0; k < nout; k++) {
    const TileOperand& o = plan.ops[size_t(k)];
    TileOutput t;
    t.value = plan.program->outs[size_t(k)];
    t.store = cast_fn(plan.dtype, o.dtype);
    t.direct = t.value >= plan.program->n_in && plan.cls[size_t(t.value)] == TileClass::Tile && o.dtype == plan.dtype &&
               unit_run(plan, o) && !clobbers(plan, o, t.value, nout);
    for (int j = 0; j < k; j++)
      if (plan.out[size_t(j)].direct && plan.out[size_t(j)].value == t.value) t.direct = false;
    const bool runs = plan.cls[size_t(t.value)] == TileClass::Tile && unit_run(plan, o) && !is_complex(o.dtype);
    t.stream =
        (t.direct || (runs && o.dtype != plan.dtype)) && passes_caches(plan, o) && !written_over_input(plan, o, nout);
    if (t.stream) t.direct = false, plan.streams = true;
    plan.out.push_back(t);
  }
}

}  // namespace

void plan_tile(TilePlan& plan, const TileProgram& p, TileType type, const View* in, View* out, int nout,
               int64_t whole) {
  plan.program = &p;
  plan.compiled = p.compiled.get();
  plan.dtype = register_dtype(type);
  plan.itemsize = int(itemsize(plan.dtype));
  plan.ops.clear();
  plan.in.clear();
  plan.out.clear();
  plan.cls.clear();
  plan.uniform.clear();
  plan.per_tile_steps.clear();
  plan.steps.clear();
  int64_t n = out[0].numel();
  plan.geo.elements = whole;
  if (!flat(plan, in, out, nout, n)) {
    plan.geo.nd = out[0].shape.n;
    for (int i = 0; i < plan.geo.nd; i++) plan.geo.shape[i] = out[0].shape[i];
    for (int k = 0; k < nout; k++) plan.ops.push_back(operand(out[k], out[0].shape));
    for (int k = 0; k < p.n_in; k++) plan.ops.push_back(operand(in[k], out[0].shape));
    collapse_axes(plan.geo, plan.ops.data(), int(plan.ops.size()));
  }
  choose_tile(plan);
  classify_inputs(plan, nout);
  choose_steps(plan, type);
  choose_outputs(plan, nout);
}

}  // namespace dl
