// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Counter-based: element i of a call depends only on (seed, counter + i / 4), so results do not depend on threads or
// device.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

namespace dl {

// One block: the key is `seed`, the counter's words are the low and the high half of `counter`, `third` and `fourth`.
inline std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter, uint32_t third = 0, uint32_t fourth = 0) {
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  std::array<uint32_t, 4> x = {uint32_t(counter), uint32_t(counter >> 32), third, fourth};
  for (int round = 0; round < 10; round++) {
    uint64_t a = uint64_t(0xD2511F53u) * x[0], b = uint64_t(0xCD9E8D57u) * x[2];
    x = {uint32_t(b >> 32) ^ x[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ x[3] ^ k1, uint32_t(a)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return x;
}

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
