// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Counter-based: element i of a call depends only on (seed, counter + i / 4), so results do not depend on threads or
// device.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

namespace dl {
std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter);  // reference form, also used by tests
struct RngState {
  uint64_t seed, counter;
};
// Gives this thread a generator of its own, from which all below then take and which they change, or, with nothing,
// takes it away again. Returns the one it had.
std::optional<RngState> swap_generator(std::optional<RngState> own);
RngState rng_state();
void set_rng_state(RngState s);
// Takes ceil(n / 4) blocks from the generator: returns the seed and the first block.
RngState reserve_random(int64_t n);
inline int64_t random_blocks(int64_t n) { return (n + 3) / 4; }
}  // namespace dl
