// Connectionist temporal classification (Graves et al., ICML 2006) over logarithms of probabilities: the loss, its
// gradient, and that gradient's own, by the forward-backward sums in log space and in double precision.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cpu/dual.h"
#include "kernels/cpu/need_shape.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// log(exp(a) + exp(b)).
template <class S>
S log_add(const S& a, const S& b) {
  using std::exp;
  using std::log;
  if (value_of(a) == kNever) return b;
  if (value_of(b) == kNever) return a;
  bool first = value_of(a) > value_of(b);
  const S &high = first ? a : b, &low = first ? b : a;
  return high + log(S(1) + exp(low - high));
}

// The same of three.
template <class S>
S log_add(const S& a, const S& b, const S& c) {
  using std::exp;
  using std::log;
  if (value_of(a) == kNever) return log_add(b, c);
  if (value_of(b) == kNever) return log_add(a, c);
  if (value_of(c) == kNever) return log_add(a, b);
  const S& ab = value_of(a) > value_of(b) ? a : b;
  const S& high = value_of(ab) > value_of(c) ? ab : c;
  return high + log(exp(a - high) + exp(b - high) + exp(c - high));
}

// One sample: lp(t, c) for t < steps, and the labels with blanks around them.
template <class S, class Read>
struct Sample {
  int64_t steps;
  std::vector<int64_t> path;  // blank, label, blank, ..., blank
  Read lp;

  int64_t states() const { return int64_t(path.size()); }
  // Whether a path may step over the blank before state s.
  bool skips(int64_t s) const { return s >= 2 && path[size_t(s)] != path[0] && path[size_t(s)] != path[size_t(s - 2)]; }

  // alpha(t, s): the sum over beginnings that end in state s at step t.
  std::vector<S> beginnings() const {
    int64_t n = states();
    std::vector<S> a(static_cast<size_t>(steps * n), S(kNever));
    a[0] = lp(0, path[0]);
    if (n > 1) a[1] = lp(0, path[1]);
    for (int64_t t = 1; t < steps; t++)
      for (int64_t s = 0; s < n; s++) {
        const S* before = &a[size_t((t - 1) * n)];
        S sum = skips(s) ? log_add(before[s], before[s - 1], before[s - 2])
                : s > 0  ? log_add(before[s], before[s - 1])
                         : before[s];
        if (value_of(sum) != kNever) a[size_t(t * n + s)] = sum + lp(t, path[size_t(s)]);
      }
    return a;
  }
  S total(const std::vector<S>& a) const {
    const S* end = &a[size_t((steps - 1) * states())];
    return states() > 1 ? log_add(end[states() - 1], end[states() - 2]) : end[0];
  }

  // add(t, c, share): the share of all paths that are in class c at step t.
  template <class Add>
  void shares(const std::vector<S>& a, const S& all, Add&& add) const {
    using std::exp;
    int64_t n = states();
    std::vector<S> b(static_cast<size_t>(n), S(kNever)), next = b;  // endings from state s after step t
    b[size_t(n - 1)] = S(0);
    if (n > 1) b[size_t(n - 2)] = S(0);
    for (int64_t t = steps - 1; t >= 0; t--) {
      for (int64_t s = 0; s < n; s++) {
        const S& begin = a[size_t(t * n + s)];
        if (value_of(begin) == kNever || value_of(b[size_t(s)]) == kNever) continue;
        add(t, path[size_t(s)], exp(begin + b[size_t(s)] - all));
      }
      if (t == 0) return;
      for (int64_t s = 0; s < n; s++) {
        auto through = [&](int64_t to) {
          const S& rest = b[size_t(to)];
          return value_of(rest) == kNever ? rest : rest + lp(t, path[size_t(to)]);
        };
        next[size_t(s)] = s + 2 < n && skips(s + 2) ? log_add(through(s), through(s + 1), through(s + 2))
                          : s + 1 < n               ? log_add(through(s), through(s + 1))
                                                    : through(s);
      }
      b.swap(next);
    }
  }
};

// The arrays of a call: lp (t, n, c), labels (n, l), lengths of both (n,), all checked.
struct Batch {
  int64_t steps, samples, classes, most, blank;
  const double* lp;
  const int64_t *labels, *steps_of, *labels_of;
  Temp keep[4];

  explicit Batch(const KernelCall& c) {
    const Shape& x = c.in[0].shape;
    steps = x[0], samples = x[1], classes = x[2], most = c.in[1].shape[1];
    blank = int_attr(c, "blank", 0);
    lp = as_contiguous(c.in[0], DType::F64, keep[0]).ptr<double>();
    labels = as_contiguous(c.in[1], DType::I64, keep[1]).ptr<int64_t>();
    steps_of = as_contiguous(c.in[2], DType::I64, keep[2]).ptr<int64_t>();
    labels_of = as_contiguous(c.in[3], DType::I64, keep[3]).ptr<int64_t>();
    for (int64_t i = 0; i < samples; i++) {
      if (steps_of[i] < 1 || steps_of[i] > steps)
        throw ValueError(format("ctc_loss: the length of sample %lld is %lld, expected 1 to %lld", (long long)i,
                                (long long)steps_of[i], (long long)steps));
      if (labels_of[i] < 0 || labels_of[i] > most)
        throw ValueError(format("ctc_loss: the label length of sample %lld is %lld, expected 0 to %lld", (long long)i,
                                (long long)labels_of[i], (long long)most));
      for (int64_t k = 0; k < labels_of[i]; k++) {
        int64_t v = labels[i * most + k];
        if (v < 0 || v >= classes || v == blank)
          throw IndexError(
              format("ctc_loss: label %lld of sample %lld is out of range for %lld classes with blank %lld",
                     (long long)v, (long long)i, (long long)classes, (long long)blank));
      }
    }
  }

  template <class S, class Read>
  Sample<S, Read> sample(int64_t i, Read read) const {
    std::vector<int64_t> path{blank};
    for (int64_t k = 0; k < labels_of[i]; k++) path.push_back(labels[i * most + k]), path.push_back(blank);
    return {steps_of[i], std::move(path), read};
  }
  int64_t at(int64_t t, int64_t i, int64_t c) const { return (t * samples + i) * classes + c; }
};

// Inputs (lp, labels, lengths, label lengths), output the loss (n,).
void ctc(const KernelCall& c) {
  Batch b(c);
  Temp keep;
  View loss = temp_view(Shape{b.samples}, DType::F64, keep);
  parallel_for(b.samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      auto s = b.sample<double>(i, [&b, i](int64_t t, int64_t k) { return b.lp[b.at(t, i, k)]; });
      loss.ptr<double>()[i] = -s.total(s.beginnings());
    }
  });
  copy_view(c.out[0], loss);
}
DL_KERNEL("ctc", ctc);

// And g (n,): minus g times the shares. Where no path leads through, the loss is infinite and this is zero.
void ctc_grad(const KernelCall& c) {
  Batch b(c);
  Temp kg, ko;
  const double* g = as_contiguous(c.in[4], DType::F64, kg).ptr<double>();
  View out = temp_view(c.in[0].shape, DType::F64, ko);
  fill_zero(out);
  parallel_for(b.samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      auto s = b.sample<double>(i, [&b, i](int64_t t, int64_t k) { return b.lp[b.at(t, i, k)]; });
      auto a = s.beginnings();
      double all = s.total(a);
      if (all == kNever) continue;
      s.shares(a, all, [&](int64_t t, int64_t k, double share) { out.ptr<double>()[b.at(t, i, k)] -= g[i] * share; });
    }
  });
  copy_view(c.out[0], out);
}
DL_KERNEL("ctc_grad", ctc_grad);

// And v, a direction of lp: the derivative along it of the gradient, and that of the loss.
void ctc_grad2(const KernelCall& c) {
  Batch b(c);
  Temp kg, kv, ko, kl;
  const double *g = as_contiguous(c.in[4], DType::F64, kg).ptr<double>(),
               *v = as_contiguous(c.in[5], DType::F64, kv).ptr<double>();
  View out = temp_view(c.in[0].shape, DType::F64, ko), slope = temp_view(Shape{b.samples}, DType::F64, kl);
  fill_zero(out);
  fill_zero(slope);
  using S = Dual<double>;
  parallel_for(b.samples, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      auto s = b.sample<S>(i, [&b, i, v](int64_t t, int64_t k) { return S(b.lp[b.at(t, i, k)], v[b.at(t, i, k)]); });
      auto a = s.beginnings();
      S all = s.total(a);
      if (all.v == kNever) continue;
      slope.ptr<double>()[i] = -all.d;
      s.shares(a, all,
               [&](int64_t t, int64_t k, const S& share) { out.ptr<double>()[b.at(t, i, k)] -= g[i] * share.d; });
    }
  });
  copy_view(c.out[0], out);
  copy_view(c.out[1], slope);
}
DL_KERNEL("ctc_grad2", ctc_grad2);

void check(InferCall& c) {
  const Shape &x = c.in[0].shape, &labels = c.in[1].shape;
  if (x.n != 3 || labels.n != 2 || labels[0] != x[1])
    throw ValueError("ctc_loss: expected data (steps, batch, classes) and label (batch, longest), got " + to_string(x) +
                     " and " + to_string(labels));
  for (int i = 2; i < 4; i++)
    if (c.in[i].shape != Shape{x[1]})
      throw ValueError("ctc_loss: expected lengths (" + std::to_string(x[1]) + ",), got shape " +
                       to_string(c.in[i].shape));
  int64_t blank = int_attr(c, "blank", 0);
  if (blank < 0 || blank >= x[2])
    throw ValueError(format("ctc_loss: blank %lld is not one of the %lld classes", (long long)blank, (long long)x[2]));
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string("ctc_loss: needs a floating-point array, got ") + dtype_name(c.out[0].dtype));
}
DL_INFER("ctc", [](InferCall& c) {
  check(c);
  c.out[0].shape = Shape{c.in[0].shape[1]};
});
// (lp, labels, lengths, label_lengths, g, and v for the second one): g is one number for each sample, v is like lp.
DL_INFER("ctc_grad", [](InferCall& c) {
  check(c);
  Shape loss{c.in[0].shape[1]};
  need_shape(c, 4, loss);
  need_shape(c, 5, c.in[0].shape);
  c.out[0].shape = c.in[0].shape;
  if (c.out.size() > 1) c.out[1].shape = loss;
});

}  // namespace
}  // namespace dl
