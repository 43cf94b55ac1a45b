// One instruction over arrays of bytes of one layout: masks, and 8-bit whole numbers. In 32-bit registers it would take
// five times as long.
#include "kernels/cpu/isa/tile_bytes.h"

#include "kernels/cpu/tile_flat.h"

namespace dl {
namespace {

constexpr int64_t kGrainBytes = 128 * 1024;

bool says_truth(TileOp op) {
  switch (op) {
    case TileOp::Eq:
    case TileOp::Ne:
    case TileOp::Lt:
    case TileOp::Le:
    case TileOp::Gt:
    case TileOp::Ge:
    case TileOp::And:
    case TileOp::Or:
    case TileOp::Xor:
    case TileOp::Not: return true;
    default: return false;
  }
}

// Of truth values, which stay 0 and 1.
bool keeps_truth(TileOp op) {
  switch (op) {
    case TileOp::Mul:
    case TileOp::BAnd:
    case TileOp::BOr:
    case TileOp::BXor:
    case TileOp::Max:
    case TileOp::Min:
    case TileOp::Select: return true;
    default: return says_truth(op);
  }
}

bool is_byte(DType t) { return t == DType::Bool || t == DType::U8 || t == DType::I8; }

// The dtype in which all operands are read, if the result in `out` is then what wider registers would have given.
bool byte_type(const TileProgram& p, TileOp op, const View* in, DType out, DType& type) {
  int first = op == TileOp::Select ? 1 : 0;
  type = in[first].dtype;
  for (int k = 0; k < p.n_in; k++)
    if (in[k].dtype != (k < first ? DType::Bool : type)) return false;
  if (!is_byte(type)) return false;
  if (type == DType::Bool) return out == DType::Bool && keeps_truth(op);
  return says_truth(op) ? out == DType::Bool : out == type;
}

}  // namespace

bool run_tile_bytes(const TileProgram& p, const View* in, const View& out) {
  if (p.code.size() != 1 || p.outs[0] != p.n_in || !is_byte(out.dtype) || !is_dense(out.shape, out.strides))
    return false;
  const TileInstr& ins = p.code[0];
  const int16_t operands[3] = {ins.a, ins.b, ins.c};
  if (tile_arity(ins.op) != p.n_in) return false;
  DType type;
  if (!byte_type(p, TileOp(ins.op), in, out.dtype, type)) return false;
  int variant = 0;
  FlatLoop loop{};
  for (int k = 0; k < p.n_in; k++) {
    const View& v = in[operands[k]];
    bool same = v.shape == out.shape && v.strides == out.strides;
    if (operands[k] != k || (!same && v.numel() != 1)) return false;
    if (!same) variant |= 1 << k;
    loop.from[k] = v.ptr<const char>();
    loop.step[k] = same;
  }
  loop.fn = (type == DType::I8 ? pick_tile_i8() : pick_tile_u8())->fn[ins.op][variant];
  if (!loop.fn) return false;
  run_flat(loop, out, goes_far(p, out.numel()), kGrainBytes);
  return true;
}

}  // namespace dl
