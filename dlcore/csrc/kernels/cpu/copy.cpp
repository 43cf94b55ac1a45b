// Copies with conversion and broadcasting, and arrays made from nothing.
#include <cmath>

#include "kernels/cpu/tile.h"
#include "runtime/pool.h"

namespace dl {
namespace {

TileType copy_type(DType from, DType to) {
  if (is_float(from) || is_float(to)) {
    bool wide = from == DType::F64 || to == DType::F64 || (is_float(to) && itemsize(from) == 8 && itemsize(to) == 8);
    return wide ? TileType::F64 : TileType::F32;
  }
  if (from == DType::U64) return TileType::U64;
  return itemsize(from) < 4 && itemsize(to) <= 4 ? TileType::I32 : TileType::I64;
}

const TileProgram& identity() {
  static const TileProgram* p = [] {
    auto* made = new TileProgram;
    made->n_in = 1;
    made->outs = {0};
    prepare(*made);
    return made;
  }();
  return *p;
}

void copy(const KernelCall& c) { run_tile(identity(), copy_type(c.in[0].dtype, c.out[0].dtype), c.in, c.out, 1); }

// A value at every element: a 0-d view broadcast over the output.
void fill(const View& out, double value) {
  View in{&value, DType::F64, Shape(), Dims()};
  View target = out;
  run_tile(identity(), copy_type(is_float(out.dtype) && out.dtype != DType::F64 ? DType::F32 : out.dtype, out.dtype), &in, &target, 1);
}

void zeros(const KernelCall& c) { fill(c.out[0], 0); }
void ones(const KernelCall& c) { fill(c.out[0], 1); }

// The value is the last input (full(value), full_like(x, value)).
void full(const KernelCall& c) {
  KernelCall one = c;
  one.in = c.in + c.nin - 1;
  one.nin = 1;
  copy(one);
}

template <class F>
void each(const View& out, F value) {  // value(i) for the flat index i, by way of a contiguous double block
  int64_t n = out.numel();
  std::vector<double> block(size_t(n), 0.0);
  parallel_for(n, 4096, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) block[size_t(i)] = value(i);
  });
  View in{block.data(), DType::F64, out.shape, contiguous_strides(out.shape)}, target = out;
  run_tile(identity(), TileType::F64, &in, &target, 1);
}

double attr(const KernelCall& c, const char* name) {
  const Attr& a = (*c.attrs)[size_t(c.op->attr_index(name))];
  return a.kind == Attr::Float ? a.f : double(a.i);
}

void arange(const KernelCall& c) {
  double start = attr(c, "start"), step = attr(c, "step");
  each(c.out[0], [=](int64_t i) { return start + double(i) * step; });
}

void eye(const KernelCall& c) {
  int64_t m = int64_t(attr(c, "m")), k = int64_t(attr(c, "k"));
  each(c.out[0], [=](int64_t i) { return i % m - i / m == k ? 1.0 : 0.0; });
}

DL_KERNEL("copy", copy);
DL_KERNEL("zeros", zeros);
DL_KERNEL("ones", ones);
DL_KERNEL("full", full);
DL_KERNEL("arange", arange);
DL_KERNEL("eye", eye);

}  // namespace
}  // namespace dl
