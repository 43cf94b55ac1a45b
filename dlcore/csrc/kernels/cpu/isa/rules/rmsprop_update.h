// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_rmsprop_update[] = {{TileOp::Mul, 1, 7, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 8, 10, -1}, {TileOp::Neg, 8, -1, -1}, {TileOp::Max, 9, 12, -1}, {TileOp::Min, 13, 8, -1},
    {TileOp::Select, 11, 14, 9}, {TileOp::Mul, 6, 0, -1}, {TileOp::Add, 15, 16, -1}, {TileOp::Mul, 4, 2, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Sub, 19, 4, -1}, {TileOp::Mul, 20, 17, -1}, {TileOp::Mul, 21, 17, -1},
    {TileOp::Add, 18, 22, -1}, {TileOp::Mul, 3, 17, -1}, {TileOp::Add, 23, 5, -1}, {TileOp::Sqrt, 25, -1, -1},
    {TileOp::Div, 24, 26, -1}, {TileOp::Sub, 0, 27, -1}};
void rmsprop_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v10 = c[1],
      v11 = Gt::f(v8, v10), v12 = Neg::f(v8), v19 = c[10], v20 = Sub::f(v19, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v9 = Mul::f(v1, v7), v13 = Max::f(v9, v12), v14 = Min::f(v13, v8),
        v15 = Select::f(v11, v14, v9), v16 = Mul::f(v6, v0), v17 = Add::f(v15, v16), v18 = Mul::f(v4, v2),
        v21 = Mul::f(v20, v17), v22 = Mul::f(v21, v17), v23 = Add::f(v18, v22), v24 = Mul::f(v3, v17),
        v25 = Add::f(v23, v5), v26 = Sqrt::f(v25), v27 = Div::f(v24, v26), v28 = Sub::f(v0, v27);
    o0[i] = v28;
    o1[i] = v23;
  }
}

constexpr RuleStep k_rmsprop_update_plain[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 1, 8, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 7, 4, -1},
    {TileOp::Mul, 11, 9, -1}, {TileOp::Mul, 12, 9, -1}, {TileOp::Add, 10, 13, -1}, {TileOp::Mul, 3, 9, -1},
    {TileOp::Add, 14, 6, -1}, {TileOp::Sqrt, 16, -1, -1}, {TileOp::Div, 15, 17, -1}, {TileOp::Sub, 0, 18, -1}};
void rmsprop_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = c[0], v7 = c[1], v11 = Sub::f(v7, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v5, v0), v9 = Add::f(v1, v8), v10 = Mul::f(v4, v2),
        v12 = Mul::f(v11, v9), v13 = Mul::f(v12, v9), v14 = Add::f(v10, v13), v15 = Mul::f(v3, v9),
        v16 = Add::f(v14, v6), v17 = Sqrt::f(v16), v18 = Div::f(v15, v17), v19 = Sub::f(v0, v18);
    o0[i] = v19;
    o1[i] = v14;
  }
}

constexpr RuleStep k_rmsprop_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 7, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 8, 10, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 9, 4, -1}, {TileOp::Mul, 13, 11, -1}, {TileOp::Mul, 14, 11, -1},
    {TileOp::Add, 12, 15, -1}, {TileOp::Mul, 3, 11, -1}, {TileOp::Add, 16, 6, -1}, {TileOp::Sqrt, 18, -1, -1},
    {TileOp::Div, 17, 19, -1}, {TileOp::Sub, 0, 20, -1}};
void rmsprop_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = c[0], v7 = c[1], v9 = c[3], v13 = Sub::f(v9, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v8 = Mul::f(v1, v7), v10 = Mul::f(v5, v0), v11 = Add::f(v8, v10),
        v12 = Mul::f(v4, v2), v14 = Mul::f(v13, v11), v15 = Mul::f(v14, v11), v16 = Add::f(v12, v15),
        v17 = Mul::f(v3, v11), v18 = Add::f(v16, v6), v19 = Sqrt::f(v18), v20 = Div::f(v17, v19),
        v21 = Sub::f(v0, v20);
    o0[i] = v21;
    o1[i] = v16;
  }
}

constexpr RuleStep k_rmsprop_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 6, 9, -1}, {TileOp::Neg, 6, -1, -1}, {TileOp::Max, 1, 11, -1},
    {TileOp::Min, 12, 6, -1}, {TileOp::Select, 10, 13, 1}, {TileOp::Mul, 5, 0, -1}, {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 8, 4, -1}, {TileOp::Mul, 18, 16, -1}, {TileOp::Mul, 19, 16, -1},
    {TileOp::Add, 17, 20, -1}, {TileOp::Mul, 3, 16, -1}, {TileOp::Add, 21, 7, -1}, {TileOp::Sqrt, 23, -1, -1},
    {TileOp::Div, 22, 24, -1}, {TileOp::Sub, 0, 25, -1}};
void rmsprop_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v8 = c[1], v9 = c[2],
      v10 = Gt::f(v6, v9), v11 = Neg::f(v6), v18 = Sub::f(v8, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v12 = Max::f(v1, v11), v13 = Min::f(v12, v6),
        v14 = Select::f(v10, v13, v1), v15 = Mul::f(v5, v0), v16 = Add::f(v14, v15), v17 = Mul::f(v4, v2),
        v19 = Mul::f(v18, v16), v20 = Mul::f(v19, v16), v21 = Add::f(v17, v20), v22 = Mul::f(v3, v16),
        v23 = Add::f(v21, v7), v24 = Sqrt::f(v23), v25 = Div::f(v22, v24), v26 = Sub::f(v0, v25);
    o0[i] = v26;
    o1[i] = v21;
  }
}

constexpr RuleStep k_rmsprop_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 8, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 6, 10, -1}, {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 9, 12, -1}, {TileOp::Min, 13, 6, -1}, {TileOp::Select, 11, 14, 9}, {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 15, 16, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Sub, 19, 4, -1},
    {TileOp::Mul, 20, 17, -1}, {TileOp::Mul, 21, 17, -1}, {TileOp::Add, 18, 22, -1}, {TileOp::Mul, 3, 17, -1},
    {TileOp::Add, 23, 7, -1}, {TileOp::Sqrt, 25, -1, -1}, {TileOp::Div, 24, 26, -1}, {TileOp::Sub, 0, 27, -1}};
void rmsprop_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2];
  const float v3 = *in[3], v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = c[0], v8 = c[1], v10 = c[3],
      v11 = Gt::f(v6, v10), v12 = Neg::f(v6), v19 = c[12], v20 = Sub::f(v19, v4);
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v9 = Mul::f(v1, v8), v13 = Max::f(v9, v12), v14 = Min::f(v13, v6),
        v15 = Select::f(v11, v14, v9), v16 = Mul::f(v5, v0), v17 = Add::f(v15, v16), v18 = Mul::f(v4, v2),
        v21 = Mul::f(v20, v17), v22 = Mul::f(v21, v17), v23 = Add::f(v18, v22), v24 = Mul::f(v3, v17),
        v25 = Add::f(v23, v7), v26 = Sqrt::f(v25), v27 = Div::f(v24, v26), v28 = Sub::f(v0, v27);
    o0[i] = v28;
    o1[i] = v23;
  }
}
