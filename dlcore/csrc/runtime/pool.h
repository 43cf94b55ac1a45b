// Thread pool: the caller works too, chunks are claimed with one atomic, no region ever waits for a thread that has not
// started.
#pragma once
#include <cstdint>
#include <type_traits>

namespace dl {
int num_threads();
void set_num_threads(int n);  // >= 1
// Calls body(begin, end) over [0, n) in chunks of at least `grain`; serial when n <= grain or inside another
// parallel_for. Template shim below keeps std::function out of the hot path.
void parallel_for_raw(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t), void* arg);
template <class F>
void parallel_for(int64_t n, int64_t grain, F&& body) {
  parallel_for_raw(
      n, grain, [](void* a, int64_t b, int64_t e) { (*static_cast<std::remove_reference_t<F>*>(a))(b, e); }, &body);
}
}  // namespace dl
