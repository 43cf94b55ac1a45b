// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_sgd_ema_update[] = {{TileOp::Mul, 1, 6, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 7, 9, -1},
    {TileOp::Neg, 7, -1, -1}, {TileOp::Max, 8, 11, -1}, {TileOp::Min, 12, 7, -1}, {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 14, 15, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 18, 4, -1}, {TileOp::Mul, 19, 16, -1}, {TileOp::Add, 17, 20, -1}, {TileOp::Mul, 3, 21, -1},
    {TileOp::Sub, 0, 22, -1}};
void sgd_ema_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v9 = c[1], v10 = Gt::f(v7, v9),
      v11 = Neg::f(v7), v18 = c[10], v19 = Sub::f(v18, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v1, v6), v12 = Max::f(v8, v11), v13 = Min::f(v12, v7),
        v14 = Select::f(v10, v13, v8), v15 = Mul::f(v5, v0), v16 = Add::f(v14, v15), v17 = Mul::f(v4, v2),
        v20 = Mul::f(v19, v16), v21 = Add::f(v17, v20), v22 = Mul::f(v3, v21), v23 = Sub::f(v0, v22);
    o0[i] = v23;
    o1[i] = v21;
  }
}

constexpr RuleStep k_sgd_ema_update_plain[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 1, 7, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 6, 4, -1}, {TileOp::Mul, 10, 8, -1},
    {TileOp::Add, 9, 11, -1}, {TileOp::Mul, 3, 12, -1}, {TileOp::Sub, 0, 13, -1}};
void sgd_ema_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = c[0], v10 = Sub::f(v6, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v7 = Mul::f(v5, v0), v8 = Add::f(v1, v7), v9 = Mul::f(v4, v2),
        v11 = Mul::f(v10, v8), v12 = Add::f(v9, v11), v13 = Mul::f(v3, v12), v14 = Sub::f(v0, v13);
    o0[i] = v14;
    o1[i] = v12;
  }
}

constexpr RuleStep k_sgd_ema_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 6, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 7, 9, -1}, {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 8, 4, -1}, {TileOp::Mul, 12, 10, -1}, {TileOp::Add, 11, 13, -1}, {TileOp::Mul, 3, 14, -1},
    {TileOp::Sub, 0, 15, -1}};
void sgd_ema_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = c[0], v8 = c[2], v12 = Sub::f(v8, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v7 = Mul::f(v1, v6), v9 = Mul::f(v5, v0), v10 = Add::f(v7, v9),
        v11 = Mul::f(v4, v2), v13 = Mul::f(v12, v10), v14 = Add::f(v11, v13), v15 = Mul::f(v3, v14),
        v16 = Sub::f(v0, v15);
    o0[i] = v16;
    o1[i] = v14;
  }
}

constexpr RuleStep k_sgd_ema_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 8, -1}, {TileOp::Neg, 6, -1, -1}, {TileOp::Max, 1, 10, -1}, {TileOp::Min, 11, 6, -1},
    {TileOp::Select, 9, 12, 1}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 13, 14, -1}, {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 7, 4, -1}, {TileOp::Mul, 17, 15, -1}, {TileOp::Add, 16, 18, -1}, {TileOp::Mul, 3, 19, -1},
    {TileOp::Sub, 0, 20, -1}};
void sgd_ema_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v8 = c[1], v9 = Gt::f(v6, v8),
      v10 = Neg::f(v6), v17 = Sub::f(v7, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v11 = Max::f(v1, v10), v12 = Min::f(v11, v6),
        v13 = Select::f(v9, v12, v1), v14 = Mul::f(v5, v0), v15 = Add::f(v13, v14), v16 = Mul::f(v4, v2),
        v18 = Mul::f(v17, v15), v19 = Add::f(v16, v18), v20 = Mul::f(v3, v19), v21 = Sub::f(v0, v20);
    o0[i] = v21;
    o1[i] = v19;
  }
}

constexpr RuleStep k_sgd_ema_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 6, 9, -1}, {TileOp::Neg, 6, -1, -1}, {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 6, -1}, {TileOp::Select, 10, 13, 8}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Sub, 18, 4, -1}, {TileOp::Mul, 19, 16, -1},
    {TileOp::Add, 17, 20, -1}, {TileOp::Mul, 3, 21, -1}, {TileOp::Sub, 0, 22, -1}};
void sgd_ema_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v9 = c[2], v10 = Gt::f(v6, v9),
      v11 = Neg::f(v6), v18 = c[11], v19 = Sub::f(v18, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v1, v7), v12 = Max::f(v8, v11), v13 = Min::f(v12, v6),
        v14 = Select::f(v10, v13, v8), v15 = Mul::f(v5, v0), v16 = Add::f(v14, v15), v17 = Mul::f(v4, v2),
        v20 = Mul::f(v19, v16), v21 = Add::f(v17, v20), v22 = Mul::f(v3, v21), v23 = Sub::f(v0, v22);
    o0[i] = v23;
    o1[i] = v21;
  }
}
