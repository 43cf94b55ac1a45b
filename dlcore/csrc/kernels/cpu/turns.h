// Lines whose elements take turns: what stacking along the last axis and repeating neighbouring elements come down to.
#pragma once
#include <cstdint>

namespace dl {

inline constexpr int64_t kMostTurns = 64;  // lines at once

// dst[i * k + j] = lines[j][i] for i < n, j < k <= kMostTurns, elements of `item` bytes. Never past the caches: putting
// them in turns takes longer than to write them, and goes on beside it.
void put_in_turns(int64_t n, int64_t k, int64_t item, const char* const* lines, char* dst);

}  // namespace dl
