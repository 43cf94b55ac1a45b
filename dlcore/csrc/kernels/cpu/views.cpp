#include "kernels/cpu/views.h"

#include <cstring>

#include "kernels/cpu/copy.h"

namespace dl {

void copy_view(const View& dst, const View& src) {
  if (dst.numel()) strided_copy(dst, src);
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
