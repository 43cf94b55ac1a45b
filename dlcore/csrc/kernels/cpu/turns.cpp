#include "kernels/cpu/turns.h"

#include "kernels/cpu/isa/move_table.h"

namespace dl {

void put_in_turns(int64_t n, int64_t k, int64_t item, const char* const* lines, char* dst) {
  const void* at[kMostTurns];
  for (int64_t j = 0; j < k; j++) at[j] = lines[j];
  pick_move_table()->interleave[move_size(item)](n, k, at, dst);
}

}  // namespace dl
