// One instruction over arrays of one layout that are stored otherwise than registers are: 16-bit floats, and numbers
// that give truth values. Through registers they would pass the nearest cache two times more. Others go this way if
// their result is too large for the caches: one loop, and no plan for each piece.
#include "kernels/cpu/isa/tile_direct.h"

#include "kernels/cpu/tile_flat.h"

namespace dl {
namespace {

constexpr int64_t kGrain = 64 * 1024;

struct Operands {
  DType stored = DType::Bool;  // of all arrays
  int variant = 0;
  const char* from[2] = {};
  int64_t step[2] = {};  // bytes from one element to the next
  alignas(16) char number[2][16];
  bool any = false;
};

// Arrays of the output's layout and one dtype, and single values, which come in dtype `as`.
bool gather(const TileProgram& p, const TileInstr& ins, const View* in, const View& out, DType as, Operands& o) {
  const int16_t operands[2] = {ins.a, ins.b};
  for (int k = 0; k < tile_arity(ins.op); k++) {
    const bool constant = operands[k] >= p.n_in;
    const View* v = constant ? nullptr : in + operands[k];
    if (v && v->shape == out.shape && v->strides == out.strides) {
      if (o.any && v->dtype != o.stored) return false;
      if (v->data == out.data && itemsize(v->dtype) != itemsize(out.dtype)) return false;
      o.any = true;
      o.stored = v->dtype;
      o.from[k] = v->ptr<const char>();
      o.step[k] = int64_t(itemsize(v->dtype));
      continue;
    }
    if (v && v->numel() != 1) return false;
    o.variant |= 1 << k;
    o.from[k] = o.number[k];
    if (v)
      cast_fn(v->dtype, as)(1, v->data, 1, o.number[k], 1);
    else
      write_const(p.code[size_t(operands[k] - p.n_in)], as, o.number[k]);
  }
  return o.any;
}

TileFn loop_of(TileOp op, TileType type, const Operands& o, DType out) {
  if (o.variant > 2) return nullptr;
  if (out == register_dtype(type)) return o.stored == out ? tile_table(type)->fn[int(op)][o.variant] : nullptr;
  const DirectTable* table = pick_direct_table();
  const bool half = type == TileType::F32 && (o.stored == DType::F16 || o.stored == DType::BF16);
  if (half && out == o.stored) return table->half[o.stored == DType::BF16][int(op)][o.variant];
  if (out != DType::Bool) return nullptr;
  if (half) return table->half_truth[o.stored == DType::BF16][int(op)][o.variant];
  if (type > TileType::I64 || o.stored != register_dtype(type)) return nullptr;
  return table->truth[int(type)][int(op)][o.variant];
}

}  // namespace

bool run_tile_direct(const TileProgram& p, TileType type, const View* in, const View& out) {
  const TileInstr* ins = only_instruction(p);
  if (!ins || tile_arity(ins->op) > 2 || is_complex(register_dtype(type)) || !is_dense(out.shape, out.strides))
    return false;
  const bool far = goes_far(p, out.numel() * int64_t(itemsize(out.dtype)));
  if (out.dtype == register_dtype(type)
          ? !far
          : out.dtype != DType::Bool && out.dtype != DType::F16 && out.dtype != DType::BF16)
    return false;
  Operands o;
  if (!gather(p, *ins, in, out, register_dtype(type), o)) return false;
  const TileFn fn = loop_of(TileOp(ins->op), type, o, out.dtype);
  if (!fn) return false;
  run_flat({fn, {o.from[0], o.from[1]}, {o.step[0], o.step[1]}}, out, far, kGrain);
  return true;
}

}  // namespace dl
