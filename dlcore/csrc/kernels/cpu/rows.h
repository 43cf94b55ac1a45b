// Row programs: tile programs with reductions in them. A row is what the last axes hold: it is read, reduced as often
// as the program says, and what follows from the reductions is computed while the row is still in the cache.
#pragma once
#include <iterator>
#include <string>
#include <vector>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/tile.h"

namespace dl {

struct RowProgram {
  int n_in = 0, trailing = 1;   // inputs; axes of a row
  std::vector<TileInstr> code;  // `op`: a micro-operation, or one of the reductions (`row_reduction`) of value `a`
  std::vector<int> outs;        // value numbers
};

int row_op(const std::string& mnemonic);  // of a micro-operation or a reduction such as "row_sum"; -1 if unknown
int row_arity(int op);
bool row_reduction(int op, ReduceOp* which);  // whether `op` is a reduction, and which
void check(const RowProgram& p);

}  // namespace dl
