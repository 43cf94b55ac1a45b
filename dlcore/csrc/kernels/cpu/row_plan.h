// How a row program walks over its arrays. Private to rows.cpp and row_plan.cpp.
//
// The program is cut into passes over a row: what a pass computes of each element may depend on the reductions of the
// passes before. Several short rows are taken at once; of a long row a tile at a time. A very long row that is read in
// one pass is cut into parts, so that threads share it; where it is cut depends on its length alone. Reductions over
// the rows go into sums of their own for each block of rows, which are joined in order (row_columns.h).
#pragma once
#include <vector>

#include "kernels/cpu/cast.h"
#include "kernels/cpu/isa/tile_table.h"
#include "kernels/cpu/rows.h"

namespace dl {

// A reduction over a row that is taken tile by tile goes on in lanes of so many bytes, which are joined when all tiles
// are through. They lie behind the place of its number.
inline constexpr int64_t kLaneBytes = 256, kLanesAt = 64;

// One number per call, one per row, one per element; one per column, from reductions over the rows.
enum class RowClass : uint8_t { Uniform, Row, Wide, Column };

struct RowArray {
  int64_t lead[kMaxDims];  // strides over the rows, in elements
  int64_t step = 0;        // from element to element of a row; 0 where there is one number a row
  DType dtype;
  int itemsize;
  CastFn cast;          // to the registers' type (inputs), from it (outputs)
  bool stream = false;  // an output written past the caches (isa/stream.h)
};

// One slot per value, then one for every number of a row that is spread over the row's elements.
struct RowStep {
  // ByRow: a call for each row, with its own numbers. Down: a reduction over the rows.
  enum Kind : uint8_t { Compute, ByRow, Spread, Reduce, Down } kind;
  TileFn fn;
  const ReduceFns* reduce;
  int16_t a, b, c, dst;
  int wide = 0;         // ByRow: bit k says that operand k has a number per element, bit k + 3 that it has one per row
  bool single = false;  // Reduce, Down: a sum in single precision. Compute: a mean, which divides such sums
};

struct RowPass {
  std::vector<RowStep> before;     // numbers of rows, from the reductions of earlier passes
  std::vector<RowStep> steps;      // over elements, and reductions
  std::vector<int> loads, stores;  // inputs converted into a register, outputs written from one
  bool overwrites = false;         // an output takes the place of an input
};

struct RowSlot {
  // Kept: of a whole row. Sums: of the columns.
  enum Home : uint8_t { Number, Column, Register, Kept, Input, Output, Sums } home = Number;
  int array = -1;      // Input, Output; Sums: which of them
  int64_t offset = 0;  // in the scratch memory
};

struct RowPlan {
  const RowProgram* program;
  DType dtype;
  int itemsize, nd, cost;
  int64_t lead[kMaxDims];  // the axes of rows, merged; at least one
  int64_t rows, n;         // all rows; elements of one
  int64_t per, chunks;     // rows at once; groups of these along the innermost axis of rows
  int64_t tile;            // elements of a row at once
  int64_t part, parts;     // elements of a part of a row, and how many there are
  int64_t bytes, column;   // scratch memory, and where in it there is room for a number of each row
  int64_t wide_at;         // behind the place of a sum: that in double precision, where it has passed the range
  std::vector<RowArray> in, out;
  bool streams = false;          // some output is
  std::vector<RowClass> cls;     // per value
  std::vector<RowStep> uniform;  // computed once
  std::vector<RowPass> passes;
  std::vector<RowSlot> slots;
  std::vector<int> moving;  // slots whose address changes from tile to tile
  std::vector<int> sums;    // slots that the reductions of the first pass fill
  // Where there are reductions over the rows:
  std::vector<const ReduceFns*> down;
  int64_t blocks;              // of rows
  TileProgram after;           // what follows from the sums
  std::vector<int> after_in;   // its inputs: those of this program, sums by ~number
  std::vector<int> after_out;  // the outputs that it makes

  int64_t units() const { return rows / lead[nd - 1] * chunks; }  // groups of rows
};

void plan_rows(RowPlan& plan, const RowProgram& p, TileType type, const View* in, int nin, const View* out, int nout);

}  // namespace dl
