// Faults on purpose, one a sanitizer, linked into the core of .ci/sanitize.py alone: each must stop the process with
// the sanitizer's report, or the lane sees nothing and says so. Called through ctypes.
#include <atomic>
#include <chrono>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "runtime/pool.h"
#include "tensor/tensor.h"

namespace {

// One float past the end of an array: small ones share a block with their header, large ones are blocks of a cache.
float read_past(int64_t count) {
  dl::StorageRef s = dl::allocate(size_t(count) * sizeof(float), dl::Device{});
  auto* data = static_cast<volatile float*>(s->data);
  for (int64_t i = 0; i < count; i++) data[i] = 1;
  return data[count];
}

float read_freed() {
  volatile float* data;
  {
    dl::StorageRef s = dl::allocate(1 << 16, dl::Device{});
    data = static_cast<volatile float*>(s->data);
    data[7] = 1;
  }
  return data[7];
}

int overflow() {
  volatile int large = INT_MAX;
  return large + 1;
}

// Two threads add to one number, with nothing between them.
int race() {
  int total = 0;
  auto work = [&] {
    for (int i = 0; i < 1000; i++) total++;
  };
  std::thread other(work);
  work();
  other.join();
  return total;
}

// The same in two chunks of a parallel region, once both threads are there: on a busy machine one comes late. What they
// meet by orders nothing.
int pool_race() {
  int total = 0;
  std::atomic<int> there{0};
  dl::set_num_threads(2);
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  dl::parallel_for(4000, 1, [&](int64_t begin, int64_t end) {
    thread_local bool counted = false;
    if (!std::exchange(counted, true)) there.fetch_add(1, std::memory_order_relaxed);
    while (there.load(std::memory_order_relaxed) < 2 && std::chrono::steady_clock::now() < latest)
      std::this_thread::yield();
    for (int64_t i = begin; i < end; i++) total++;
  });
  return total;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) double dl_planted(const char* name) {
  std::string fault = name;
  if (fault == "past-small") return read_past(10);
  if (fault == "past-large") return read_past(100001);
  if (fault == "freed") return read_freed();
  if (fault == "overflow") return overflow();
  if (fault == "race") return race();
  if (fault == "pool-race") return pool_race();
  return -1;
}
