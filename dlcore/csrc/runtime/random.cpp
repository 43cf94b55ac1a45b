#include "runtime/random.h"

#include <mutex>

namespace dl {

std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter) {
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  std::array<uint32_t, 4> x = {uint32_t(counter), uint32_t(counter >> 32), 0, 0};
  for (int round = 0; round < 10; round++) {
    uint64_t a = uint64_t(0xD2511F53u) * x[0], b = uint64_t(0xCD9E8D57u) * x[2];
    x = {uint32_t(b >> 32) ^ x[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ x[3] ^ k1, uint32_t(a)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return x;
}

static std::mutex g_mutex;
static RngState g_state{0, 0};
static thread_local std::optional<RngState> t_own;

std::optional<RngState> swap_generator(std::optional<RngState> own) {
  std::swap(own, t_own);
  return own;
}
RngState rng_state() {
  if (t_own) return *t_own;
  std::lock_guard<std::mutex> lock(g_mutex);
  return g_state;
}
void set_rng_state(RngState s) {
  if (t_own) {
    t_own = s;
    return;
  }
  std::lock_guard<std::mutex> lock(g_mutex);
  g_state = s;
}
RngState reserve_random(int64_t n) {
  std::unique_lock<std::mutex> lock(g_mutex, std::defer_lock);
  if (!t_own) lock.lock();
  RngState& state = t_own ? *t_own : g_state;
  RngState s = state;
  state.counter += uint64_t(random_blocks(n));
  return s;
}

}  // namespace dl
