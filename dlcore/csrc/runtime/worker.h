// A thread of the pool as the pool sees it, and on which processors it runs. Private to pool.cpp.
#pragma once
#include <condition_variable>

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace dl {

// What the pool knows of a worker; on the worker's own stack.
struct Worker {
  std::condition_variable wake;
  bool woken = false, brought = false;  // brought: woken for regions to come
  bool crowded = false;                 // others want its processor
  int left = 0, helped = 0;             // how long it will wait for work yet; regions, since it was woken
  Worker* link = nullptr;               // the next one asleep, under the pool's mutex
#ifdef __linux__
  pthread_t thread = pthread_self();
  int kept_off = -1;  // the processor that it may not run on; changed by itself, or while it sleeps under the mutex
#endif
};

inline int processor() {
#ifdef __linux__
  return sched_getcpu();
#else
  return -1;
#endif
}

// Linux likes to start a woken thread where the thread that wakes it runs, and with few processors does not look for an
// idle one: a worker would wait behind its own caller, and the region take as long as with one thread. So a worker is
// kept off the processor of the last caller; it may run on all others that the process may use.
inline void keep_off([[maybe_unused]] Worker& worker, [[maybe_unused]] int processor) {
#ifdef __linux__
  if (processor < 0 || processor >= CPU_SETSIZE || processor == worker.kept_off) return;
  cpu_set_t allowed;
  if (sched_getaffinity(getpid(), sizeof allowed, &allowed) != 0) return;
  CPU_CLR(processor, &allowed);
  if (CPU_COUNT(&allowed) == 0) return;  // there is but one to run on
  if (pthread_setaffinity_np(worker.thread, sizeof allowed, &allowed) == 0) worker.kept_off = processor;
#endif
}

}  // namespace dl
