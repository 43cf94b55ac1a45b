// Products with a matrix in compressed sparse rows: values `data`, their columns `indices`, and where each row begins,
// `indptr`. Three products that are each other's gradients: with a dense matrix, transposed, and sampled at the values'
// places. Threads share rows or columns of the result, so sums do not depend on them.
#include <algorithm>

#include "kernels/cpu/index.h"

namespace dl {
namespace {

struct Csr {
  int64_t rows, columns, count;
  const int64_t *at, *begin;
};

// The matrix whose arrays are inputs `indices` and `indices` + 1, checked before memory is touched.
Csr read_csr(const KernelCall& c, int indices, int64_t columns, int64_t count, Temp& ki, Temp& kp) {
  View at = checked_indices(c, c.in[indices], 1, columns, ki), ptr = as_contiguous(c.in[indices + 1], DType::I64, kp);
  Csr m{ptr.numel() - 1, columns, at.numel(), at.ptr<const int64_t>(), ptr.ptr<const int64_t>()};
  std::string name = c.op->name.substr(c.op->name[0] == '_');
  if (m.count != count)
    throw ValueError(format("%s: expected as many values as column indices, got %lld and %lld", name.c_str(),
                            (long long)count, (long long)m.count));
  bool good = m.begin[0] == 0 && m.begin[m.rows] == m.count;
  for (int64_t r = 0; good && r < m.rows; r++) good = m.begin[r] <= m.begin[r + 1];
  if (!good)
    throw ValueError(name + format(": indptr must rise from 0 to the number of values, %lld", (long long)m.count));
  return m;
}

template <class F>
void with_sums(DType t, F&& f) {
  with_type(sum_type(t), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Compute<T>> && !std::is_same_v<T, bool>) f(tag);
  });
}

// The output in the type sums are made in.
struct Target {
  View view;
  const View& out;
  Temp keep;
  bool direct;
  explicit Target(const View& o) : out(o) {
    DType t = sum_type(o.dtype);
    direct = o.dtype == t && is_contiguous(o.shape, o.strides);
    view = direct ? o : temp_view(o.shape, t, keep);
  }
  void finish() {
    if (!direct) copy_view(out, view);
  }
};

int64_t grain_for(int64_t work, int64_t parts) {
  return std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, work / std::max<int64_t>(1, parts)));
}

// Inputs (data, indices, indptr, x): y[r] = sum of data * x[column] over row r.
DL_KERNEL("csr_dot", [](const KernelCall& c) {
  Temp ki, kp, kd, kx;
  Target y(c.out[0]);
  Csr m = read_csr(c, 1, c.in[3].shape[0], c.in[0].numel(), ki, kp);
  View data = as_contiguous(c.in[0], y.view.dtype, kd), x = as_contiguous(c.in[3], y.view.dtype, kx);
  int64_t n = c.in[3].shape[1];
  with_sums(c.out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *d = data.ptr<const T>(), *from = x.ptr<const T>();
    T* to = y.view.template ptr<T>();
    parallel_for(m.rows, grain_for(m.count * n, m.rows), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; r++) {
        T* row = to + r * n;
        std::fill(row, row + n, T(0));
        for (int64_t k = m.begin[r]; k < m.begin[r + 1]; k++) {
          const T* s = from + m.at[k] * n;
          T v = d[k];
          for (int64_t j = 0; j < n; j++) row[j] = T(row[j] + v * s[j]);
        }
      }
    });
  });
  y.finish();
});

// Inputs (data, indices, indptr, g, x for its shape): y[column] += data * g[r] for every value of row r.
DL_KERNEL("csr_dot_t", [](const KernelCall& c) {
  Temp ki, kp, kd, kg;
  Target y(c.out[0]);
  Csr m = read_csr(c, 1, c.out[0].shape[0], c.in[0].numel(), ki, kp);
  View data = as_contiguous(c.in[0], y.view.dtype, kd), g = as_contiguous(c.in[3], y.view.dtype, kg);
  int64_t n = c.in[3].shape[1];
  fill_zero(y.view);
  with_sums(c.out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *d = data.ptr<const T>(), *from = g.ptr<const T>();
    T* to = y.view.template ptr<T>();
    int64_t width = std::max<int64_t>(1, std::min<int64_t>(n, 32)), blocks = (n + width - 1) / width;
    parallel_for(blocks, grain_for(m.count * n, blocks), [&](int64_t b, int64_t e) {
      int64_t first = b * width, last = std::min(n, e * width);
      for (int64_t r = 0; r < m.rows; r++)
        for (int64_t k = m.begin[r]; k < m.begin[r + 1]; k++) {
          T* row = to + m.at[k] * n;
          const T* s = from + r * n;
          T v = d[k];
          for (int64_t j = first; j < last; j++) row[j] = T(row[j] + v * s[j]);
        }
    });
  });
  y.finish();
});

// Inputs (a, b, indices, indptr): for every place (r, column) the product of row r of a with row `column` of b.
DL_KERNEL("csr_sampled", [](const KernelCall& c) {
  Temp ki, kp, ka, kb;
  Target y(c.out[0]);
  Csr m = read_csr(c, 2, c.in[1].shape[0], c.in[2].numel(), ki, kp);
  View a = as_contiguous(c.in[0], y.view.dtype, ka), b = as_contiguous(c.in[1], y.view.dtype, kb);
  int64_t n = c.in[0].shape[1];
  with_sums(c.out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *pa = a.ptr<const T>(), *pb = b.ptr<const T>();
    T* to = y.view.template ptr<T>();
    parallel_for(m.rows, grain_for(m.count * n, m.rows), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++)
        for (int64_t k = m.begin[r]; k < m.begin[r + 1]; k++) {
          T sum = T(0);
          for (int64_t j = 0; j < n; j++) sum = T(sum + pa[r * n + j] * pb[m.at[k] * n + j]);
          to[k] = sum;
        }
    });
  });
  y.finish();
});

void need_csr(InferCall& c, int indices) {
  for (int i = indices; i < indices + 2; i++) need_integers(c, i);
  if (c.in[indices].shape.n != 1 || c.in[indices + 1].shape.n != 1 || c.in[indices + 1].shape[0] < 1)
    throw ValueError(std::string(c.name()) + ": indices and indptr must have one axis, got " +
                     to_string(c.in[indices].shape) + " and " + to_string(c.in[indices + 1].shape));
}
void need_matrix(InferCall& c, int input, int64_t rows) {
  const Shape& s = c.in[input].shape;
  if (s.n != 2 || (rows >= 0 && s[0] != rows))
    throw ValueError(std::string(c.name()) + ": expected a matrix" +
                     (rows >= 0 ? " with " + std::to_string(rows) + " rows" : std::string()) + ", got shape " +
                     to_string(s));
}

DL_INFER("csr_dot", [](InferCall& c) {
  need_csr(c, 1);
  need_matrix(c, 3, -1);
  c.out[0].shape = Shape{c.in[2].shape[0] - 1, c.in[3].shape[1]};
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});
DL_INFER("csr_dot_t", [](InferCall& c) {
  need_csr(c, 1);
  need_matrix(c, 3, c.in[2].shape[0] - 1);
  need_matrix(c, 4, -1);
  if (c.in[4].shape[1] != c.in[3].shape[1])
    throw ValueError(std::string(c.name()) + ": expected matrices with as many columns each, got " +
                     to_string(c.in[3].shape) + " and " + to_string(c.in[4].shape));
  c.out[0].shape = c.in[4].shape;
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});
DL_INFER("csr_sampled", [](InferCall& c) {
  need_csr(c, 2);
  need_matrix(c, 0, c.in[3].shape[0] - 1);
  need_matrix(c, 1, -1);
  if (c.in[0].shape[1] != c.in[1].shape[1])
    throw ValueError(std::string(c.name()) + ": expected matrices with as many columns each, got " +
                     to_string(c.in[0].shape) + " and " + to_string(c.in[1].shape));
  c.out[0].shape = c.in[2].shape;
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
