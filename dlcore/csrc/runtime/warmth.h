// Whether threads are kept awake for short regions. To wake one costs as much as it would save; but where such regions
// follow each other closely, one that is woken for the next of them waits for each without sleeping in between.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace dl {

// A clock for who asks as often as there are short calls: half a nanosecond a tick or less, more or less. The system's
// takes as long to read as the shortest of them.
inline int64_t rough_ticks() {
#if defined(__x86_64__)
  return int64_t(__rdtsc());
#else
  return 3 * std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
                 .count();
#endif
}

class Warmth {
 public:
  // A short region begins that one thread does. Whether to wake threads for those that follow: after as many that came
  // soon after another one as experience says, the first of a series where it is good.
  bool wanted() {
    const int64_t at = rough_ticks(), gap = at - last_.load(std::memory_order_relaxed);
    last_.store(at, std::memory_order_relaxed);
    if (gap < kBrief) return false;
    const int needed = needed_.load(std::memory_order_relaxed);
    const int soon = soon_.load(std::memory_order_relaxed) + (gap < kSoon || needed == 1);
    soon_.store(soon < needed ? soon : 0, std::memory_order_relaxed);
    return soon >= needed;
  }

  // A thread that was woken for them sleeps again, having helped with so many.
  void ended(int helped) {
    const int needed = needed_.load(std::memory_order_relaxed);
    needed_.store(helped >= kPaid ? 1 : std::min(2 * needed, kMost), std::memory_order_relaxed);
  }

 private:
  static constexpr int64_t kBrief = 12'000;  // ticks: about 4 us, too brief for a second thread
  static constexpr int64_t kSoon = 120'000;  // 40 us
  static constexpr int kPaid = 4;            // saved more than waking cost
  static constexpr int kMost = 128;          // where it never does, waking costs one part in a hundred at most

  std::atomic<int64_t> last_{0};  // when the last one began
  std::atomic<int> soon_{0}, needed_{2};
};

}  // namespace dl
