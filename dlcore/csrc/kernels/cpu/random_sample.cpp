// Distributions whose numbers are drawn until one is accepted; the parameters are arrays. Words as in random_draw.h.
//
//   gamma      Marsaglia, Tsang: A simple method for generating gamma variables, ACM TOMS 26, 2000. A round's u0, u1
//   make
//              a normal number (cosine of Box and Muller's pair), u2 decides, u3 is the power for alpha below 1
//   poisson    below 10: the first round's u0 by inversion; else PTRS of Hoermann: The transformed rejection method for
//              generating Poisson random variables, Insurance: Mathematics and Economics 12, 1993, with u0 and u1
//   binomial   n min(p, 1 - p) below 10: inversion; else BTRS of Hoermann: The generation of binomial random variates,
//              Journal of Statistical Computation and Simulation 46, 1993
//   truncated  Robert: Simulation of truncated normal variables, Statistics and Computing 5, 1995
//   von_mises  Best, Fisher: Efficient simulation of the von Mises distribution, Applied Statistics 28, 1979. A
//              normal number for kappa above 1e6
//   zipf       Devroye: Non-uniform random variate generation, 1986, chapter X.6, of numbers below 2^63
//   hypergeometric  inversion with the first round's u0, counted outward from the most likely number
#include <cmath>

#include "kernels/cpu/random_draw.h"
#include "kernels/cpu/random_fill.h"

namespace dl {
namespace {

constexpr int64_t kSampleGrain = 1024;  // these numbers are costly: a block is worth a thread
constexpr double kTwoPi = 6.283185307179586477;

double log_factorial(double k) {
  static const double small[10] = {0.0,
                                   0.0,
                                   0.6931471805599453,
                                   1.791759469228055,
                                   3.1780538303479458,
                                   4.787491742782046,
                                   6.579251212010101,
                                   8.525161361065415,
                                   10.60460290274525,
                                   12.801827480081469};
  if (k < 10) return small[int(k)];
  double x = k + 1, z = 1 / (x * x);  // Stirling's series
  return (x - 0.5) * std::log(x) - x + 0.9189385332046727 + (1.0 / 12 - z * (1.0 / 360 - z / 1260)) / x;
}

double normal_of(double u, double v) { return std::sqrt(-2 * std::log(u)) * std::cos(kTwoPi * v); }

double draw_gamma(double alpha, RandomDraw& draw) {
  if (alpha == 0) return 0;
  double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    auto u = draw.next();
    double x = normal_of(u[0], u[1]), t = 1 + c * x, v = t * t * t;
    if (t <= 0) continue;
    bool sure = u[2] < 1 - 0.0331 * (x * x) * (x * x);  // lies within what the logarithms below accept
    if (!sure && std::log(u[2]) >= 0.5 * x * x + d - d * v + d * std::log(v)) continue;
    return alpha < 1 ? d * v * std::pow(u[3], 1 / alpha) : d * v;
  }
}

double draw_poisson(double lam, RandomDraw& draw) {
  if (lam == 0) return 0;
  if (lam < 10) {
    double u = draw.next()[0], p = std::exp(-lam), sum = p;
    int k = 0;
    while (u > sum && k < 200) p *= lam / ++k, sum += p;
    return k;
  }
  double b = 0.931 + 2.53 * std::sqrt(lam), a = -0.059 + 0.02483 * b;
  double inverse = 1.1239 + 1.1328 / (b - 3.4), sure = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    auto r = draw.next();
    double u = r[0] - 0.5, v = r[1], us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + lam + 0.43);
    if (us >= 0.07 && v <= sure) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v * inverse / (a / (us * us) + b)) <= k * std::log(lam) - lam - log_factorial(k)) return k;
  }
}

// p at most 1/2
double draw_binomial(double n, double p, RandomDraw& draw) {
  double q = 1 - p, r = p / q;
  if (n == 0 || p == 0) return 0;
  if (n * p < 10) {
    double u = draw.next()[0], term = std::exp(n * std::log1p(-p)), sum = term, k = 0;
    while (u > sum && k < n && k < 200) {
      k++;
      term *= (n - k + 1) / k * r;
      sum += term;
    }
    return k;
  }
  double s = std::sqrt(n * p * q), b = 1.15 + 2.53 * s, a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5;
  double sure = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * s, m = std::floor((n + 1) * p), log_r = std::log(r);
  double h = log_factorial(m) + log_factorial(n - m);
  for (;;) {
    auto w = draw.next();
    double u = w[0] - 0.5, v = w[1], us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= sure) return k;
    if (k < 0 || k > n) continue;
    v *= alpha / (a / (us * us) + b);
    if (std::log(v) <= h - log_factorial(k) - log_factorial(n - k) + (k - m) * log_r) return k;
  }
}

// A standard normal number between a and b.
double draw_truncated(double a, double b, RandomDraw& draw) {
  if (a == b) return a;
  if (b < 0) return -draw_truncated(-b, -a, draw);
  double root = std::sqrt(a * a + 4), rate = 0.5 * (a + root);
  bool normal = a <= 0 && b - a > 2.5, tail = false;
  if (a > 0) tail = b - a > 2 / (a + root) * std::exp((a * a - a * root) / 4 + 0.5);
  for (;;) {
    auto u = draw.next();
    double x = normal ? normal_of(u[0], u[1]) : tail ? a - std::log(u[0]) / rate : a + (b - a) * u[0];
    if (x < a || x > b) continue;
    double top = a > 0 ? a : 0, bound = tail ? -0.5 * (x - rate) * (x - rate) : 0.5 * (top - x) * (top + x);
    if (normal || std::log(u[1]) < bound) return x;
  }
}

// An angle from 0, within half a circle.
double draw_von_mises(double kappa, RandomDraw& draw) {
  if (kappa < 1e-8) return kTwoPi * (draw.next()[0] - 0.5);
  if (kappa > 1e6) {
    auto u = draw.next();
    return normal_of(u[0], u[1]) / std::sqrt(kappa);
  }
  double r = 1 + std::sqrt(1 + 4 * kappa * kappa), rho = (r - std::sqrt(2 * r)) / (2 * kappa);
  double s = kappa < 1e-5 ? 1 / kappa + kappa : (1 + rho * rho) / (2 * rho);
  for (;;) {
    auto u = draw.next();
    double z = std::cos(kTwoPi / 2 * u[0]), w = (1 + s * z) / (s + z), y = kappa * (s - w);
    if (y * (2 - y) < u[1] && std::log(y / u[1]) + 1 < y) continue;
    double angle = std::acos(std::max(-1.0, std::min(1.0, w)));
    return u[2] < 0.5 ? -angle : angle;
  }
}

double draw_zipf(double a, RandomDraw& draw) {
  if (a >= 1025) return 1;  // 2 has no chance that a double can tell from 0
  double less = a - 1, b = std::pow(2, less), least = std::pow(0x1p63, -less);
  for (;;) {
    auto u = draw.next();
    double k = std::floor(std::pow(u[0] * least + (1 - u[0]), -1 / less)), t = std::pow(1 + 1 / k, less);
    if (k >= 1 && k < 0x1p63 && u[1] * k * (t - 1) / (b - 1) <= t / b) return k;
  }
}

// How many of n taken are among the good ones.
double draw_hypergeometric(double good, double bad, double n, RandomDraw& draw) {
  double low = std::max(0.0, n - bad), high = std::min(n, good), all = good + bad;
  double mode = std::min(high, std::max(low, std::floor((n + 1) * (good + 1) / (all + 2))));
  double top = log_factorial(good) + log_factorial(bad) + log_factorial(n) + log_factorial(all - n);
  top -= log_factorial(all) + log_factorial(mode) + log_factorial(good - mode);
  double p = std::exp(top - log_factorial(n - mode) - log_factorial(bad - n + mode));
  double u = draw.next()[0] - p, above = p, below = p, i = mode, j = mode;
  while (u > 0 && above + below > 1e-20) {  // what is left is rounding
    above = i < high ? above * ((good - i) / (i + 1) * ((n - i) / (bad - n + i + 1))) : 0;
    u -= above, i++;
    if (u <= 0) return i;
    below = j > low ? below * (j / (good - j + 1) * ((bad - n + j) / (n - j + 1))) : 0;
    u -= below, j--;
    if (u <= 0) return j;
  }
  return mode;
}

template <class F>
void fill_samples(const KernelCall& c, F&& sample) {
  fill_random<double>(
      c.out[0], DType::F64,
      [&](int64_t begin, int64_t n, double* out) {
        for (int64_t i = 0; i < n; i++) {
          RandomDraw draw(c, begin + i);
          out[i] = sample(begin + i, draw);
        }
      },
      kSampleGrain);
}

void random_gamma(const KernelCall& c) {
  RandomParam alpha(c.in[0], c.out[0].shape);
  alpha.check(c, "alpha", "at least 0 and finite", [](double v) { return v >= 0 && std::isfinite(v); });
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_gamma(alpha[i], draw); });
}

void random_poisson(const KernelCall& c) {
  RandomParam lam(c.in[0], c.out[0].shape);
  lam.check(c, "lam", "at least 0 and below 9e15", [](double v) { return v >= 0 && v < 9e15; });
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_poisson(lam[i], draw); });
}

void random_binomial(const KernelCall& c) {
  RandomParam n(c.in[0], c.out[0].shape), p(c.in[1], c.out[0].shape);
  n.check(c, "n", "a whole number from 0 to 9e15", [](double v) { return v >= 0 && v < 9e15 && v == std::floor(v); });
  p.check(c, "p", "between 0 and 1", [](double v) { return v >= 0 && v <= 1; });
  fill_samples(c, [&](int64_t i, RandomDraw& draw) {
    return p[i] <= 0.5 ? draw_binomial(n[i], p[i], draw) : n[i] - draw_binomial(n[i], 1 - p[i], draw);
  });
}

void random_von_mises(const KernelCall& c) {
  RandomParam kappa(c.in[0], c.out[0].shape);
  kappa.check(c, "kappa", "at least 0 and finite", [](double v) { return v >= 0 && std::isfinite(v); });
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_von_mises(kappa[i], draw); });
}

void random_zipf(const KernelCall& c) {
  RandomParam a(c.in[0], c.out[0].shape);
  a.check(c, "a", "above 1", [](double v) { return v > 1; });
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_zipf(a[i], draw); });
}

void random_hypergeometric(const KernelCall& c) {
  const Shape& shape = c.out[0].shape;
  RandomParam good(c.in[0], shape), bad(c.in[1], shape), n(c.in[2], shape);
  auto count = [](double v) { return v >= 0 && v <= 1e9 && v == std::floor(v); };
  good.check(c, "good", "a whole number from 0 to 1e9", count);
  bad.check(c, "bad", "a whole number from 0 to 1e9", count);
  for (int64_t i = 0; i < c.out[0].numel(); i++)
    if (!(count(n[i]) && n[i] <= good[i] + bad[i]))
      throw ValueError(format("%s: n must be a whole number, at most good + bad, got n=%g with good=%g and bad=%g",
                              c.op->name.c_str(), n[i], good[i], bad[i]));
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_hypergeometric(good[i], bad[i], n[i], draw); });
}

void random_truncated(const KernelCall& c) {
  RandomParam low(c.in[0], c.out[0].shape), high(c.in[1], c.out[0].shape);
  for (int64_t i = 0; i < c.out[0].numel(); i++)
    if (!(low[i] <= high[i]) || low[i] == INFINITY || high[i] == -INFINITY)
      throw ValueError(
          format("%s: low must not be above high, got low=%g and high=%g", c.op->name.c_str(), low[i], high[i]));
  fill_samples(c, [&](int64_t i, RandomDraw& draw) { return draw_truncated(low[i], high[i], draw); });
}

// uniform float64 numbers of random.cpp between bounds of every element's own; rounding never reaches the upper one.
void random_between(const KernelCall& c) {
  RandomParam low(c.in[0], c.out[0].shape), high(c.in[1], c.out[0].shape);
  auto finite = [](double v) { return std::isfinite(v); };
  low.check(c, "low", "finite", finite);
  high.check(c, "high", "finite", finite);
  RandomWords words(c);
  DType type = c.out[0].dtype;
  fill_random<double>(c.out[0], DType::F64, [&](int64_t begin, int64_t n, double* out) {
    uint32_t w[kRandomBlock], w2[kRandomBlock];
    words.get(begin, n, 0, w);
    words.get(begin, n, 1, w2);
    for (int64_t i = 0; i < n; i++) {
      double a = low[begin + i], b = high[begin + i];
      double v = a + (double(w[i]) * 0x1p21 + double(w2[i] >> 11)) * 0x1p-53 * (b - a);
      out[i] = a < b ? std::min(v, last_below(b, type)) : v;
    }
  });
}

// Positions drawn with the probabilities of each row: the number of running sums that are at most u * total, for the
// uniform float64 number u of random.cpp.
void random_categorical(const KernelCall& c) {
  Temp keep;
  View p = as_contiguous(c.in[0], DType::F64, keep);
  int64_t k = p.shape[p.shape.n - 1], rows = k ? p.numel() / k : 0, total = c.out[0].numel();
  if (total == 0) return;
  if (k == 0)
    throw ValueError(
        format("%s: p has no probabilities, its shape is %s", c.op->name.c_str(), to_string(c.in[0].shape).c_str()));
  Temp sums_memory(size_t(rows * k) * sizeof(double));
  double* sums = sums_memory.ptr<double>();
  for (int64_t r = 0; r < rows; r++) {
    double sum = 0;
    for (int64_t j = 0; j < k; j++) {
      double v = p.ptr<double>()[r * k + j];
      if (!(v >= 0) || !std::isfinite(v))
        throw ValueError(format("%s: probabilities must be at least 0 and finite, got %g", c.op->name.c_str(), v));
      sums[r * k + j] = sum += v;
    }
    if (!(sum > 0))
      throw ValueError(
          format("%s: expected a probability above 0 in every row, got a row of zeros", c.op->name.c_str()));
  }
  int64_t count = total / rows;
  RandomWords words(c);
  fill_random<int64_t>(c.out[0], DType::I64, [&](int64_t begin, int64_t n, int64_t* out) {
    uint32_t w[kRandomBlock], w2[kRandomBlock];
    words.get(begin, n, 0, w);
    words.get(begin, n, 1, w2);
    for (int64_t i = 0; i < n; i++) {
      const double* row = sums + (begin + i) / count * k;
      double u = (double(w[i]) * 0x1p21 + double(w2[i] >> 11)) * 0x1p-53;
      out[i] = std::upper_bound(row, row + k - 1, u * row[k - 1]) - row;
    }
  });
}

void categorical_shape(InferCall& c) {
  const Shape& p = c.in[0].shape;
  if (p.n == 0) throw ValueError(std::string(c.name()) + ": p needs an axis of probabilities, got a single number");
  Shape out;
  for (int i = 0; i + 1 < p.n; i++) out.push(p[i]);
  const Dims& more = c.attr("shape").v;
  for (int i = 0; i < more.n; i++) {
    if (more[i] < 0) throw ValueError(std::string(c.name()) + ": shape " + to_string(more) + " has a negative length");
    out.push(more[i]);
  }
  c.out[0].shape = out;
}

DL_KERNEL("random_between", random_between);
DL_KERNEL("random_gamma", random_gamma);
DL_KERNEL("random_poisson", random_poisson);
DL_KERNEL("random_binomial", random_binomial);
DL_KERNEL("random_truncated", random_truncated);
DL_KERNEL("random_von_mises", random_von_mises);
DL_KERNEL("random_zipf", random_zipf);
DL_KERNEL("random_hypergeometric", random_hypergeometric);
DL_KERNEL("random_categorical", random_categorical);
DL_INFER("categorical", categorical_shape);

}  // namespace
}  // namespace dl
