// Whether threads are kept awake for short regions. To wake one costs as much as it would save; but where such regions
// follow each other closely, one that is woken for the next of them waits for each without sleeping in between.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace dl {

class Warmth {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A short region begins that one thread does. Whether to wake threads for those that follow: after as many that came
  // soon after another one as experience says, the first of a series where it is good.
  bool wanted(Time now) {
    const Time::rep at = now.time_since_epoch().count();
    const Time::duration gap(at - last_.exchange(at, std::memory_order_relaxed));
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
  using Micros = std::chrono::microseconds;
  static constexpr Micros kBrief{4}, kSoon{40};  // the former is too brief for a second thread
  static constexpr int kPaid = 4;                // saved more than waking cost
  static constexpr int kMost = 128;              // where it never does, waking costs one part in a hundred at most

  std::atomic<Time::rep> last_{0};  // when the last one began
  std::atomic<int> soon_{0}, needed_{2};
};

}  // namespace dl
