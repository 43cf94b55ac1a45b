#include "kernels/cpu/few_numbers.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "kernels/cpu/views.h"

namespace dl {
namespace {

constexpr int64_t kBlock = 1024;  // numbers between two looks at whether a difference has been found

template <class T>
bool is_nan(T v) {
  if constexpr (std::is_floating_point_v<T>)
    return v != v;
  else
    return false;
}
bool is_nan(f16 v) { return (v.bits & 0x7fff) > 0x7c00; }
bool is_nan(bf16 v) { return (v.bits & 0x7fff) > 0x7f80; }
template <class T>
bool is_nan(std::complex<T> v) {
  return v.real() != v.real() || v.imag() != v.imag();
}

template <class T>
bool same_block(int64_t n, const T* a, const T* b, bool equal_nan) {
  bool differ = false;
  for (int64_t i = 0; i < n; i++) differ |= !(load(a + i) == load(b + i));
  if (!differ || !equal_nan) return !differ;
  for (int64_t i = 0; i < n; i++)
    if (!(load(a + i) == load(b + i)) && !(is_nan(a[i]) && is_nan(b[i]))) return false;
  return true;
}

}  // namespace

bool same_numbers(const View& given, const View& other, bool equal_nan) {
  Temp ka, kb;
  const int64_t n = given.numel();
  if (n == 0) return true;
  const View a = as_contiguous(given, ka), b = as_contiguous(other, kb);
  std::atomic<bool> same{true};
  with_any_type(a.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for((n + kBlock - 1) / kBlock, 64, [&](int64_t first, int64_t end) {
      for (int64_t i = first * kBlock; i < std::min(n, end * kBlock); i += kBlock) {
        if (!same.load(std::memory_order_relaxed)) return;
        const int64_t count = std::min(kBlock, n - i);
        if (!same_block(count, a.ptr<const T>() + i, b.ptr<const T>() + i, equal_nan))
          same.store(false, std::memory_order_relaxed);
      }
    });
  });
  return same;
}

Tensor different_numbers(const View& x) {
  const int64_t n = x.numel();
  Temp keep;
  const View all = temp_view(x.shape, x.dtype, keep);
  copy_view(all, x);
  Tensor made;
  with_type(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *first = all.ptr<T>(), *end = first + n;
    std::stable_sort(first, end, [](const T& a, const T& b) {  // a NaN is less than none, and none less than it but NaN
      return load(&a) < load(&b) || (is_nan(b) && !is_nan(a));
    });
    end = std::unique(first, end,
                      [](const T& a, const T& b) { return load(&a) == load(&b) || (is_nan(a) && is_nan(b)); });
    made = make_tensor(Shape{end - first}, x.dtype);
    std::memcpy(made->data(), first, size_t(end - first) * sizeof(T));
  });
  return made;
}

template <class T>
static Tensor middle_of(const View& x, DType dtype) {
  const int64_t n = x.numel();
  T few[kFewNumbers];
  copy_view(View{few, dtype, x.shape, contiguous_strides(x.shape)}, x);
  Tensor made = make_tensor(Shape{}, dtype);
  T& middle = *static_cast<T*>(made->data());
  for (int64_t i = 0; i < n; i++)
    if (few[i] != few[i]) {
      middle = few[i];
      return made;
    }
  T* high = few + n / 2;
  std::nth_element(few, high, few + n);
  middle = *high;
  if (n % 2) return made;
  const T low = *std::max_element(few, high);
  if (low != middle) middle = low + (middle - low) * T(0.5);
  return made;
}

Tensor middle_number(const View& x) {
  return x.dtype == DType::F64 ? middle_of<double>(x, DType::F64) : middle_of<float>(x, DType::F32);
}

}  // namespace dl
