// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_sgd_mom_update[] = {{TileOp::Mul, 1, 6, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 7, 9, -1},
    {TileOp::Neg, 7, -1, -1}, {TileOp::Max, 8, 11, -1}, {TileOp::Min, 12, 7, -1}, {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 14, 15, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Mul, 3, 16, -1},
    {TileOp::Sub, 17, 18, -1}, {TileOp::Add, 0, 19, -1}};
void sgd_mom_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v9 = c[1], v10 = Gt::f(v7, v9),
      v11 = Neg::f(v7);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v1, v6), v12 = Max::f(v8, v11), v13 = Min::f(v12, v7),
        v14 = Select::f(v10, v13, v8), v15 = Mul::f(v5, v0), v16 = Add::f(v14, v15), v17 = Mul::f(v4, v2),
        v18 = Mul::f(v3, v16), v19 = Sub::f(v17, v18), v20 = Add::f(v0, v19);
    o0[i] = v20;
    o1[i] = v19;
  }
}

constexpr RuleStep k_sgd_mom_update_plain[] = {{TileOp::Mul, 5, 0, -1}, {TileOp::Add, 1, 6, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Mul, 3, 7, -1}, {TileOp::Sub, 8, 9, -1}, {TileOp::Add, 0, 10, -1}};
void sgd_mom_update_plain(int64_t n, const float* const* in, const float*, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5];
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v6 = Mul::f(v5, v0), v7 = Add::f(v1, v6), v8 = Mul::f(v4, v2),
        v9 = Mul::f(v3, v7), v10 = Sub::f(v8, v9), v11 = Add::f(v0, v10);
    o0[i] = v11;
    o1[i] = v10;
  }
}

constexpr RuleStep k_sgd_mom_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 6, -1},
    {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 7, 8, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Mul, 3, 9, -1},
    {TileOp::Sub, 10, 11, -1}, {TileOp::Add, 0, 12, -1}};
void sgd_mom_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = c[0];
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v7 = Mul::f(v1, v6), v8 = Mul::f(v5, v0), v9 = Add::f(v7, v8),
        v10 = Mul::f(v4, v2), v11 = Mul::f(v3, v9), v12 = Sub::f(v10, v11), v13 = Add::f(v0, v12);
    o0[i] = v13;
    o1[i] = v12;
  }
}

constexpr RuleStep k_sgd_mom_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Gt, 6, 7, -1},
    {TileOp::Neg, 6, -1, -1}, {TileOp::Max, 1, 9, -1}, {TileOp::Min, 10, 6, -1}, {TileOp::Select, 8, 11, 1},
    {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 12, 13, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Mul, 3, 14, -1},
    {TileOp::Sub, 15, 16, -1}, {TileOp::Add, 0, 17, -1}};
void sgd_mom_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v8 = Gt::f(v6, v7), v9 = Neg::f(v6);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v10 = Max::f(v1, v9), v11 = Min::f(v10, v6),
        v12 = Select::f(v8, v11, v1), v13 = Mul::f(v5, v0), v14 = Add::f(v12, v13), v15 = Mul::f(v4, v2),
        v16 = Mul::f(v3, v14), v17 = Sub::f(v15, v16), v18 = Add::f(v0, v17);
    o0[i] = v18;
    o1[i] = v17;
  }
}

constexpr RuleStep k_sgd_mom_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 6, 9, -1}, {TileOp::Neg, 6, -1, -1}, {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 6, -1}, {TileOp::Select, 10, 13, 8}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Mul, 3, 16, -1}, {TileOp::Sub, 17, 18, -1}, {TileOp::Add, 0, 19, -1}};
void sgd_mom_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v9 = c[2], v10 = Gt::f(v6, v9),
      v11 = Neg::f(v6);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v1, v7), v12 = Max::f(v8, v11), v13 = Min::f(v12, v6),
        v14 = Select::f(v10, v13, v8), v15 = Mul::f(v5, v0), v16 = Add::f(v14, v15), v17 = Mul::f(v4, v2),
        v18 = Mul::f(v3, v16), v19 = Sub::f(v17, v18), v20 = Add::f(v0, v19);
    o0[i] = v20;
    o1[i] = v19;
  }
}
