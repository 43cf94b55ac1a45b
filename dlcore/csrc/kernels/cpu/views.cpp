#include "kernels/cpu/views.h"

#include <cstring>

#include "kernels/cpu/copy.h"
#include "tensor/fault.h"

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
  int64_t zero[2] = {0, 0};  // of any dtype
  Dims none = dst.strides;
  for (int64_t& s : none) s = 0;
  copy_view(dst, View{zero, dst.dtype, dst.shape, none});
}

void throw_no_complex(DType t) {
  throw InternalError(std::string("a kernel of real numbers was given ") + dtype_name(t));
}

View part_view(const View& v, int part) {
  View p = v;
  p.dtype = real_of(v.dtype);
  p.data = v.ptr<char>() + part * int64_t(itemsize(p.dtype));
  for (int64_t& s : p.strides) s *= 2;
  return p;
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
