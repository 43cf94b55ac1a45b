// Kernels of the reductions: sum, mean, prod, max, min, any, all and sum_to.
#include <algorithm>
#include <atomic>
#include <limits>

#include "kernels/cpu/complex_math.h"
#include "kernels/cpu/copy.h"
#include "kernels/cpu/reduce_plan.h"
#include "kernels/cpu/views.h"
#include "runtime/pool.h"

namespace dl {
namespace {

enum class Kind { Sum, Mean, Prod, Max, Min, Any, All, Norm, Var };

ReduceOp op_of(Kind kind) {
  switch (kind) {
    case Kind::Prod: return ReduceOp::Prod;
    case Kind::Max:
    case Kind::Any: return ReduceOp::Max;
    case Kind::Min:
    case Kind::All: return ReduceOp::Min;
    default: return ReduceOp::Sum;
  }
}

DType accumulator(Kind kind, DType in, DType out) {
  switch (kind) {
    case Kind::Any:
    case Kind::All: return DType::U8;
    case Kind::Norm:
    case Kind::Var: return is_float(in) && in != DType::F64 ? DType::F32 : DType::F64;
    case Kind::Mean:
      if (!is_float(in) && itemsize(in) <= 4) return is_signed_int(in) ? DType::I64 : DType::U64;  // exactly
      return is_float(in) && in != DType::F64 ? DType::F32 : DType::F64;
    case Kind::Max:
    case Kind::Min:
      if (in == DType::Bool) return DType::U8;
      if (is_float(in)) return in == DType::F64 ? DType::F64 : DType::F32;
      if (in == DType::U64) return DType::U64;
      return in == DType::I64 || in == DType::U32 ? DType::I64 : DType::I32;
    default:
      if (is_float(in) || is_float(out)) return in == DType::F64 || out == DType::F64 ? DType::F64 : DType::F32;
      return is_unsigned_int(out) ? DType::U64 : DType::I64;
  }
}

ReduceType reduce_type(DType acc) {
  switch (acc) {
    case DType::F32: return ReduceType::F32;
    case DType::F64: return ReduceType::F64;
    case DType::I32: return ReduceType::I32;
    case DType::I64: return ReduceType::I64;
    case DType::U64: return ReduceType::U64;
    default: return ReduceType::U8;
  }
}

void fill(const View& out, double value) { strided_copy(out, View{&value, DType::F64, Shape(), Dims()}); }

// What a reduction of nothing gives.
void reduce_nothing(Kind kind, const View& out, const char* name, const Shape& shape) {
  switch (kind) {
    case Kind::Max:
    case Kind::Min:
      throw ValueError(format("%s: zero-size array of shape %s has no identity", name, to_string(shape).c_str()));
    case Kind::Var:
    case Kind::Mean: return fill(out, std::numeric_limits<double>::quiet_NaN());
    default: return fill(out, kind == Kind::Prod || kind == Kind::All ? 1.0 : 0.0);
  }
}

bool all_finite(const View& x) {
  Temp keep;
  View y = as_contiguous(x, DType::F32, keep);
  const uint32_t* bits = y.ptr<const uint32_t>();
  std::atomic<bool> finite{true};
  parallel_for(y.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    uint32_t found = 0;  // an exponent of ones, plus one, carries into the sign
    for (int64_t i = begin; i < end; i++) found |= (bits[i] & 0x7f800000u) + 0x00800000u;
    if (found >> 31) finite = false;
  });
  return finite;
}

// The squares of distances from zero, or from the mean, which is taken first.
void run_squares(Reduction r, Kind kind, double ddof) {
  r.squares = true;
  r.root = kind == Kind::Norm;
  if (kind == Kind::Norm) return run_reduction(r);
  Temp keep;
  Reduction mean = r;
  mean.squares = false;
  mean.divide = double(r.reduced.count());
  mean.out = temp_view(Shape{r.kept.count()}, r.acc, keep);
  int64_t step = 1;
  for (int i = r.kept.n - 1; i >= 0; i--) {
    mean.kept.out[i] = step;
    step *= r.kept.shape[i];
  }
  run_reduction(mean);
  r.centres = keep.data();
  r.divide = std::max(mean.divide - ddof, 0.0);
  run_reduction(r);
}

void run(const Reduction& r, Kind kind, double ddof) {
  if (kind == Kind::Norm || kind == Kind::Var) return run_squares(r, kind, ddof);
  run_reduction(r);
}

// `ddof`: of the variance only.
void reduce(Kind kind, const char* name, const View& in, const View& out, uint32_t mask, const Dims& out_strides,
            double ddof = 0) {
  if (out.numel() == 0) return;
  if (in.numel() == 0) return reduce_nothing(kind, out, name, in.shape);
  Reduction r;
  r.op = op_of(kind);
  r.acc = accumulator(kind, in.dtype, out.dtype);
  r.type = reduce_type(r.acc);
  r.read = r.acc == DType::U8 ? DType::Bool : r.acc;  // only truth values are accumulated in bytes
  r.in = in;
  r.out = out;
  split_axes(r, mask, out_strides);
  if (kind == Kind::Mean) r.divide = double(r.reduced.count());
  run(r, kind, ddof);
  // On the way to a number of single precision a sum may pass its range: then it is taken in double precision.
  if (r.op == ReduceOp::Sum && r.acc == DType::F32 && in.dtype != DType::F16 && !all_finite(out)) {
    r.acc = r.read = DType::F64;
    r.type = ReduceType::F64;
    run(r, kind, ddof);
  }
}

// Sums of complex numbers are sums of their parts, which lie along one more axis: f(real input, real output).
View with_parts(const View& v) {
  View r = part_view(v, 0);
  r.shape.push(2);
  r.strides.push(1);
  return r;
}
template <class F>
void each_part(const View& in, const View& out, F&& f) {
  if (in.shape.n < kMaxDims) return f(with_parts(in), with_parts(out));
  Temp keep;
  View sums = temp_view(out.shape, real_of(out.dtype), keep);
  for (int part = 0; part < 2; part++) {
    f(part_view(in, part), sums);
    copy_view(part_view(out, part), sums);
  }
}

// One multiplication after the other, in the input's order.
template <class T>
void multiply_all(const View& in, const View& out, const Dims& out_strides) {
  using C = std::complex<T>;
  Dims none = out.strides;
  for (int64_t& s : none) s = 0;
  C one(1);
  copy_view(out, View{&one, out.dtype, out.shape, none});
  for (int64_t i = 0, n = in.numel(); i < n; i++) {
    C& total = out.ptr<C>()[offset_of(i, in.shape, out_strides)];
    total = c_mul(total, in.ptr<const C>()[offset_of(i, in.shape, in.strides)]);
  }
}

template <Kind K>
void reduce_kernel(const KernelCall& c) {
  const View& in = c.in[0];
  uint32_t mask = axis_mask(*find_attr(c, "axis"), in.shape.n, c.op->name.c_str());
  bool keepdims = int_attr(c, "keepdims", 0) != 0;
  if (is_complex(in.dtype)) {
    const View& out = c.out[0];
    if (K == Kind::Any || K == Kind::All) {
      Temp keep;
      View truth = as_contiguous(in, DType::Bool, keep);
      return reduce(K, c.op->name.c_str(), truth, out, mask, strides_along_input(out, in.shape.n, mask, keepdims));
    }
    if (K == Kind::Prod) {
      Dims strides = strides_along_input(out, in.shape.n, mask, keepdims);
      return in.dtype == DType::C64 ? multiply_all<float>(in, out, strides) : multiply_all<double>(in, out, strides);
    }
    return each_part(in, out, [&](const View& x, const View& y) {
      reduce(K, c.op->name.c_str(), x, y, mask, strides_along_input(y, x.shape.n, mask, keepdims));
    });
  }
  reduce(K, c.op->name.c_str(), in, c.out[0], mask, strides_along_input(c.out[0], in.shape.n, mask, keepdims),
         float_attr(c, "ddof", 0));
}

// The reverse of a broadcast: leading axes and those that had size 1 are added up.
void sum_to_shape(const char* name, const View& in, const View& out) {
  int lead = in.shape.n - out.shape.n;
  uint32_t mask = 0;
  Dims strides;
  for (int i = 0; i < in.shape.n; i++) {
    bool reduced = i < lead || (out.shape[i - lead] == 1 && in.shape[i] != 1);
    if (reduced) mask |= 1u << i;
    strides.push(reduced ? 0 : out.strides[i - lead]);
  }
  reduce(Kind::Sum, name, in, out, mask, strides);
}
void sum_to(const KernelCall& c) {
  const char* name = c.op->name.c_str();
  if (!is_complex(c.in[0].dtype)) return sum_to_shape(name, c.in[0], c.out[0]);
  each_part(c.in[0], c.out[0], [&](const View& x, const View& y) { sum_to_shape(name, x, y); });
}

// How many elements a reduction over `axis` adds up, as a number of the output's dtype.
void axis_size(const KernelCall& c) {
  const Shape& shape = c.in[0].shape;
  uint32_t mask = axis_mask(*find_attr(c, "axis"), shape.n, c.op->name.c_str());
  int64_t n = 1;
  for (int i = 0; i < shape.n; i++)
    if (mask >> i & 1) n *= shape[i];
  fill(c.out[0], double(n));
}

DL_KERNEL("sum", reduce_kernel<Kind::Sum>);
DL_KERNEL("mean", reduce_kernel<Kind::Mean>);
DL_KERNEL("norm2", reduce_kernel<Kind::Norm>);
DL_KERNEL("var", reduce_kernel<Kind::Var>);
DL_KERNEL("prod", reduce_kernel<Kind::Prod>);
DL_KERNEL("max", reduce_kernel<Kind::Max>);
DL_KERNEL("min", reduce_kernel<Kind::Min>);
DL_KERNEL("any", reduce_kernel<Kind::Any>);
DL_KERNEL("all", reduce_kernel<Kind::All>);
DL_KERNEL("sum_to", sum_to);
DL_KERNEL("axis_size", axis_size);

}  // namespace
}  // namespace dl
