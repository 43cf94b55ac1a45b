// One loop of the tile machine over whole arrays of one layout, shared by threads. Large results are written past the
// caches, a little at a time: then reading does not wait for writing, and what is read next is asked for meanwhile.
#pragma once
#include "kernels/cpu/tile_plan.h"

namespace dl {

// The one instruction that is no constant, if that makes the only output; else null.
const TileInstr* only_instruction(const TileProgram& p);

struct FlatLoop {
  TileFn fn;
  const char* from[3] = {};  // null: there is no such operand
  int64_t step[3] = {};      // bytes from one element to the next; 0: a single value
};

// `far`: past the caches, unless the output is one of the operands, whose lines are in them anyway. `grain`: elements
// that a thread takes at least.
void run_flat(const FlatLoop& loop, const View& out, bool far, int64_t grain);

}  // namespace dl
