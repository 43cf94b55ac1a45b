// The tile machine: its micro-operations, the preparation of programs, and the kernel of every elementwise operator.
#include "kernels/cpu/tile.h"

#include <memory>

#include "kernels/cpu/tile_complex.h"
#include "kernels/cpu/tile_plan.h"
#include "tensor/fault.h"

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
                                     pick_tile_u64(), &tile_c64,       &tile_c128};

int op_cost(TileOp op) {
  switch (op) {
    case TileOp::Const: return 0;
    case TileOp::Div:
    case TileOp::Sqrt:
    case TileOp::Rsqrt: return 2;
    case TileOp::Exp:
    case TileOp::Expm1:
    case TileOp::Log:
    case TileOp::Erf:
    case TileOp::Sigmoid:
    case TileOp::Tanh: return 4;
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
    case TileOp::Fmod:
    case TileOp::Gcd:
    case TileOp::Lcm:
    case TileOp::Cbrt:
    case TileOp::Exp2:
    case TileOp::Gelu:
    case TileOp::GeluSlope:
    case TileOp::Angle: return 16;
    case TileOp::Lgamma:
    case TileOp::Gamma:
    case TileOp::Polygamma:
    case TileOp::Erfinv: return 64;
    default: return 1;
  }
}

void check(const TileProgram& p) {
  int made = p.n_in;
  for (const TileInstr& ins : p.code) {
    if (ins.op >= kTileOps) throw InternalError(format("tile: unknown micro-operation %d", int(ins.op)));
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    for (int k = 0; k < kOps[ins.op].arity; k++)
      if (operands[k] < 0 || operands[k] >= made)
        throw InternalError(format("tile: '%s' reads value %d, but only 0 to %d exist there", kOps[ins.op].mnemonic,
                                   int(operands[k]), made - 1));
    made++;
  }
  if (p.outs.empty()) throw InternalError("tile: the program has no output");
  for (int v : p.outs)
    if (v < 0 || v >= made)
      throw InternalError(format("tile: output value %d does not exist (0 to %d do)", v, made - 1));
}

}  // namespace

int tile_cost(int op) { return op_cost(TileOp(op)); }

const char* tile_mnemonic(int op) { return kOps[op].mnemonic; }

int tile_op(const std::string& mnemonic) {
  for (int i = 0; i < kTileOps; i++)
    if (mnemonic == kOps[i].mnemonic) return i;
  return -1;
}

int tile_arity(int op) { return op >= 0 && op < kTileOps ? kOps[op].arity : -1; }

TileType tile_type(DType common) {
  switch (common) {
    case DType::C128: return TileType::C128;
    case DType::C64: return TileType::C64;
    case DType::F64: return TileType::F64;
    case DType::F32:
    case DType::F16:
    case DType::BF16: return TileType::F32;
    case DType::U64: return TileType::U64;
    case DType::I64:
    case DType::U32: return TileType::I64;
    default: return TileType::I32;
  }
}

DType register_dtype(TileType type) {
  constexpr DType of[] = {DType::F32, DType::F64, DType::I32, DType::I64, DType::U64, DType::C64, DType::C128};
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
  c->rule = find_rule(p);
  p.compiled = std::move(c);
}

namespace {

// A fused group says what its registers are; an operator computes in the promotion of its inputs, and of its outputs
// too when they are floating-point (the square root of integers is not computed in integers).
DType register_dtype_of(const KernelCall& c) {
  if (!c.op->tile && c.attrs->size() > 1 && (*c.attrs)[1].kind == Attr::DTypeV) return (*c.attrs)[1].dtype();
  DType t = c.nin ? c.in[0].dtype : c.out[0].dtype;
  for (int i = 1; i < c.nin; i++)
    if (c.in[i].dtype != t) t = promote(t, c.in[i].dtype);
  for (int i = 0; i < c.nout; i++)
    if (is_inexact(c.out[i].dtype) && c.out[i].dtype != t) t = promote(t, c.out[i].dtype);
  return t;
}

void tile_kernel(const KernelCall& c) {
  const TileProgram* p = c.op->tile.get();
  if (!p) p = static_cast<const TileProgram*>(c.attrs->at(0).obj.get());
  if (!p) throw InternalError(c.op->name + ": the operator has no tile program");
  if (p->n_in != c.nin || int(p->outs.size()) != c.nout)
    throw InternalError(format("%s: its program takes %d inputs and makes %d outputs, got %d and %d",
                               c.op->name.c_str(), p->n_in, int(p->outs.size()), c.nin, c.nout));
  // A fused group says which registers it wants: a comparison's operands may all have become constants.
  if (!c.op->tile && c.attrs->size() > 1 && !c.attrs->at(1).none())
    return run_tile(*p, tile_type(c.attrs->at(1).dtype()), c.in, c.out, c.nout);
  DType t = register_dtype_of(c);
  run_tile(*p, tile_type(t), c.in, c.out, c.nout);
}

}  // namespace

DL_KERNEL("tile", tile_kernel);

}  // namespace dl
