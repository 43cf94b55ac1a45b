// One step of a recurrence for one sample, forward and backward. S is the number type, M has its sigmoid and tanh.
// x is the sample's line of the input product, hh that of the product with the last state, b the bias of the latter.
#pragma once
#include <cstdint>

namespace dl {

// Gates i, f, g, o: c = f c_prev + i g, h = o tanh(c). One function at a time: in a loop of all five each would wait
// for the results of others.
template <class S, class M>
inline void lstm_forward_row(int64_t n, const S* x, const S* hh, const S* b, const S* c_prev, S* gates, S* c, S* h) {
#pragma omp simd
  for (int64_t j = 0; j < 2 * n; j++) gates[j] = M::sigmoid(x[j] + hh[j] + b[j]);
#pragma omp simd
  for (int64_t j = 2 * n; j < 3 * n; j++) gates[j] = M::tanh(x[j] + hh[j] + b[j]);
#pragma omp simd
  for (int64_t j = 3 * n; j < 4 * n; j++) gates[j] = M::sigmoid(x[j] + hh[j] + b[j]);
  const S *i = gates, *f = gates + n, *g = gates + 2 * n, *o = gates + 3 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    S now = f[j] * c_prev[j] + i[j] * g[j];
    c[j] = now;
    h[j] = o[j] * M::tanh(now);
  }
}
// dc comes in as the gradient of c from later steps and leaves as that of c_prev.
template <class S, class M>
inline void lstm_backward_row(int64_t n, const S* gates, const S* c_prev, const S* c, const S* dh, S* dc, S* dx) {
  const S one = S(1);
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    S i = gates[j], f = gates[n + j], g = gates[2 * n + j], o = gates[3 * n + j], t = M::tanh(c[j]);
    S all = dc[j] + dh[j] * o * (one - t * t);
    dx[j] = all * g * i * (one - i);
    dx[n + j] = all * c_prev[j] * f * (one - f);
    dx[2 * n + j] = all * i * (one - g * g);
    dx[3 * n + j] = dh[j] * t * o * (one - o);
    dc[j] = all * f;
  }
}

// Gates r, z, n: n = tanh(x_n + r h_n), h = (1 - z) n + z h_prev. `saved` keeps r, z, n and h_n.
template <class S, class M>
inline void gru_forward_row(int64_t n, const S* x, const S* hh, const S* b, const S* h_prev, S* saved, S* h) {
#pragma omp simd
  for (int64_t j = 0; j < 2 * n; j++) saved[j] = M::sigmoid(x[j] + hh[j] + b[j]);
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    S r = saved[j], z = saved[n + j], last = hh[2 * n + j] + b[2 * n + j];
    S fresh = M::tanh(x[2 * n + j] + r * last);
    saved[2 * n + j] = fresh, saved[3 * n + j] = last;
    h[j] = fresh + z * (h_prev[j] - fresh);
  }
}
// dx: gradient of x; dhh: of the product with the state; dh_prev: the part of it that does not go through the product.
template <class S, class M>
inline void gru_backward_row(int64_t n, const S* saved, const S* h_prev, const S* dh, S* dx, S* dhh, S* dh_prev) {
  const S one = S(1);
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    S r = saved[j], z = saved[n + j], fresh = saved[2 * n + j], last = saved[3 * n + j];
    S df = dh[j] * (one - z) * (one - fresh * fresh);
    S dr = df * last * r * (one - r), dz = dh[j] * (h_prev[j] - fresh) * z * (one - z);
    dx[j] = dhh[j] = dr;
    dx[n + j] = dhh[n + j] = dz;
    dx[2 * n + j] = df;
    dhh[2 * n + j] = df * r;
    dh_prev[j] = dh[j] * z;
  }
}

template <class S, class M>
inline void tanh_forward_row(int64_t n, const S* x, const S* hh, const S* b, S* h) {
#pragma omp simd
  for (int64_t j = 0; j < n; j++) h[j] = M::tanh(x[j] + hh[j] + b[j]);
}
template <class S, class M>
inline void tanh_backward_row(int64_t n, const S* h, const S* dh, S* dx) {
  const S one = S(1);
#pragma omp simd
  for (int64_t j = 0; j < n; j++) dx[j] = dh[j] * (one - h[j] * h[j]);
}
template <class S, class M>
inline void relu_forward_row(int64_t n, const S* x, const S* hh, const S* b, S* h) {
  for (int64_t j = 0; j < n; j++) {
    S v = x[j] + hh[j] + b[j];
    h[j] = M::positive(v) ? v : S(0);
  }
}
template <class S, class M>
inline void relu_backward_row(int64_t n, const S* h, const S* dh, S* dx) {
  for (int64_t j = 0; j < n; j++) dx[j] = M::positive(h[j]) ? dh[j] : S(0);
}

template <class S, class M>  // M: a copy of its own for each instruction set
inline void add_row(int64_t n, const S* x, S* sum) {
#pragma omp simd
  for (int64_t j = 0; j < n; j++) sum[j] += x[j];
}

// The rows of one number type.
template <class S>
struct RecurrentRows {
  void (*lstm)(int64_t, const S*, const S*, const S*, const S*, S*, S*, S*);
  void (*lstm_back)(int64_t, const S*, const S*, const S*, const S*, S*, S*);
  void (*gru)(int64_t, const S*, const S*, const S*, const S*, S*, S*);
  void (*gru_back)(int64_t, const S*, const S*, const S*, S*, S*, S*);
  void (*plain[2])(int64_t, const S*, const S*, const S*, S*);  // tanh, relu
  void (*plain_back[2])(int64_t, const S*, const S*, S*);
  void (*add)(int64_t, const S*, S*);
};
template <class S, class M>
constexpr RecurrentRows<S> recurrent_rows() {
  return {lstm_forward_row<S, M>,
          lstm_backward_row<S, M>,
          gru_forward_row<S, M>,
          gru_backward_row<S, M>,
          {tanh_forward_row<S, M>, relu_forward_row<S, M>},
          {tanh_backward_row<S, M>, relu_backward_row<S, M>},
          add_row<S, M>};
}

}  // namespace dl
