#include "runtime/random.h"

#include <mutex>

namespace dl {

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
