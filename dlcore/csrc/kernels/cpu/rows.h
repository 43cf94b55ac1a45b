// Row programs: tile programs with reductions in them. A row is what the last axes hold: it is read, reduced as often
// as the program says, and what follows from the reductions is computed while the row is still in the cache. Reductions
// over the rows, one number a column, are taken on the way; only numbers of columns may follow from them.
#pragma once
#include <iterator>
#include <string>
#include <vector>

#include "kernels/cpu/isa/reduce_table.h"
#include "kernels/cpu/tile.h"

namespace dl {

struct RowProgram {
  int n_in = 0, trailing = 1;   // inputs; axes of a row
  std::vector<TileInstr> code;  // `op`: a micro-operation, or a reduction (of rows or of columns) of value `a`
  std::vector<int> outs;        // value numbers
};

int row_op(const std::string& mnemonic);  // of a micro-operation or of "row_sum", "column_max" ...; -1 if unknown
int row_arity(int op);
bool row_reduction(int op, ReduceOp* which);     // whether `op` reduces each row, and how
bool column_reduction(int op, ReduceOp* which);  // whether it reduces each column
void check(const RowProgram& p);

}  // namespace dl
