// What a thread does that waits for another one for a moment.
#pragma once
#include <thread>

namespace dl {

constexpr int kSpins = 3000;       // roughly 50 microseconds: the gap between two operators of a program
constexpr int kSpinsIdle = 12000;  // and 200: the gap between two steps, in which Python has a batch made by hand
constexpr int kSpinsAlone = 128;   // after so many, others may run: who is waited for may wait for this very core

inline void cpu_relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline void spin(int turn) {
  cpu_relax();
  if (turn % kSpinsAlone == kSpinsAlone - 1) std::this_thread::yield();
}

}  // namespace dl
