// Where the extremes of lines and columns are. Include only from files of this folder.
#pragma once
#include "kernels/cpu/isa/reduce_ops.h"
#include "kernels/cpu/isa/vec.h"

namespace dl {
namespace DL_ISA {
namespace {

// Vectors of accumulators, each lane with the number of the row that it came from, as wide as the elements. Of equal
// ones the first stays. NaN is left out here, and seen in the largest magnitude: where there is one, it is looked for.
template <ReduceOp Op, class T, int Vectors>
struct Places {
  using V = Vec<T>;
  using B = Vec<Bits<T>>;
  static constexpr int kLane = int(lanes<T>()), kWidth = Vectors * kLane;
  V best[Vectors];
  B at[Vectors];
  B size[Vectors];

  template <class X>
  static DL_MEMBER auto beats(X v, X b) {
    if constexpr (Op == ReduceOp::Max)
      return v > b;
    else
      return v < b;
  }
  DL_MEMBER void clear() {
#pragma GCC unroll 4
    for (int i = 0; i < Vectors; i++) best[i] = V{} + identity<Op, T>(), at[i] = size[i] = B{};
  }
  DL_MEMBER void take(const T* x, Bits<T> number) {
#pragma GCC unroll 4
    for (int i = 0; i < Vectors; i++) take_one(i, vec_load<V>(x + i * kLane), number);
  }
  DL_MEMBER void take_one(int i, V v, Bits<T> number) {
    auto better = beats(v, best[i]);
    best[i] = better ? v : best[i];
    at[i] = better ? B{} + number : at[i];
    if constexpr (std::is_floating_point_v<T>) {
      B b = reinterpret_cast<B>(v) & std::numeric_limits<Bits<T>>::max();
      size[i] = b > size[i] ? b : size[i];
    }
  }
  // Fewer than kWidth elements.
  DL_MEMBER void take_rest(const T* x, int64_t n, Bits<T> number) {
    T rest[kWidth];
    for (int k = 0; k < kWidth; k++) rest[k] = identity<Op, T>();
    __builtin_memcpy(rest, x, size_t(n) * sizeof(T));
    take(rest, number);
  }

  // The first extreme of all lanes, counted in elements; -1 where there is a NaN. The elements of row `last` lie `back`
  // before where they would.
  DL_MEMBER int64_t fold(Bits<T> last, Bits<T> back) {
    B lane;
    for (int k = 0; k < kLane; k++) lane[k] = k;
#pragma GCC unroll 4
    for (int i = 0; i < Vectors; i++) {
      B place = at[i] * kWidth + (lane + i * kLane) - (at[i] == last ? B{} + back : B{});
      if (i == 0) {
        at[0] = place;
        continue;
      }
      auto better = beats(best[i], best[0]) | ((best[i] == best[0]) & (place < at[0]));
      best[0] = better ? best[i] : best[0];
      at[0] = better ? place : at[0];
      size[0] = size[i] > size[0] ? size[i] : size[0];
    }
    T value[kLane], extreme;
    Bits<T> place[kLane], sizes[kLane], largest = 0, found = std::numeric_limits<Bits<T>>::max();
    vec_store(value, best[0]);
    vec_store(place, at[0]);
    vec_store(sizes, size[0]);
    extreme = value[0];
    if constexpr (Op == ReduceOp::Max) {
#pragma omp simd reduction(max : extreme)
      for (int k = 0; k < kLane; k++) extreme = value[k] > extreme ? value[k] : extreme;
    } else {
#pragma omp simd reduction(min : extreme)
      for (int k = 0; k < kLane; k++) extreme = value[k] < extreme ? value[k] : extreme;
    }
#pragma omp simd reduction(min : found) reduction(max : largest)
    for (int k = 0; k < kLane; k++) {
      Bits<T> here = value[k] == extreme ? place[k] : std::numeric_limits<Bits<T>>::max();
      found = here < found ? here : found;
      largest = sizes[k] > largest ? sizes[k] : largest;
    }
    return largest > kInfBits<T> && std::is_floating_point_v<T> ? -1 : found;
  }
};

// Whether one of the largest magnitudes, as bits, is that of a NaN.
template <class T>
DL_INLINE bool saw_nan(Vec<Bits<T>> sizes) {
  if constexpr (!std::is_floating_point_v<T>) return false;
  Bits<T> size[lanes<T>()], largest = 0;
  vec_store(size, sizes);
#pragma omp simd reduction(max : largest)
  for (int k = 0; k < int(lanes<T>()); k++) largest = size[k] > largest ? size[k] : largest;
  return largest > kInfBits<T>;
}

template <class T>
int64_t first_nan(int64_t n, const T* x, int64_t stride) {
  int64_t i = 0;
  while (i < n && x[i * stride] == x[i * stride]) i++;
  return i;
}

constexpr int64_t kMostRows = int64_t(1) << 24;  // of one go: elements are then counted in 32 bits

// The first extreme of one line; a NaN before all others.
template <ReduceOp Op, class T>
int64_t find_line(int64_t n, const T* x) {
  using Four = Places<Op, T, 4>;
  constexpr int64_t width = Four::kWidth;
  int64_t found = 0;
  for (int64_t first = 0; first < n; first += kMostRows * width) {
    int64_t m = n - first < kMostRows * width ? n - first : kMostRows * width, i = 0;
    const T* part = x + first;
    Four places;
    places.clear();
    for (; i + width <= m; i += width) places.take(part + i, Bits<T>(i / width));
    Bits<T> last = Bits<T>(i / width), back = 0;
    if (i < m && m >= width) {  // some elements twice, which changes nothing
      places.take(part + m - width, last);
      back = Bits<T>(i + width - m);
    } else if (i < m) {
      places.take_rest(part, m, 0);
    }
    int64_t at = places.fold(last, back);
    if (at < 0) return first + first_nan(m, part, 1);
    if (first == 0 || Four::beats(part[at], x[found])) found = first + at;
  }
  return found;
}

template <ReduceOp Op, class T>
void find_lines(int64_t count, int64_t n, const void* px, int64_t* out) {
  const T* x = static_cast<const T*>(px);
  for (int64_t k = 0; k < count; k++) out[k] = find_line<Op, T>(n, x + k * n);
}

// As many columns as `Vectors` hold, or fewer.
template <ReduceOp Op, class T, int Vectors>
DL_INLINE void find_strip(int64_t rows, int64_t n, const T* x, int64_t stride, int64_t* out) {
  using Strip = Places<Op, T, Vectors>;
  Strip places;
  places.clear();
  Bits<T> at[Strip::kWidth], size[Strip::kWidth];
  for (int64_t base = 0; base < rows; base += kMostRows) {
    int64_t end = rows - base < kMostRows ? rows : base + kMostRows;
    for (int i = 0; i < Vectors && base; i++) places.at[i] = typename Strip::B{} - 1;
    if (n == Strip::kWidth) {
      for (int64_t r = base; r < end; r++) places.take(x + r * stride, Bits<T>(r - base));
    } else {
      for (int64_t r = base; r < end; r++) places.take_rest(x + r * stride, n, Bits<T>(r - base));
    }
    __builtin_memcpy(at, places.at, sizeof at);
    for (int64_t k = 0; k < n; k++)
      if (at[k] >= 0) out[k] = base + at[k];
  }
  if constexpr (std::is_floating_point_v<T>) {
    __builtin_memcpy(size, places.size, sizeof size);
    for (int64_t k = 0; k < n; k++)
      if (size[k] > kInfBits<T>) out[k] = first_nan(rows, x + k, stride);
  }
}

// Each column for itself, a NaN in one of them too: strips of vectors that stay in registers.
template <ReduceOp Op, class T>
void find_near_rows(int64_t rows, int64_t n, const T* x, int64_t stride, int64_t* out) {
  constexpr int64_t narrow = lanes<T>(), wide = 4 * narrow;
  int64_t i = 0;
  for (; i + wide <= n; i += wide) find_strip<Op, T, 4>(rows, wide, x + i, stride, out + i);
  for (; i + narrow <= n; i += narrow) find_strip<Op, T, 1>(rows, narrow, x + i, stride, out + i);
  if (i < n && n > narrow) i = n - narrow;  // some columns twice, so that all strips are whole
  if (i < n) find_strip<Op, T, 1>(rows, n - i, x + i, stride, out + i);
}

// Rows that no cache keeps until the next strip: as many columns at once as the first-level cache holds accumulators
// of. A NaN is only noticed; then the columns are looked at once more.
template <ReduceOp Op, class T>
void find_far_rows(int64_t rows, int64_t n, const T* x, int64_t stride, int64_t* out) {
  using One = Places<Op, T, 1>;
  constexpr int64_t lane = One::kWidth, most = 16384 / int64_t(sizeof(T));
  T best[most];
  Bits<T> at[most];
  for (; n >= lane; n -= most, x += most, out += most) {
    const int64_t m = n < most ? n : most;
    for (int64_t i = 0; i < m; i++) best[i] = identity<Op, T>(), at[i] = 0;
    One one;
    one.clear();
    auto take = [&](int64_t r, auto rows_at_once) {
      for (int64_t i = 0; i < m; i += lane) {
        if (i + lane > m) i = m - lane;  // some columns twice, which changes nothing
        one.best[0] = vec_load<typename One::V>(best + i);
        one.at[0] = vec_load<typename One::B>(at + i);
#pragma GCC unroll 8
        for (int k = 0; k < decltype(rows_at_once)::value; k++) one.take(x + (r + k) * stride + i, Bits<T>(r + k));
        vec_store(best + i, one.best[0]);
        vec_store(at + i, one.at[0]);
      }
    };
    int64_t r = 0;
    for (; r + 8 <= rows; r += 8) take(r, std::integral_constant<int, 8>());
    for (; r < rows; r++) take(r, std::integral_constant<int, 1>());
    if (saw_nan<T>(one.size[0])) {
      find_near_rows<Op, T>(rows, m, x, stride, out);
      continue;
    }
    for (int64_t i = 0; i < m; i++) out[i] = at[i];
  }
  if (n > 0) find_near_rows<Op, T>(rows, n, x, stride, out);
}

template <ReduceOp Op, class T>
void find_rows(int64_t rows, int64_t n, const void* px, int64_t stride, int64_t* out) {
  const T* x = static_cast<const T*>(px);
  const int64_t far = stride * int64_t(sizeof(T));
  if (far >= 2048 && rows * far > (2 << 20) && rows < kMostRows && n >= 4 * lanes<T>())
    find_far_rows<Op, T>(rows, n, x, stride, out);
  else
    find_near_rows<Op, T>(rows, n, x, stride, out);
}

}  // namespace
}  // namespace DL_ISA
}  // namespace dl
