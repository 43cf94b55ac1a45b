// The tile machine: prepares programs, runs them block by block, and is the kernel of every elementwise operator.
#include "kernels/cpu/tile.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "kernels/cpu/tile_plan.h"
#include "runtime/pool.h"

namespace dl {

namespace {

struct OpInfo {
  const char* mnemonic;
  int arity;
};
constexpr OpInfo kOps[kTileOps] = {
#define X(name, text, arity) {text, arity},
    DL_TILE_OPS(X)
#undef X
};

const TileTable* const g_tables[] = {pick_tile_f32(), pick_tile_f64(), pick_tile_i32(), pick_tile_i64(),
                                     pick_tile_u64()};

constexpr int64_t kGrainOps = 32 * 1024;  // element-operations below which a thread is not worth waking

int op_cost(TileOp op) {
  switch (op) {
    case TileOp::Const:
      return 0;
    case TileOp::Div:
    case TileOp::Sqrt:
    case TileOp::Rsqrt:
      return 2;
    case TileOp::Exp:
    case TileOp::Expm1:
    case TileOp::Log:
    case TileOp::Erf:
    case TileOp::Sigmoid:
    case TileOp::Tanh:
      return 4;
    case TileOp::FDiv:
    case TileOp::Rem:
    case TileOp::Pow:
    case TileOp::Log1p:
    case TileOp::Log2:
    case TileOp::Log10:
    case TileOp::Sin:
    case TileOp::Cos:
    case TileOp::Tan:
    case TileOp::Asin:
    case TileOp::Acos:
    case TileOp::Atan:
    case TileOp::Sinh:
    case TileOp::Cosh:
    case TileOp::Asinh:
    case TileOp::Acosh:
    case TileOp::Atanh:
    case TileOp::Atan2:
    case TileOp::Hypot:
      return 16;
    default:
      return 1;
  }
}

void check(const TileProgram& p) {
  int made = p.n_in;
  for (const TileInstr& ins : p.code) {
    if (ins.op >= kTileOps) throw RuntimeError(format("tile: unknown micro-operation %d", int(ins.op)));
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    for (int k = 0; k < kOps[ins.op].arity; k++)
      if (operands[k] < 0 || operands[k] >= made)
        throw RuntimeError(format("tile: '%s' reads value %d, but only 0 to %d exist there", kOps[ins.op].mnemonic,
                                  int(operands[k]), made - 1));
    made++;
  }
  if (p.outs.empty()) throw RuntimeError("tile: the program has no output");
  for (int v : p.outs)
    if (v < 0 || v >= made)
      throw RuntimeError(format("tile: output value %d does not exist (0 to %d do)", v, made - 1));
}

}  // namespace

const char* tile_mnemonic(int op) { return kOps[op].mnemonic; }

int tile_op(const std::string& mnemonic) {
  for (int i = 0; i < kTileOps; i++)
    if (mnemonic == kOps[i].mnemonic) return i;
  return -1;
}

int tile_arity(int op) { return op >= 0 && op < kTileOps ? kOps[op].arity : -1; }

TileType tile_type(DType common) {
  switch (common) {
    case DType::F64:
      return TileType::F64;
    case DType::F32:
    case DType::F16:
    case DType::BF16:
      return TileType::F32;
    case DType::U64:
      return TileType::U64;
    case DType::I64:
    case DType::U32:
      return TileType::I64;
    default:
      return TileType::I32;
  }
}

DType register_dtype(TileType type) {
  constexpr DType of[] = {DType::F32, DType::F64, DType::I32, DType::I64, DType::U64};
  return of[int(type)];
}

const TileTable* tile_table(TileType type) { return g_tables[int(type)]; }

void prepare(TileProgram& p) {
  check(p);
  auto c = std::make_shared<TileProgram::Compiled>();
  int n_code = int(p.code.size());
  c->n_values = p.n_in + n_code;
  c->reg.assign(size_t(c->n_values), -1);
  c->last_use.assign(size_t(c->n_values), -1);
  for (int i = 0; i < n_code; i++) {
    const TileInstr& ins = p.code[size_t(i)];
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    for (int k = 0; k < kOps[ins.op].arity; k++) c->last_use[size_t(operands[k])] = int16_t(i);
    c->cost += op_cost(TileOp(ins.op));
  }
  c->cost += p.n_in;
  for (int v : p.outs) c->last_use[size_t(v)] = int16_t(n_code);
  // Linear scan: a register is free again at the last use of its value, for that very instruction's result too.
  std::vector<int16_t> free;
  for (int i = 0; i < n_code; i++) {
    const TileInstr& ins = p.code[size_t(i)];
    if (TileOp(ins.op) == TileOp::Const) continue;
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    for (int k = 0; k < kOps[ins.op].arity; k++) {
      int16_t r = c->reg[size_t(operands[k])];
      bool repeated = (k > 0 && operands[k] == operands[0]) || (k > 1 && operands[k] == operands[1]);
      if (r >= 0 && c->last_use[size_t(operands[k])] == i && !repeated) free.push_back(r);
    }
    if (free.empty()) free.push_back(int16_t(c->n_regs++));
    int16_t r = free.back();
    free.pop_back();
    c->reg[size_t(p.n_in + i)] = r;
    if (c->last_use[size_t(p.n_in + i)] < 0) free.push_back(r);  // never read
  }
  p.compiled = std::move(c);
}

namespace {

// Grown as needed and kept: one per thread, so that running a program allocates nothing.
struct Scratch {
  std::unique_ptr<char[]> memory;
  size_t size = 0;
  char* get(size_t want) {
    if (want + 64 > size) {
      size = want + 64 + want / 2;
      memory.reset(new char[size]);
    }
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory.get()) + 63) & ~uintptr_t(63));
  }
};

class TileRunner {
 public:
  explicit TileRunner(const TilePlan& plan) : plan_(plan) {
    thread_local Scratch scratch;
    const auto& c = *plan.compiled;
    size_t values = size_t(c.n_values), inputs = plan.in.size();
    size_t head = (values * 16 + inputs * 16 + plan.ops.size() * 8 + 63) / 64 * 64;
    int64_t reg_bytes = (plan.capacity * plan.itemsize + 63) / 64 * 64;
    char* memory = scratch.get(head + size_t(plan.n_regs) * size_t(reg_bytes));
    ptr_ = reinterpret_cast<char**>(memory);
    scalar_ = reinterpret_cast<uint64_t*>(memory + values * 8);
    loaded_ = reinterpret_cast<Loaded*>(memory + values * 16);
    offset_ = reinterpret_cast<int64_t*>(memory + values * 16 + inputs * 16);
    char* regs = memory + head;
    for (size_t v = 0; v < values; v++) {
      int r = v < inputs ? plan.in[v].reg : c.reg[v];
      bool single = plan.cls[v] != TileClass::Tile;
      ptr_[v] = single ? reinterpret_cast<char*>(scalar_ + v) : regs + r * reg_bytes;
    }
    for (size_t k = 0; k < inputs; k++) loaded_[k] = {nullptr, 0};
    set_uniform_values();
  }

  void run(int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      int64_t chunk = seek(u);
      int64_t rows = 1, cols = plan_.inner;
      if (plan_.rows) {
        rows = std::min(plan_.per_tile, plan_.mid - chunk * plan_.per_tile);
      } else {
        cols = std::min(plan_.per_tile, plan_.inner - chunk * plan_.per_tile);
      }
      load(rows, cols);
      for (const TileStep& s : plan_.per_tile_steps) s.fn(1, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
      for (const TileStep& s : plan_.steps) s.fn(rows * cols, ptr_[s.a], ptr_[s.b], ptr_[s.c], ptr_[s.dst]);
      store(rows, cols);
    }
  }

 private:
  struct Loaded {  // what a loaded register holds, so that a row that repeats is not read again
    const char* base;
    int64_t rows;
  };

  void set_uniform_values() {
    const TileProgram& p = *plan_.program;
    size_t nout = plan_.out.size();
    for (size_t k = 0; k < plan_.in.size(); k++)
      if (plan_.in[k].cls == TileClass::Uniform) plan_.in[k].load(1, plan_.ops[nout + k].base, 1, scalar_ + k, 1);
    for (size_t i = 0; i < p.code.size(); i++) {
      if (TileOp(p.code[i].op) != TileOp::Const) continue;
      char* at = ptr_[plan_.in.size() + i];
      if (plan_.dtype == DType::F32) {
        float f = float(p.code[i].imm);
        std::memcpy(at, &f, 4);
      } else if (plan_.dtype == DType::F64) {
        std::memcpy(at, &p.code[i].imm, 8);
      } else if (plan_.dtype == DType::I32) {
        int32_t v = int32_t(p.code[i].imm_i);
        std::memcpy(at, &v, 4);
      } else {
        std::memcpy(at, &p.code[i].imm_i, 8);
      }
    }
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

  // Calls fn(register offset, array offset) for each run of elements; both in elements.
  template <class F>
  void each_run(const TileOperand& o, int64_t rows, int64_t cols, F&& fn) {
    int64_t step = plan_.rows ? o.stride[plan_.geo.nd - 2] : 0;
    if (rows == 1 || step == cols * o.stride[plan_.geo.nd - 1]) return fn(rows * cols, int64_t(0), int64_t(0));
    for (int64_t r = 0; r < rows; r++) fn(cols, r * cols, r * step);
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
        t.store(n, from + reg * step * plan_.itemsize, step, at + to * o.itemsize, stride);
      });
    }
  }

  const TilePlan& plan_;
  char** ptr_;
  uint64_t* scalar_;
  Loaded* loaded_;
  int64_t* offset_;
};

// Plans are kept per thread for their vectors' memory only.
TilePlan& plan_for_this_thread() {
  thread_local TilePlan plan;
  return plan;
}

// A fused group says what its registers are; an operator computes in the promotion of its inputs, and of its outputs
// too when they are floating-point (the square root of integers is not computed in integers).
DType register_dtype_of(const KernelCall& c) {
  if (!c.op->tile && c.attrs->size() > 1 && (*c.attrs)[1].kind == Attr::DTypeV) return (*c.attrs)[1].dtype();
  DType t = c.nin ? c.in[0].dtype : c.out[0].dtype;
  for (int i = 1; i < c.nin; i++)
    if (c.in[i].dtype != t) t = promote(t, c.in[i].dtype);
  for (int i = 0; i < c.nout; i++)
    if (is_float(c.out[i].dtype) && c.out[i].dtype != t) t = promote(t, c.out[i].dtype);
  return t;
}

void tile_kernel(const KernelCall& c) {
  const TileProgram* p = c.op->tile.get();
  if (!p) p = static_cast<const TileProgram*>(c.attrs->at(0).obj.get());
  if (!p) throw RuntimeError(c.op->name + ": the operator has no tile program");
  if (p->n_in != c.nin || int(p->outs.size()) != c.nout)
    throw RuntimeError(format("%s: its program takes %d inputs and makes %d outputs, got %d and %d", c.op->name.c_str(),
                              p->n_in, int(p->outs.size()), c.nin, c.nout));
  // A fused group says which registers it wants: a comparison's operands may all have become constants.
  if (!c.op->tile && c.attrs->size() > 1 && !c.attrs->at(1).none())
    return run_tile(*p, tile_type(c.attrs->at(1).dtype()), c.in, c.out, c.nout);
  DType t = register_dtype_of(c);
  run_tile(*p, tile_type(t), c.in, c.out, c.nout);
}

}  // namespace

void run_tile(const TileProgram& p, TileType type, const View* in, View* out, int nout) {
  if (out[0].numel() == 0) return;
  if (!p.compiled) throw RuntimeError("tile: the program was not prepared");
  if (run_tile_small(p, type, in, out, nout)) return;
  TilePlan& plan = plan_for_this_thread();
  plan_tile(plan, p, type, in, out, nout);
  int64_t grain = kGrainOps / (plan.capacity * std::max(plan.compiled->cost, 1)) + 1;
  parallel_for(plan.units, grain, [&](int64_t begin, int64_t end) { TileRunner(plan).run(begin, end); });
}

DL_KERNEL("tile", tile_kernel);

}  // namespace dl
