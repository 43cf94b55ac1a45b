#include "kernels/cpu/turns.h"

#include <algorithm>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/isa/stream.h"

namespace dl {

void put_in_turns(int64_t n, int64_t k, int64_t item, const char* const* lines, char* dst, bool far) {
  constexpr int64_t kBlock = 8192;  // bytes made in the cache before they are written past it
  const InterleaveFn interleave = pick_move_table()->interleave[move_size(item)];
  const int64_t piece = far ? kBlock / (k * item) : n;
  alignas(64) char block[kBlock];
  for (int64_t first = 0; first < n; first += piece) {
    const int64_t m = std::min(piece, n - first);
    const void* at[kMostTurns];
    for (int64_t j = 0; j < k; j++) at[j] = lines[j] + first * item;
    char* to = dst + first * k * item;
    interleave(m, k, at, far ? block : to);
    if (far) pick_stream_table()->copy(m * k * item, block, to);
  }
}

}  // namespace dl
