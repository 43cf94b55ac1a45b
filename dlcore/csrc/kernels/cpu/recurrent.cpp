// The steps of LSTM, GRU and plain recurrent layers, with their first and second derivatives.
//
// Samples do not depend on each other, so each thread takes its share of the batch through all steps; the weights are
// brought once into the layout that the step's product reads fastest. The weight gradient is one product at the end.
#include "kernels/cpu/recurrent.h"
#include "kernels/cpu/need_shape.h"

#include <algorithm>

#include "kernels/cpu/dual.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa/recurrent.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/panels.h"

namespace dl {
namespace {

// ---- the product of one step, C (m, n) = A (m, k) B with the same B every time ----

// B (k, n) with element strides `row` and `col`.
template <class S>
struct StepProduct {
  int64_t k, n, row, col;
  const S* b;
  void prepare() {}
  void run(const S* a, int64_t m, S* c, Soon<S>, Soon<S>) const {
    if constexpr (std::is_floating_point_v<S>) {
      gemm<S>(m, n, k, {a, k, 1}, {b, row, col}, {c, n, 1});
    } else {
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
          S sum(0);
          for (int64_t p = 0; p < k; p++) sum += a[i * k + p] * b[p * row + j * col];
          c[i * n + j] = sum;
        }
    }
  }
};

template <>
struct StepProduct<float> {
  int64_t k, n, row, col;
  const float* b;
  Temp packed{};
  void prepare() {
    packed = Temp(size_t(packed_size(k, n)) * sizeof(float));
    pack_panels({b, row, col}, k, n, packed.ptr<float>());
  }
  void run(const float* a, int64_t m, float* c, Soon<float> x, Soon<float> y) const {
    auto stream = [](Soon<float> s) {
      return PanelStream{s.at, kStreamWidth, s.count / kStreamWidth, s.count < kStreamWidth ? 0 : 1};
    };
    PanelBeside beside{{stream(x), stream(y)}};
    multiply_packed(m, n, k, {a, k, 1}, packed.ptr<float>(), c, n, PanelStart::zero, nullptr,
                    x.count + y.count ? &beside : nullptr);
  }
};

// f(first, last, product) for every share of the batch.
template <class S, class F>
void for_shares(const Sequence& q, StepProduct<S> product, F&& f) {
  double work = double(q.steps) * double(q.batch) * double(q.width()) * double(q.hidden);
  int64_t shares = work < 1 << 16 ? 1 : std::min<int64_t>(num_threads(), q.batch);
  int64_t block = (q.batch + shares - 1) / shares, count = (q.batch + block - 1) / block;
  product.prepare();
  parallel_for(count, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++)
      f(i * block, std::min(q.batch, (i + 1) * block),
        [&](const S* a, int64_t m, S* c, Soon<S> x = {}, Soon<S> y = {}) { product.run(a, m, c, x, y); });
  });
}

// ---- both ways for any number type ----

template <class T>
struct Plain {  // functions of dual numbers
  static Dual<T> sigmoid(const Dual<T>& x) { return dl::sigmoid(x); }
  static Dual<T> tanh(const Dual<T>& x) { return dl::tanh(x); }
  static bool positive(const Dual<T>& x) { return x.v > T(0); }
};
const RecurrentRows<float>& rows_of(float) { return pick_recurrent_table()->f32; }
const RecurrentRows<double>& rows_of(double) { return pick_recurrent_table()->f64; }
template <class T>
const RecurrentRows<Dual<T>>& rows_of(Dual<T>) {
  static constexpr RecurrentRows<Dual<T>> rows = recurrent_rows<Dual<T>, Plain<T>>();
  return rows;
}

template <class S>
void forward(const Sequence& q, const Run<S>& r) {
  for_shares<S>(q, {q.hidden, q.width(), 1, q.hidden, r.w}, [&](int64_t first, int64_t last, auto&& product) {
    run_steps(q, rows_of(S()), r, first, last, product);
  });
}
template <class S>
void backward(const Sequence& q, const Run<S>& r, const Back<S>& d) {
  for_shares<S>(q, {q.width(), q.hidden, q.hidden, 1, r.w}, [&](int64_t first, int64_t last, auto&& product) {
    run_steps_back(q, rows_of(S()), r, d, first, last, product);
  });
}

// ---- arrays ----

// The arrays of a call as row-major memory of T, and results copied to where they belong.
template <class T>
class Arrays {
 public:
  explicit Arrays(DType t) : type_(t) {}
  const T* in(const KernelCall& c, int i) {
    if (!c.present(i)) return nullptr;
    keep_.emplace_back();
    return as_contiguous(c.in[i], type_, keep_.back()).template ptr<const T>();
  }
  T* out(const View& v) {
    if (v.dtype == type_ && is_contiguous(v.shape, v.strides)) return v.ptr<T>();
    keep_.emplace_back();
    made_.push_back({v, temp_view(v.shape, type_, keep_.back())});
    return made_.back().second.template ptr<T>();
  }
  T* room(int64_t n) {
    keep_.emplace_back(size_t(n) * sizeof(T));
    return keep_.back().template ptr<T>();
  }
  void finish() {
    for (auto& [to, from] : made_) copy_view(to, from);
  }

 private:
  DType type_;
  std::vector<Temp> keep_;
  std::vector<std::pair<View, View>> made_;
};

template <Cell cell>
constexpr int kStates = cell == Cell::lstm ? 2 : 1;
template <Cell cell>
constexpr int kSaved = cell == Cell::lstm || cell == Cell::gru ? 1 : 0;

template <class Call>
Sequence sequence(const Call& c, Cell cell, const Shape& xw, const Shape& w, const Shape& b, const Shape& h0) {
  if (cell == Cell::tanh && int_attr(c, "relu", 0)) cell = Cell::relu;
  Sequence q{cell, int_attr(c, "reverse", 0) != 0, 0, 0, 0};
  std::string op = c.op->name;
  if (w.n != 2) throw ValueError(op + ": expected weight (gates * hidden, hidden), got shape " + to_string(w));
  q.hidden = w[1];
  if (w[0] != q.width())
    throw ValueError(op + ": expected weight (" + std::to_string(q.width()) + ", " + std::to_string(q.hidden) +
                     "), got shape " + to_string(w));
  if (xw.n != 3 || xw[2] != q.width())
    throw ValueError(op + ": expected inputs (steps, batch, " + std::to_string(q.width()) + "), got shape " +
                     to_string(xw));
  q.steps = xw[0], q.batch = xw[1];
  if (b != Shape{q.width()})
    throw ValueError(op + ": expected bias (" + std::to_string(q.width()) + ",), got shape " + to_string(b));
  if (h0 != Shape{q.batch, q.hidden})
    throw ValueError(op + ": expected states " + to_string(Shape{q.batch, q.hidden}) + ", got shape " + to_string(h0));
  return q;
}
template <Cell cell>
Sequence sequence(const KernelCall& c) {
  return sequence(c, cell, c.in[0].shape, c.in[1].shape, c.in[2].shape, c.in[3].shape);
}

template <Cell cell, class T>
Run<T> inputs(const KernelCall& c, Arrays<T>& a) {
  Run<T> r{a.in(c, 0), a.in(c, 1), a.in(c, 2), a.in(c, 3), nullptr, nullptr, nullptr, nullptr};
  if (cell == Cell::lstm) r.c0 = a.in(c, 4);
  return r;
}

bool nothing(const KernelCall& c, const Sequence& q) {
  if (q.steps && q.batch && q.hidden) return false;
  for (int i = 0; i < c.nout; i++) fill_zero(c.out[i]);
  return true;
}

// Inputs (xw, w, b, h0[, c0]), outputs (y[, cs][, saved]).
template <Cell cell>
void steps(const KernelCall& c) {
  Sequence q = sequence<cell>(c);
  if (nothing(c, q)) return;
  DType t = compute_type(c.out[0].dtype);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    Arrays<T> a(t);
    Run<T> r = inputs<cell>(c, a);
    r.y = a.out(c.out[0]);
    if (cell == Cell::lstm) r.cs = a.out(c.out[1]);
    if (kSaved<cell>) r.saved = a.out(c.out[c.nout - 1]);
    forward(q, r);
    a.finish();
  });
}

// ---- the weight gradient: the sum over all steps of dhh^T h_prev, and over dhh itself ----

void add_product(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c, bool add) {
  panel_product(m, n, k, {a, 1, m}, {b, n, 1}, c, n, nullptr, add);
}
void add_product(int64_t m, int64_t n, int64_t k, const double* a, const double* b, double* c, bool add) {
  gemm<double>(m, n, k, {a, 1, m}, {b, n, 1}, {c, n, 1}, add);
}

template <class T>
void weight_gradients(const Sequence& q, const Run<T>& r, const T* dhh, T* dw) {
  int64_t g = q.width(), h = q.hidden, rest = (q.steps - 1) * q.batch, first = q.reverse ? q.steps - 1 : 0;
  if (rest > 0) {
    const T* later = dhh + (q.reverse ? 0 : q.batch * g);
    const T* before = r.y + (q.reverse ? q.batch * h : 0);
    add_product(g, h, rest, later, before, dw, false);
  }
  add_product(g, h, q.batch, dhh + first * q.batch * g, r.h0, dw, rest > 0);
}
template <class T>
void weight_gradients(const Sequence& q, const Run<Dual<T>>& r, const Dual<T>* dhh, Dual<T>* dw) {
  int64_t g = q.width(), h = q.hidden;
  for (int64_t k = 0; k < q.steps; k++)
    for (int64_t i = 0; i < q.batch; i++) {
      const Dual<T>* from = dhh + (q.at(k) * q.batch + i) * g;
      const Dual<T>* state = k ? r.y + (q.at(k - 1) * q.batch + i) * h : r.h0 + i * h;
      for (int64_t j = 0; j < g; j++)
        for (int64_t p = 0; p < h; p++) dw[j * h + p] += from[j] * state[p];
    }
}

// The gradient of the bias: `each` holds that of every sample.
template <class S>
void bias_gradient(const Sequence& q, const S* each, S* db) {
  std::fill(db, db + q.width(), S(0));
  for (int64_t i = 0; i < q.batch; i++) rows_of(S()).add(q.width(), each + i * q.width(), db);
}

// Inputs (xw, w, b, h0[, c0], y[, cs][, saved], gy[, gcs]), outputs (dxw, dw, db, dh0[, dc0]).
template <Cell cell>
void steps_grad(const KernelCall& c) {
  Sequence q = sequence<cell>(c);
  if (nothing(c, q)) return;
  DType t = compute_type(c.out[0].dtype);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    Arrays<T> a(t);
    constexpr int made = 3 + kStates<cell>, given = made + kStates<cell> + kSaved<cell>;
    Run<T> r = inputs<cell>(c, a);
    r.y = const_cast<T*>(a.in(c, made));
    if (cell == Cell::lstm) r.cs = const_cast<T*>(a.in(c, made + 1));
    if (kSaved<cell>) r.saved = const_cast<T*>(a.in(c, given - 1));
    Back<T> d{a.in(c, given),
              cell == Cell::lstm ? a.in(c, given + 1) : nullptr,
              a.out(c.out[0]),
              nullptr,
              a.out(c.out[3]),
              cell == Cell::lstm ? a.out(c.out[4]) : nullptr,
              a.room(q.batch * q.width())};
    d.dhh = cell == Cell::gru ? a.room(q.steps * q.batch * q.width()) : d.dx;
    std::fill(d.db, d.db + q.batch * q.width(), T(0));
    backward(q, r, d);
    weight_gradients(q, r, d.dhh, a.out(c.out[1]));
    bias_gradient(q, d.db, a.out(c.out[2]));
    a.finish();
  });
}

// ---- second derivatives ----

// Inputs (xw, w, b, h0[, c0], gy[, gcs], and for each of the first a direction v), outputs: the derivative along v of
// the gradient by each of them, then that of y[, cs].
template <Cell cell>
void steps_grad2(const KernelCall& c) {
  Sequence q = sequence<cell>(c);
  if (nothing(c, q)) return;
  DType t = compute_type(c.out[0].dtype);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    using S = Dual<T>;
    Arrays<T> a(t);
    constexpr int n_in = 3 + kStates<cell>, n_g = kStates<cell>;
    int64_t g = q.width(), h = q.hidden, all = q.steps * q.batch,
            size[5] = {all * g, g * h, g, q.batch * h, q.batch * h};
    std::vector<S> in[5], grad[5];
    for (int i = 0; i < n_in; i++) {
      in[i] = dual_array(a.in(c, i), a.in(c, n_in + n_g + i), size[i]);
      grad[i].resize(size_t(size[i]));
    }
    std::vector<S> y(static_cast<size_t>(all * h)), cs(y.size()), saved(size_t(all * q.saved())), dhh,
        each(size_t(q.batch * g));
    Run<S> r{in[0].data(), in[1].data(), in[2].data(), in[3].data(), in[4].data(), y.data(), cs.data(), saved.data()};
    forward(q, r);
    auto gy = dual_array<T>(a.in(c, n_in), nullptr, all * h),
         gcs = dual_array<T>(n_g > 1 ? a.in(c, n_in + 1) : nullptr, nullptr, all * h);
    if (cell == Cell::gru) dhh.resize(size_t(all * g));
    Back<S> d{gy.data(),      gcs.data(),
              grad[0].data(), cell == Cell::gru ? dhh.data() : grad[0].data(),
              grad[3].data(), cell == Cell::lstm ? grad[4].data() : nullptr,
              each.data()};
    backward(q, r, d);
    weight_gradients(q, r, d.dhh, grad[1].data());
    bias_gradient(q, d.db, grad[2].data());
    for (int i = 0; i < n_in; i++) slopes_of(grad[i], a.out(c.out[i]));
    slopes_of(y, a.out(c.out[n_in]));
    if (n_g > 1) slopes_of(cs, a.out(c.out[n_in + 1]));
    a.finish();
  });
}

DL_KERNEL("lstm_steps", steps<Cell::lstm>);
DL_KERNEL("gru_steps", steps<Cell::gru>);
DL_KERNEL("rnn_steps", steps<Cell::tanh>);
DL_KERNEL("lstm_steps_grad", steps_grad<Cell::lstm>);
DL_KERNEL("gru_steps_grad", steps_grad<Cell::gru>);
DL_KERNEL("rnn_steps_grad", steps_grad<Cell::tanh>);
DL_KERNEL("lstm_steps_grad2", steps_grad2<Cell::lstm>);
DL_KERNEL("gru_steps_grad2", steps_grad2<Cell::gru>);
DL_KERNEL("rnn_steps_grad2", steps_grad2<Cell::tanh>);

// ---- shapes ----

template <Cell cell>
Sequence checked(const InferCall& c) {
  Sequence q = sequence(c, cell, c.in[0].shape, c.in[1].shape, c.in[2].shape, c.in[3].shape);
  if (cell == Cell::lstm && c.in[4].shape != c.in[3].shape)
    throw ValueError(std::string(c.name()) + ": expected cell states " + to_string(c.in[3].shape) + ", got shape " +
                     to_string(c.in[4].shape));
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  return q;
}
template <Cell cell>
void infer_steps(InferCall& c) {
  Sequence q = checked<cell>(c);
  for (auto& m : c.out) m.shape = Shape{q.steps, q.batch, q.hidden};
  if (kSaved<cell>) c.out[c.out.size() - 1].shape = Shape{q.steps, q.batch, q.saved()};
}
template <Cell cell>
void infer_grad(InferCall& c) {
  Sequence q = checked<cell>(c);
  constexpr int n_in = 3 + kStates<cell>;
  Shape line{q.steps, q.batch, q.hidden};
  int at = n_in;
  if (c.out.size() == n_in) {  // the first gradient: the outputs, then their gradients
    for (int i = 0; i < kStates<cell>; i++) need_shape(c, at++, line);
    if (kSaved<cell>) need_shape(c, at++, Shape{q.steps, q.batch, q.saved()});
  }
  for (int i = 0; i < kStates<cell>; i++) need_shape(c, at++, line);
  if (c.out.size() > n_in)  // the second one: a direction for each input
    for (int i = 0; i < n_in; i++) need_shape(c, at++, c.in[i].shape);
  for (size_t i = 0; i < c.out.size(); i++)
    c.out[i].shape = i < 3 + kStates<cell> ? c.in[i].shape : Shape{q.steps, q.batch, q.hidden};
}
DL_INFER("lstm_steps", infer_steps<Cell::lstm>);
DL_INFER("gru_steps", infer_steps<Cell::gru>);
DL_INFER("rnn_steps", infer_steps<Cell::tanh>);
DL_INFER("lstm_steps_grad", infer_grad<Cell::lstm>);
DL_INFER("gru_steps_grad", infer_grad<Cell::gru>);
DL_INFER("rnn_steps_grad", infer_grad<Cell::tanh>);

// Stands for a derivative that is not known: asking for it is an error, not a wrong zero.
DL_INFER("no_gradient", [](InferCall& c) {
  if (!int_attr(c, "known", 0))
    throw RuntimeError("the operator whose gradient was asked for here has no derivative of that order (shape " +
                       to_string(c.in[0].shape) + ")");
  c.out[0].shape = c.in[0].shape;
});

}  // namespace
}  // namespace dl
