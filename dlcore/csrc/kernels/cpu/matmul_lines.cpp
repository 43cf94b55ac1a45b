// Products of one row or one column: all the time goes into reading, for which others pack too much.
#include <algorithm>

#include "kernels/cpu/isa/gemv.h"
#include "kernels/cpu/matmul.h"

namespace dl {
namespace {

int64_t row_stride(const View& v) { return v.strides[v.strides.n - 2]; }
int64_t col_stride(const View& v) { return v.strides[v.strides.n - 1]; }

// What is left of a product with one row and one column: lines times lines. Long ones are cut, and the parts' sums
// added in double, the same on any number of threads.
bool dot_products(const Product& p, const View& out) {
  bool plain = p.a.dtype == DType::F32 && p.b.dtype == DType::F32 && out.dtype == DType::F32 && p.m == 1 && p.n == 1 &&
               !p.bias && is_contiguous(out.shape, out.strides);
  if (!plain || col_stride(p.a) != 1 || row_stride(p.b) != 1 || p.k < 32) return false;
  constexpr int64_t kPart = 16 * 1024, kGrain = 1 << 17;
  const int64_t batch = numel(p.batch), parts = (p.k + kPart - 1) / kPart;
  Dims as = p.a.strides, bs = p.b.strides;
  as.n -= 2, bs.n -= 2;
  Temp keep(size_t(batch * parts) * sizeof(float));
  float* part = keep.ptr<float>();
  parallel_for(batch * parts, kGrain / std::min(p.k, kPart) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      int64_t z = u / parts, at = u % parts * kPart, n = std::min(kPart, p.k - at);
      part[u] = pick_gemv_table()->dot(n, p.a.ptr<const float>() + offset_of(z, p.batch, as) + at,
                                       p.b.ptr<const float>() + offset_of(z, p.batch, bs) + at);
    }
  });
  for (int64_t z = 0; z < batch; z++) {
    double sum = 0;
    for (int64_t i = 0; i < parts; i++) sum += double(part[z * parts + i]);
    out.ptr<float>()[z] = float(sum);
  }
  return true;
}

// One row times a matrix, or a matrix times one column, where the matrix is read along k.
bool one_line(const Product& p, const View& out) {
  bool plain = p.a.dtype == DType::F32 && p.b.dtype == DType::F32 && out.dtype == DType::F32 &&
               (p.m == 1 || (p.n == 1 && !p.bias)) && numel(p.batch) == 1 && p.a.shape.n == 2 && p.b.shape.n == 2 &&
               is_contiguous(out.shape, out.strides);
  if (!plain || row_stride(p.b) != 1 || col_stride(p.a) != 1 || p.k < 32) return false;
  const bool row = p.m == 1;
  const View &line = row ? p.a : p.b, &matrix = row ? p.b : p.a;
  const int64_t step = row ? col_stride(p.b) : row_stride(p.a);
  if (step < p.k) return false;
  Temp keep;
  const float* bias = p.bias ? as_contiguous(*p.bias, DType::F32, keep).ptr<const float>() : nullptr;
  const float *x = line.ptr<const float>(), *w = matrix.ptr<const float>();
  float* y = out.ptr<float>();
  int64_t grain = std::max<int64_t>(4, (1 << 16) / p.k);
  parallel_for(row ? p.n : p.m, (grain + 3) / 4 * 4, [&](int64_t b, int64_t e) {
    pick_gemv_table()->rows(w + b * step, step, e - b, p.k, x, y + b);
    for (int64_t i = b; i < e && bias; i++) y[i] += bias[i];
  });
  return true;
}

}  // namespace

bool line_product(const Product& p, const View& out) { return dot_products(p, out) || one_line(p, out); }

constexpr int64_t kTinyProduct = 1000;  // multiplications done before oneDNN would have found its primitive

bool tiny_product(const Product& p, const View& out) {
  bool plain = p.a.dtype == DType::F32 && p.b.dtype == DType::F32 && out.dtype == DType::F32 && out.shape.n == 2 &&
               p.a.shape.n == 2 && p.b.shape.n == 2;
  if (!plain || p.m * p.n * p.k > kTinyProduct || (p.bias && (p.bias->dtype != DType::F32 || p.bias->shape.n != 1)))
    return false;
  const float *a = p.a.ptr<const float>(), *b = p.b.ptr<const float>();
  int64_t ar = row_stride(p.a), ac = col_stride(p.a), br = row_stride(p.b), bc = col_stride(p.b);
  for (int64_t i = 0; i < p.m; i++)
    for (int64_t j = 0; j < p.n; j++) {
      float sum = 0;
      for (int64_t k = 0; k < p.k; k++) sum += a[i * ar + k * ac] * b[k * br + j * bc];
      if (p.bias) sum += p.bias->ptr<const float>()[p.bias->shape[0] == 1 ? 0 : j * p.bias->strides[0]];
      out.ptr<float>()[i * out.strides[0] + j * out.strides[1]] = sum;
    }
  return true;
}

}  // namespace dl
