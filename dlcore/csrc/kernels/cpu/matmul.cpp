// Matrix products: "matmul" (batched, any strides), and what "dense" (dense.cpp) shares with it.
//
// float32 goes through our own panels, bfloat16 through our own pairs or oneDNN, float16 through float32, float64 and
// integers through our own gemm. The product is cut into blocks of C that run on our own pool; where they are cut does
// not depend on threads, so results do not either.
#include "kernels/cpu/matmul.h"

#include <algorithm>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/pairs.h"
#include "tensor/fault.h"

namespace dl {

using namespace onednn;

namespace {

int64_t row_stride(const View& v) { return v.strides[v.strides.n - 2]; }
int64_t col_stride(const View& v) { return v.strides[v.strides.n - 1]; }
Dims batch_strides(const View& v) {
  Dims d = v.strides;
  d.n -= 2;
  return d;
}

// A matrix that oneDNN can read: one stride 1, the other at least the length of a line. Strides of length-1 axes are
// free and get tidy values here.
bool plain_matrix(int64_t rows, int64_t cols, int64_t& rs, int64_t& cs) {
  if (cols == 1 && rs == 1 && rows > 1)
    rs = 1, cs = rows;  // a column is read as a row-major line of the transpose
  else if (cols == 1)
    cs = 1;
  if (rows == 1 && cs == 1) rs = cols;
  if (rows == 1 && cs != 1 && cols > 1) rs = 1;
  return (cs == 1 && rs >= cols) || (rs == 1 && cs >= rows);
}

// ---- oneDNN ----

struct MatmulPlan : Plan {
  using Plan::Plan;
  bool usable = false;
  int64_t bm = 0, bn = 0;            // block of C
  std::unique_ptr<Prim> prim[2][2];  // [last rows][last columns]: edge blocks are smaller
};

constexpr int64_t kPieces = 32;     // more do not help the threads of any machine of today
constexpr double kPiece = 1 << 21;  // multiplications that are worth a call

// Cuts C so that many threads have work, the same way for any number of them: how oneDNN sums over k may follow from
// the size of a block. Splitting the columns leaves A shared and splits the packing of B; tall products are split by
// rows.
void choose_blocks(const Product& p, int64_t batch, int64_t& bm, int64_t& bn) {
  bm = p.m, bn = p.n;
  double work = double(p.m) * double(p.n) * double(p.k);
  int64_t parts = (std::min(kPieces, int64_t(work * double(batch) / kPiece)) + batch - 1) / batch;
  if (parts <= 1) return;
  auto cut = [](int64_t size, int64_t parts, int64_t unit) {
    int64_t block = (size + parts - 1) / parts;
    return std::min(size, (block + unit - 1) / unit * unit);
  };
  if (row_stride(p.b) == 1 && p.n > 1 && p.m >= 16 * parts && batch == 1) {
    bm = cut(p.m, parts, 8);  // B is read along k already: whole columns of it are cheap to read twice
  } else if (p.n >= p.m) {
    bn = cut(p.n, parts, 16);
    int64_t have = (p.n + bn - 1) / bn;
    if (have < parts) bm = cut(p.m, (parts + have - 1) / have, 8);
  } else {
    bm = cut(p.m, parts, 8);
    int64_t have = (p.m + bm - 1) / bm;
    if (have < parts) bn = cut(p.n, (parts + have - 1) / have, 16);
  }
}

std::unique_ptr<Prim> make_prim(const Product& p, int64_t m, int64_t n, DType t, int64_t ars, int64_t acs, int64_t brs,
                                int64_t bcs, int64_t crs) {
  OmpThreads omp(1);
  using D = dnnl::memory::dims;
  auto dt = data_type(t);
  Desc a(D{m, p.k}, dt, D{ars, acs}), b(D{p.k, n}, dt, D{brs, bcs}), c(D{m, n}, data_type(p.c.dtype), D{crs, 1});
  auto attr = scratchpad_attr();
  Desc bias = p.bias ? Desc(D{1, n}, dt, D{n, 1}) : Desc();
  using Matmul = dnnl::matmul;
  auto pd = p.bias ? Matmul::primitive_desc(onednn::engine(), a, b, bias, c, attr)
                   : Matmul::primitive_desc(onednn::engine(), a, b, c, attr);
  return std::make_unique<Prim>(
      Matmul(pd),
      std::initializer_list<Arg>{{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}, {DNNL_ARG_BIAS, bias}},
      pd.scratchpad_desc());
}

bool run_onednn(const KernelCall& call, const Product& p, DType t) {
  int64_t ars = row_stride(p.a), acs = col_stride(p.a), brs = row_stride(p.b), bcs = col_stride(p.b),
          crs = row_stride(p.c);
  if (!plain_matrix(p.m, p.k, ars, acs) || !plain_matrix(p.k, p.n, brs, bcs) || col_stride(p.c) != 1) return false;
  if (p.m == 1) crs = p.n;
  int64_t batch = numel(p.batch);
  Key key(16);
  for (int64_t v :
       {int64_t(t), int64_t(p.c.dtype), batch, p.m, p.n, p.k, ars, acs, brs, bcs, crs, int64_t(p.bias != nullptr)})
    key.add(v);
  auto plan = plan_for<MatmulPlan>(call, key, [&](const Key& made_for) {
    auto made = std::make_shared<MatmulPlan>(made_for);
    choose_blocks(p, batch, made->bm, made->bn);
    int64_t last_m = p.m % made->bm ? p.m % made->bm : made->bm, last_n = p.n % made->bn ? p.n % made->bn : made->bn;
    try {
      for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
          if ((i == 0 || last_m != made->bm) && (j == 0 || last_n != made->bn))
            made->prim[i][j] = make_prim(p, i ? last_m : made->bm, j ? last_n : made->bn, t, ars, acs, brs, bcs, crs);
      made->usable = true;
    } catch (const dnnl::error& e) {
      if (e.status == dnnl_out_of_memory) throw OutOfMemory("matmul: oneDNN is out of memory");
    }
    return made;
  });
  if (!plan->usable) return false;
  int64_t mb = (p.m + plan->bm - 1) / plan->bm, nb = (p.n + plan->bn - 1) / plan->bn;
  int64_t size = int64_t(itemsize(t)), c_size = int64_t(itemsize(p.c.dtype));
  double work = double(plan->bm) * double(plan->bn) * double(p.k);
  Dims as = batch_strides(p.a), bs = batch_strides(p.b), cs = batch_strides(p.c);
  parallel_for(batch * mb * nb, std::max<int64_t>(1, int64_t((1 << 17) / work)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t z = i / (mb * nb), y = i / nb % mb, x = i % nb;
      const auto& edge = plan->prim[plan->prim[1][0] && y == mb - 1][plan->prim[0][1] && x == nb - 1];
      const char* bias = p.bias ? p.bias->ptr<const char>() + x * plan->bn * size : nullptr;
      edge->run({p.a.ptr<const char>() + (offset_of(z, p.batch, as) + y * plan->bm * ars) * size,
                 p.b.ptr<const char>() + (offset_of(z, p.batch, bs) + x * plan->bn * bcs) * size,
                 p.c.ptr<const char>() + (offset_of(z, p.batch, cs) + y * plan->bm * crs + x * plan->bn) * c_size,
                 bias});
    }
  });
  return true;
}

// ---- our own kernels ----

// run(where a, b and c begin) for each product. Many products, or several small ones: each is made by one thread.
template <class Run>
void for_batch(const Product& p, Run&& run) {
  Dims as = batch_strides(p.a), bs = batch_strides(p.b), cs = batch_strides(p.c);
  int64_t batch = numel(p.batch);
  double work = double(p.m) * double(p.n) * double(p.k);
  auto some = [&](int64_t begin, int64_t end) {
    for (int64_t z = begin; z < end; z++)
      run(offset_of(z, p.batch, as), offset_of(z, p.batch, bs), offset_of(z, p.batch, cs));
  };
  if (batch < 2 * num_threads() && work >= 1 << 18) return some(0, batch);  // threads share each of them
  parallel_for(batch, std::max<int64_t>(1, int64_t((1 << 17) / work)), some);
}

void run_panels(const Product& p) {
  for_batch(p, [&](int64_t a, int64_t b, int64_t c) {
    panel_product(p.m, p.n, p.k, {p.a.ptr<const float>() + a, row_stride(p.a), col_stride(p.a)},
                  {p.b.ptr<const float>() + b, row_stride(p.b), col_stride(p.b)}, p.c.ptr<float>() + c, row_stride(p.c),
                  p.bias ? p.bias->ptr<const float>() : nullptr);
  });
}

// 16-bit floats, a block at a time.
void run_cast(const Product& p, const float* bias) {
  const DType a = p.a.dtype, b = p.b.dtype, c = p.c.dtype;
  for_batch(p, [&](int64_t x, int64_t y, int64_t z) {
    cast_product(p.m, p.n, p.k, {p.a.ptr<const char>() + x * int64_t(itemsize(a)), a, row_stride(p.a), col_stride(p.a)},
                 {p.b.ptr<const char>() + y * int64_t(itemsize(b)), b, row_stride(p.b), col_stride(p.b)},
                 p.c.ptr<char>() + z * int64_t(itemsize(c)), c, row_stride(p.c), bias);
  });
}

constexpr int64_t kFewRows = 4;  // do not pay for packing

bool suits_pairs(const Product& p) { return has_pairs() && p.m >= kFewRows; }

void run_pairs(const Product& p) {
  Temp keep;
  const float* bias = p.bias ? as_contiguous(*p.bias, DType::F32, keep).ptr<const float>() : nullptr;
  const bool whole = p.c.dtype == DType::F32;
  for_batch(p, [&](int64_t a, int64_t b, int64_t c) {
    const PairResult to{whole ? nullptr : p.c.ptr<uint16_t>() + c, whole ? p.c.ptr<float>() + c : nullptr,
                        row_stride(p.c)};
    pair_product(p.m, p.n, p.k, {p.a.ptr<const uint16_t>() + a, row_stride(p.a), col_stride(p.a)},
                 {p.b.ptr<const uint16_t>() + b, row_stride(p.b), col_stride(p.b)}, to, bias);
  });
}

template <class T>
void run_gemm(const Product& p) {
  Dims as = batch_strides(p.a), bs = batch_strides(p.b), cs = batch_strides(p.c);
  parallel_for(numel(p.batch), 1, [&](int64_t begin, int64_t end) {
    for (int64_t z = begin; z < end; z++) {
      T* c = p.c.ptr<T>() + offset_of(z, p.batch, cs);
      gemm<T>(p.m, p.n, p.k, {p.a.ptr<const T>() + offset_of(z, p.batch, as), row_stride(p.a), col_stride(p.a)},
              {p.b.ptr<const T>() + offset_of(z, p.batch, bs), row_stride(p.b), col_stride(p.b)},
              {c, row_stride(p.c), col_stride(p.c)});
      for (int64_t i = 0; i < p.m && p.bias; i++)
        for (int64_t j = 0; j < p.n; j++) {
          T& v = c[i * row_stride(p.c) + j * col_stride(p.c)];
          v = T(v + p.bias->ptr<const T>()[j]);
        }
    }
  });
}

// ---- common ----

// Batch axes folded into the rows where B is the same for all of them: one large product instead of many small ones.
void fold_batch(Product& p) {
  int64_t ar = row_stride(p.a), cr = row_stride(p.c), a_span = p.m * ar, c_span = p.m * cr;
  for (int i = p.batch.n - 1; i >= 0; i--) {
    if (p.batch[i] == 1) continue;
    if (p.b.strides[i] != 0 || p.a.strides[i] != a_span || p.c.strides[i] != c_span) return;
    a_span *= p.batch[i];
    c_span *= p.batch[i];
  }
  p.m *= numel(p.batch);
  p.batch = Shape{};
  p.a.strides = Dims{ar, col_stride(p.a)};
  p.b.strides = Dims{row_stride(p.b), col_stride(p.b)};
  p.c.strides = Dims{cr, col_stride(p.c)};
}

void operand(View& v, DType t, Temp& keep) {
  if (v.dtype != t) v = as_contiguous(v, t, keep);
}

// Gives `v` batch axes that match `batch`.
void spread(View& v, const Shape& batch) {
  Shape full = batch;
  full.push(v.shape[v.shape.n - 2]);
  full.push(v.shape[v.shape.n - 1]);
  v.strides = broadcast_strides(v.shape, v.strides, full);
  for (int i = 0; i < batch.n; i++)
    if (batch[i] == 1) v.strides[i] = 0;
  // The matrix axes are never broadcast here, even when they have length 1.
  v.shape = full;
}

// `t` is what is computed in; operands of other dtypes are converted, and so is the result. False: bfloat16
// has no code on this processor.
bool multiply(const KernelCall& call, Product p, DType t, const View& out) {
  Temp ka, kb, kc, kbias, la, lb;
  operand(p.a, t, ka);
  operand(p.b, t, kb);
  View bias;
  if (p.bias) bias = as_contiguous(*p.bias, t, kbias), p.bias = &bias;
  const DType made = t == DType::BF16 && out.dtype == DType::F32 ? out.dtype : t;
  bool direct = out.dtype == made && is_contiguous(out.shape, out.strides);
  p.c = direct ? out : temp_view(out.shape, made, kc);
  if (direct) p.c.strides = contiguous_strides(out.shape);
  if (t == DType::BF16) {  // oneDNN wants one unit stride in each matrix
    int64_t rs = row_stride(p.a), cs = col_stride(p.a);
    if (!plain_matrix(p.m, p.k, rs, cs)) p.a = as_contiguous(p.a, t, la);
    rs = row_stride(p.b), cs = col_stride(p.b);
    if (!plain_matrix(p.k, p.n, rs, cs)) p.b = as_contiguous(p.b, t, lb);
  }
  spread(p.a, p.batch);
  spread(p.b, p.batch);
  spread(p.c, p.batch);
  fold_batch(p);
  if (t == DType::F32) {
    run_panels(p);
  } else if (t == DType::BF16) {
    if (suits_pairs(p))
      run_pairs(p);
    else if (!run_onednn(call, p, t))
      return false;
  } else if (t == DType::F64) {
    run_gemm<double>(p);
  } else {
    run_gemm<uint64_t>(p);
  }
  if (!direct) copy_view(out, View{p.c.data, made, out.shape, contiguous_strides(out.shape)});
  return true;
}

constexpr int64_t kSmallProduct = 1 << 17;  // numbers in a, b and c that may be copied

// The same of 16-bit floats that are computed in float32, without arrays of that.
bool multiply_halves(Product p, const View& out) {
  auto half = [](DType t) { return t == DType::F16 || t == DType::BF16; };
  auto real = [&](DType t) { return half(t) || t == DType::F32; };
  const bool some = half(p.a.dtype) || half(p.b.dtype) || half(out.dtype);
  if (p.a.numel() + p.b.numel() + out.numel() <= kSmallProduct) return false;
  if (!some || !real(p.a.dtype) || !real(p.b.dtype) || !is_contiguous(out.shape, out.strides)) return false;
  Temp keep;
  const float* bias = p.bias ? as_contiguous(*p.bias, DType::F32, keep).ptr<const float>() : nullptr;
  p.c = out;
  p.c.strides = contiguous_strides(out.shape);
  for (View* v : {&p.a, &p.b, &p.c}) spread(*v, p.batch);
  fold_batch(p);
  run_cast(p, bias);
  return true;
}

// (A + iB)(C + iD) = AC - BD + i(AD + BC), by four real products.
void multiply_complex(const KernelCall& call, const Product& p, const View& out) {
  DType t = real_of(out.dtype);
  Temp keep[6];
  View a[2], b[2], x = temp_view(out.shape, t, keep[4]), y = temp_view(out.shape, t, keep[5]);
  for (int i = 0; i < 2; i++) {
    a[i] = as_contiguous(part_view(p.a, i), t, keep[i]);
    b[i] = as_contiguous(part_view(p.b, i), t, keep[2 + i]);
  }
  for (int part = 0; part < 2; part++) {
    Product q = p;
    q.a = a[0], q.b = b[part];
    multiply(call, q, t, x);
    q.a = a[1], q.b = b[1 - part];
    multiply(call, q, t, y);
    auto add = [&](auto* to, const auto* from) {
      for (int64_t i = 0, n = out.numel(); i < n; i++) to[i] = part ? to[i] + from[i] : to[i] - from[i];
    };
    if (t == DType::F32)
      add(x.ptr<float>(), y.ptr<const float>());
    else
      add(x.ptr<double>(), y.ptr<const double>());
    copy_view(part_view(out, part), x);
  }
}

}  // namespace

void matrix_product(const KernelCall& c, const Product& p) {
  const View& out = c.out[0];
  if (out.numel() == 0) return;
  if (p.k == 0 && !p.bias) return fill_zero(out);
  if (p.k == 0) {
    View b = *p.bias;
    b.strides = broadcast_strides(b.shape, b.strides, out.shape);
    b.shape = out.shape;
    return copy_view(out, b);
  }
  if (tiny_product(p, out) || line_product(p, out)) return;
  DType t = out.dtype;
  if (is_complex(t)) return multiply_complex(c, p, out);
  if (is_float(t)) {
    bool sums = t == DType::F32 && p.a.dtype == DType::BF16 && p.b.dtype == DType::BF16;  // wanted unrounded
    if ((t == DType::BF16 || sums) && multiply(c, p, DType::BF16, out)) return;
    if (t != DType::F64 && multiply_halves(p, out)) return;
    multiply(c, p, t == DType::F64 ? DType::F64 : DType::F32, out);
  } else {
    multiply(c, p, DType::I64, out);  // wraps like the narrower type does; bool becomes "any"
  }
}

namespace {

template <class Call>
bool flag(const Call& c, const char* name) {
  return int_attr(c, name, 0) != 0;
}

// Shapes after the transposes; checks that they can be multiplied and returns the result's.
Shape matmul_shape(const std::string& op, const Shape& a, const Shape& b) {
  if (a.n < 2 || b.n < 2)
    throw ValueError(op + ": expected arrays of at least 2 dimensions, got " + to_string(a) + " and " + to_string(b));
  if (a[a.n - 1] != b[b.n - 2])
    throw ValueError(op + ": expected (..., " + std::to_string(a[a.n - 1]) + ") x (" + std::to_string(a[a.n - 1]) +
                     ", ...), got " + to_string(a) + " and " + to_string(b));
  Shape ab = a, bb = b;
  ab.n -= 2;
  bb.n -= 2;
  Shape out = broadcast_shapes(ab, bb, op.c_str());
  out.push(a[a.n - 2]);
  out.push(b[b.n - 1]);
  return out;
}

void matmul(const KernelCall& c) {
  Product p{};
  p.a = c.in[0];
  p.b = c.in[1];
  if (flag(c, "transpose_a")) swap_last(p.a.shape), swap_last(p.a.strides);
  if (flag(c, "transpose_b")) swap_last(p.b.shape), swap_last(p.b.strides);
  Shape out = matmul_shape(c.op->name, p.a.shape, p.b.shape);
  p.m = out[out.n - 2];
  p.n = out[out.n - 1];
  p.k = p.a.shape[p.a.shape.n - 1];
  p.batch = out;
  p.batch.n -= 2;
  matrix_product(c, p);
}
DL_KERNEL("matmul", matmul);

DL_INFER("matmul", [](InferCall& c) {
  Shape a = c.in[0].shape, b = c.in[1].shape;
  if (flag(c, "transpose_a") && a.n > 1) swap_last(a);
  if (flag(c, "transpose_b") && b.n > 1) swap_last(b);
  c.out[0].shape = matmul_shape(c.op->name, a, b);
  c.out[0].strides = contiguous_strides(c.out[0].shape);
});

}  // namespace
}  // namespace dl
