// One of two numbers by truth values, over arrays of one layout: numbers are moved as they are, in one pass. Through
// registers the truth values would become numbers first, and 16-bit floats wide ones.
#include <cstring>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/isa/select.h"
#include "kernels/cpu/tile_flat.h"

namespace dl {
namespace {

constexpr int64_t kGrain = 64 * 1024;

// A single value as the registers hold it, then as the output does.
void write_single(const TileProgram& p, int operand, const View* in, TileType type, DType to, char* at) {
  char number[16];
  const DType held = register_dtype(type);
  if (operand < p.n_in)
    cast_fn(in[operand].dtype, held)(1, in[operand].data, 1, number, 1);
  else
    write_const(p.code[size_t(operand - p.n_in)], held, number);
  cast_fn(held, to)(1, number, 1, at, 1);
}

}  // namespace

bool run_tile_select(const TileProgram& p, TileType type, const View* in, const View& out) {
  const TileInstr* ins = only_instruction(p);
  if (!ins || TileOp(ins->op) != TileOp::Select || !is_dense(out.shape, out.strides)) return false;
  auto alike = [&](const View& v, DType dtype) {
    return v.dtype == dtype && v.shape == out.shape && v.strides == out.strides;
  };
  if (ins->a >= p.n_in || !alike(in[ins->a], DType::Bool)) return false;
  const int64_t size = int64_t(itemsize(out.dtype));
  FlatLoop loop{};
  loop.from[0] = in[ins->a].ptr<const char>();
  loop.step[0] = 1;
  if (loop.from[0] == out.data && size != 1) return false;
  alignas(16) char number[2][16];
  int singles = 0;
  for (int k = 0; k < 2; k++) {
    const int operand = k ? ins->c : ins->b;
    if (operand < p.n_in && alike(in[operand], out.dtype)) {
      loop.from[k + 1] = in[operand].ptr<const char>();
      loop.step[k + 1] = size;
      continue;
    }
    if (operand < p.n_in && in[operand].numel() != 1) return false;
    write_single(p, operand, in, type, out.dtype, number[k]);
    loop.from[k + 1] = number[k];
    singles |= 1 << k;
  }
  loop.fn = pick_select_table()->fn[move_size(size)][singles];
  run_flat(loop, out, goes_far(p, out.numel() * size), kGrain);
  return true;
}

}  // namespace dl
