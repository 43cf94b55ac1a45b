#include "kernels/cpu/views.h"

#include <algorithm>
#include <cstring>

namespace dl {
namespace {

// Axes in order of the destination's strides, neighbours merged where both sides allow it: a walk in memory order.
struct Walk {
  int n = 0;
  int64_t size[kMaxDims], dst[kMaxDims], src[kMaxDims];

  Walk(const Shape& shape, const Dims& d, const Dims& s) {
    int order[kMaxDims], k = 0;
    for (int i = 0; i < shape.n; i++)
      if (shape[i] != 1) order[k++] = i;
    auto mag = [](int64_t v) { return v < 0 ? -v : v; };
    std::stable_sort(order, order + k, [&](int a, int b) { return mag(d[a]) > mag(d[b]); });
    for (int i = 0; i < k; i++) {
      int a = order[i];
      if (n && dst[n - 1] == d[a] * shape[a] && src[n - 1] == s[a] * shape[a]) {
        size[n - 1] *= shape[a];
        dst[n - 1] = d[a];
        src[n - 1] = s[a];
      } else {
        size[n] = shape[a];
        dst[n] = d[a];
        src[n++] = s[a];
      }
    }
    if (n == 0) size[0] = 1, dst[0] = src[0] = 0, n = 1;
  }
};

template <class D, class S>
inline void convert(D* d, const S* s) {
  if constexpr (std::is_same_v<D, S>)
    *d = *s;
  else
    store(d, load(s));
}

template <class D, class S>
void copy_row(D* d, int64_t ds, const S* s, int64_t ss, int64_t n) {
  if (ds == 1 && ss == 1) {
    if constexpr (std::is_same_v<D, S>) {
      std::memcpy(d, s, size_t(n) * sizeof(D));
    } else {
      for (int64_t i = 0; i < n; i++) convert(d + i, s + i);
    }
  } else {
    for (int64_t i = 0; i < n; i++) convert(d + i * ds, s + i * ss);
  }
}

template <class D, class S>
void copy_walk(const Walk& w, D* dst, const S* src) {
  int last = w.n - 1;
  int64_t rows = 1, inner = w.size[last];
  for (int i = 0; i < last; i++) rows *= w.size[i];
  if (rows == 1) {
    parallel_for(inner, 1 << 15, [&](int64_t b, int64_t e) {
      copy_row(dst + b * w.dst[last], w.dst[last], src + b * w.src[last], w.src[last], e - b);
    });
    return;
  }
  int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, inner));
  parallel_for(rows, grain, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) {
      int64_t q = r, od = 0, os = 0;
      for (int i = last - 1; i >= 0; i--) {
        int64_t k = q % w.size[i];
        q /= w.size[i];
        od += k * w.dst[i];
        os += k * w.src[i];
      }
      copy_row(dst + od, w.dst[last], src + os, w.src[last], inner);
    }
  });
}

}  // namespace

void copy_view(const View& dst, const View& src) {
  if (dst.numel() == 0) return;
  Walk w(dst.shape, dst.strides, src.strides);
  if (dst.dtype == src.dtype) {
    with_size(dst.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      copy_walk(w, dst.ptr<T>(), src.ptr<const T>());
    });
    return;
  }
  with_type(dst.dtype, [&](auto td) {
    with_type(src.dtype, [&](auto ts) {
      copy_walk(w, dst.ptr<typename decltype(td)::type>(), src.ptr<const typename decltype(ts)::type>());
    });
  });
}

void fill_zero(const View& dst) {
  if (dst.numel() == 0) return;
  if (is_dense(dst.shape, dst.strides)) {
    char* p = dst.ptr<char>();
    parallel_for(dst.numel() * int64_t(itemsize(dst.dtype)), 1 << 17,
                 [&](int64_t b, int64_t e) { std::memset(p + b, 0, size_t(e - b)); });
    return;
  }
  int64_t zero = 0;
  Dims none = dst.strides;
  for (int64_t& s : none) s = 0;
  copy_view(dst, View{&zero, dst.dtype, dst.shape, none});
}

View temp_view(const Shape& shape, const Dims& strides, DType dtype, Temp& keep) {
  keep = Temp(size_t(numel(shape)) * itemsize(dtype));
  return View{keep.data(), dtype, shape, strides};
}

View as_contiguous(const View& v, DType dtype, Temp& keep) {
  if (v.dtype == dtype && is_contiguous(v.shape, v.strides)) return v;
  View r = temp_view(v.shape, dtype, keep);
  copy_view(r, v);
  return r;
}

}  // namespace dl
