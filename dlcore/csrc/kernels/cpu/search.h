// Searches in ordered vectors, many side by side.
#pragma once
#include <algorithm>
#include <cstdint>

namespace dl {

constexpr int kTogether = 16;  // searches of which none waits for the memory of another

// How many of `m` ordered numbers, none of them NaN, stand before each of `count`; with `Right` also those that equal
// it. Every search takes the same number of steps, and none guesses where it will go.
template <bool Right, class T>
void search_ordered(const T* ordered, int64_t m, const T* x, int64_t count, int64_t* to) {
  auto goes_on = [](T here, T v) { return Right ? !(v < here) : here < v; };
  for (int64_t i = 0; i < count; i += kTogether) {
    const int64_t here = std::min<int64_t>(kTogether, count - i);
    const T* at[kTogether];
    T v[kTogether];
    for (int j = 0; j < kTogether; j++) at[j] = ordered, v[j] = x[i + std::min<int64_t>(j, here - 1)];
    for (int64_t left = m; left > 1; left -= left / 2)
      for (int j = 0; j < kTogether; j++) at[j] += -int64_t(goes_on(at[j][left / 2 - 1], v[j])) & (left / 2);
    for (int64_t j = 0; j < here; j++) to[i + j] = at[j] - ordered + (m && goes_on(*at[j], v[j]));
  }
}

}  // namespace dl
