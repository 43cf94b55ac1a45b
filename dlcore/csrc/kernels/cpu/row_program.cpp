// What a row program is made of: the reductions by name, and whether a program holds together.
#include "kernels/cpu/isa/tile_table.h"
#include "kernels/cpu/row_columns.h"
#include "kernels/cpu/rows.h"
#include "tensor/fault.h"

namespace dl {
namespace {

struct Reduction {
  const char* mnemonic;
  ReduceOp which;
};
constexpr Reduction kReductions[] = {
    {"row_sum", ReduceOp::Sum},    {"row_prod", ReduceOp::Prod},  {"row_max", ReduceOp::Max},
    {"row_min", ReduceOp::Min},    {"column_sum", ReduceOp::Sum}, {"column_prod", ReduceOp::Prod},
    {"column_max", ReduceOp::Max}, {"column_min", ReduceOp::Min},
};
constexpr int kNumReductions = int(std::size(kReductions)), kOfRows = kNumReductions / 2;

bool reduction(int op, int begin, int end, ReduceOp* which) {
  if (op < kTileOps + begin || op >= kTileOps + end) return false;
  if (which) *which = kReductions[op - kTileOps].which;
  return true;
}

}  // namespace

int row_op(const std::string& mnemonic) {
  for (int i = 0; i < kNumReductions; i++)
    if (mnemonic == kReductions[i].mnemonic) return kTileOps + i;
  return tile_op(mnemonic);
}
int row_arity(int op) { return op >= kTileOps ? 1 : tile_arity(op); }
bool row_reduction(int op, ReduceOp* which) { return reduction(op, 0, kOfRows, which); }
bool column_reduction(int op, ReduceOp* which) { return reduction(op, kOfRows, kNumReductions, which); }

void check(const RowProgram& p) {
  int made = p.n_in;
  bool reduces = false;
  for (const TileInstr& ins : p.code) {
    const int16_t operands[3] = {ins.a, ins.b, ins.c};
    for (int k = 0; k < row_arity(ins.op); k++)
      if (operands[k] < 0 || operands[k] >= made)
        throw InternalError(format("RowProgram: value %d is read before it is there", int(operands[k])));
    reduces = reduces || reduction(ins.op, 0, kNumReductions, nullptr);
    made++;
  }
  for (int v : p.outs)
    if (v < 0 || v >= made) throw InternalError(format("RowProgram: there is no value %d", v));
  if (p.outs.empty() || p.trailing < 1 || !reduces)
    throw InternalError("RowProgram: it has no output, axis or reduction");
  column_values(p);
}

}  // namespace dl
