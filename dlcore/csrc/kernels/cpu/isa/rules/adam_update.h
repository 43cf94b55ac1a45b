// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_adam_update[] = {{TileOp::Mul, 1, 9, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 10, 13, -1},
    {TileOp::Neg, 10, -1, -1}, {TileOp::Max, 12, 15, -1}, {TileOp::Min, 16, 10, -1}, {TileOp::Select, 14, 17, 12},
    {TileOp::Mul, 8, 0, -1}, {TileOp::Add, 18, 19, -1}, {TileOp::Mul, 5, 2, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 22, 5, -1}, {TileOp::Mul, 23, 20, -1}, {TileOp::Add, 21, 24, -1}, {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 22, 6, -1}, {TileOp::Mul, 27, 20, -1}, {TileOp::Mul, 28, 20, -1}, {TileOp::Add, 26, 29, -1},
    {TileOp::Pow, 5, 11, -1}, {TileOp::Sub, 22, 31, -1}, {TileOp::Div, 4, 32, -1}, {TileOp::Mul, 33, 25, -1},
    {TileOp::Sqrt, 30, -1, -1}, {TileOp::Pow, 6, 11, -1}, {TileOp::Sub, 22, 36, -1}, {TileOp::Sqrt, 37, -1, -1},
    {TileOp::Div, 22, 38, -1}, {TileOp::Mul, 35, 39, -1}, {TileOp::Add, 40, 7, -1}, {TileOp::Div, 34, 41, -1},
    {TileOp::Sub, 0, 42, -1}};
void adam_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = *in[10],
      v11 = *in[11], v13 = c[1], v14 = Gt::f(v10, v13), v15 = Neg::f(v10), v22 = c[10], v23 = Sub::f(v22, v5),
      v27 = Sub::f(v22, v6), v31 = Pow::f(v5, v11), v32 = Sub::f(v22, v31), v33 = Div::f(v4, v32),
      v36 = Pow::f(v6, v11), v37 = Sub::f(v22, v36), v38 = Sqrt::f(v37), v39 = Div::f(v22, v38);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v12 = Mul::f(v1, v9), v16 = Max::f(v12, v15),
        v17 = Min::f(v16, v10), v18 = Select::f(v14, v17, v12), v19 = Mul::f(v8, v0), v20 = Add::f(v18, v19),
        v21 = Mul::f(v5, v2), v24 = Mul::f(v23, v20), v25 = Add::f(v21, v24), v26 = Mul::f(v6, v3),
        v28 = Mul::f(v27, v20), v29 = Mul::f(v28, v20), v30 = Add::f(v26, v29), v34 = Mul::f(v33, v25),
        v35 = Sqrt::f(v30), v40 = Mul::f(v35, v39), v41 = Add::f(v40, v7), v42 = Div::f(v34, v41),
        v43 = Sub::f(v0, v42);
    o0[i] = v43;
    o1[i] = v25;
    o2[i] = v30;
  }
}

constexpr RuleStep k_adam_update_plain[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 7, 0, -1}, {TileOp::Add, 1, 11, -1}, {TileOp::Mul, 5, 2, -1}, {TileOp::Sub, 10, 5, -1},
    {TileOp::Mul, 14, 12, -1}, {TileOp::Add, 13, 15, -1}, {TileOp::Mul, 6, 3, -1}, {TileOp::Sub, 10, 6, -1},
    {TileOp::Mul, 18, 12, -1}, {TileOp::Mul, 19, 12, -1}, {TileOp::Add, 17, 20, -1}, {TileOp::Pow, 5, 8, -1},
    {TileOp::Sub, 10, 22, -1}, {TileOp::Div, 4, 23, -1}, {TileOp::Mul, 24, 16, -1}, {TileOp::Sqrt, 21, -1, -1},
    {TileOp::Pow, 6, 8, -1}, {TileOp::Sub, 10, 27, -1}, {TileOp::Sqrt, 28, -1, -1}, {TileOp::Div, 10, 29, -1},
    {TileOp::Mul, 26, 30, -1}, {TileOp::Add, 31, 9, -1}, {TileOp::Div, 25, 32, -1}, {TileOp::Sub, 0, 33, -1}};
void adam_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = c[0], v10 = c[1],
      v14 = Sub::f(v10, v5), v18 = Sub::f(v10, v6), v22 = Pow::f(v5, v8), v23 = Sub::f(v10, v22),
      v24 = Div::f(v4, v23), v27 = Pow::f(v6, v8), v28 = Sub::f(v10, v27), v29 = Sqrt::f(v28), v30 = Div::f(v10, v29);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v11 = Mul::f(v7, v0), v12 = Add::f(v1, v11),
        v13 = Mul::f(v5, v2), v15 = Mul::f(v14, v12), v16 = Add::f(v13, v15), v17 = Mul::f(v6, v3),
        v19 = Mul::f(v18, v12), v20 = Mul::f(v19, v12), v21 = Add::f(v17, v20), v25 = Mul::f(v24, v16),
        v26 = Sqrt::f(v21), v31 = Mul::f(v26, v30), v32 = Add::f(v31, v9), v33 = Div::f(v25, v32),
        v34 = Sub::f(v0, v33);
    o0[i] = v34;
    o1[i] = v16;
    o2[i] = v21;
  }
}

constexpr RuleStep k_adam_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 10, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 7, 0, -1}, {TileOp::Add, 11, 13, -1},
    {TileOp::Mul, 5, 2, -1}, {TileOp::Sub, 12, 5, -1}, {TileOp::Mul, 16, 14, -1}, {TileOp::Add, 15, 17, -1},
    {TileOp::Mul, 6, 3, -1}, {TileOp::Sub, 12, 6, -1}, {TileOp::Mul, 20, 14, -1}, {TileOp::Mul, 21, 14, -1},
    {TileOp::Add, 19, 22, -1}, {TileOp::Pow, 5, 8, -1}, {TileOp::Sub, 12, 24, -1}, {TileOp::Div, 4, 25, -1},
    {TileOp::Mul, 26, 18, -1}, {TileOp::Sqrt, 23, -1, -1}, {TileOp::Pow, 6, 8, -1}, {TileOp::Sub, 12, 29, -1},
    {TileOp::Sqrt, 30, -1, -1}, {TileOp::Div, 12, 31, -1}, {TileOp::Mul, 28, 32, -1}, {TileOp::Add, 33, 9, -1},
    {TileOp::Div, 27, 34, -1}, {TileOp::Sub, 0, 35, -1}};
void adam_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = c[0], v10 = c[1], v12 = c[3],
      v16 = Sub::f(v12, v5), v20 = Sub::f(v12, v6), v24 = Pow::f(v5, v8), v25 = Sub::f(v12, v24),
      v26 = Div::f(v4, v25), v29 = Pow::f(v6, v8), v30 = Sub::f(v12, v29), v31 = Sqrt::f(v30), v32 = Div::f(v12, v31);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v11 = Mul::f(v1, v10), v13 = Mul::f(v7, v0),
        v14 = Add::f(v11, v13), v15 = Mul::f(v5, v2), v17 = Mul::f(v16, v14), v18 = Add::f(v15, v17),
        v19 = Mul::f(v6, v3), v21 = Mul::f(v20, v14), v22 = Mul::f(v21, v14), v23 = Add::f(v19, v22),
        v27 = Mul::f(v26, v18), v28 = Sqrt::f(v23), v33 = Mul::f(v28, v32), v34 = Add::f(v33, v9),
        v35 = Div::f(v27, v34), v36 = Sub::f(v0, v35);
    o0[i] = v36;
    o1[i] = v18;
    o2[i] = v23;
  }
}

constexpr RuleStep k_adam_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 8, 12, -1}, {TileOp::Neg, 8, -1, -1}, {TileOp::Max, 1, 14, -1},
    {TileOp::Min, 15, 8, -1}, {TileOp::Select, 13, 16, 1}, {TileOp::Mul, 7, 0, -1}, {TileOp::Add, 17, 18, -1},
    {TileOp::Mul, 5, 2, -1}, {TileOp::Sub, 11, 5, -1}, {TileOp::Mul, 21, 19, -1}, {TileOp::Add, 20, 22, -1},
    {TileOp::Mul, 6, 3, -1}, {TileOp::Sub, 11, 6, -1}, {TileOp::Mul, 25, 19, -1}, {TileOp::Mul, 26, 19, -1},
    {TileOp::Add, 24, 27, -1}, {TileOp::Pow, 5, 9, -1}, {TileOp::Sub, 11, 29, -1}, {TileOp::Div, 4, 30, -1},
    {TileOp::Mul, 31, 23, -1}, {TileOp::Sqrt, 28, -1, -1}, {TileOp::Pow, 6, 9, -1}, {TileOp::Sub, 11, 34, -1},
    {TileOp::Sqrt, 35, -1, -1}, {TileOp::Div, 11, 36, -1}, {TileOp::Mul, 33, 37, -1}, {TileOp::Add, 38, 10, -1},
    {TileOp::Div, 32, 39, -1}, {TileOp::Sub, 0, 40, -1}};
void adam_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = c[0], v11 = c[1],
      v12 = c[2], v13 = Gt::f(v8, v12), v14 = Neg::f(v8), v21 = Sub::f(v11, v5), v25 = Sub::f(v11, v6),
      v29 = Pow::f(v5, v9), v30 = Sub::f(v11, v29), v31 = Div::f(v4, v30), v34 = Pow::f(v6, v9),
      v35 = Sub::f(v11, v34), v36 = Sqrt::f(v35), v37 = Div::f(v11, v36);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v15 = Max::f(v1, v14), v16 = Min::f(v15, v8),
        v17 = Select::f(v13, v16, v1), v18 = Mul::f(v7, v0), v19 = Add::f(v17, v18), v20 = Mul::f(v5, v2),
        v22 = Mul::f(v21, v19), v23 = Add::f(v20, v22), v24 = Mul::f(v6, v3), v26 = Mul::f(v25, v19),
        v27 = Mul::f(v26, v19), v28 = Add::f(v24, v27), v32 = Mul::f(v31, v23), v33 = Sqrt::f(v28),
        v38 = Mul::f(v33, v37), v39 = Add::f(v38, v10), v40 = Div::f(v32, v39), v41 = Sub::f(v0, v40);
    o0[i] = v41;
    o1[i] = v23;
    o2[i] = v28;
  }
}

constexpr RuleStep k_adam_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 11, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 8, 13, -1}, {TileOp::Neg, 8, -1, -1},
    {TileOp::Max, 12, 15, -1}, {TileOp::Min, 16, 8, -1}, {TileOp::Select, 14, 17, 12}, {TileOp::Mul, 7, 0, -1},
    {TileOp::Add, 18, 19, -1}, {TileOp::Mul, 5, 2, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Sub, 22, 5, -1},
    {TileOp::Mul, 23, 20, -1}, {TileOp::Add, 21, 24, -1}, {TileOp::Mul, 6, 3, -1}, {TileOp::Sub, 22, 6, -1},
    {TileOp::Mul, 27, 20, -1}, {TileOp::Mul, 28, 20, -1}, {TileOp::Add, 26, 29, -1}, {TileOp::Pow, 5, 9, -1},
    {TileOp::Sub, 22, 31, -1}, {TileOp::Div, 4, 32, -1}, {TileOp::Mul, 33, 25, -1}, {TileOp::Sqrt, 30, -1, -1},
    {TileOp::Pow, 6, 9, -1}, {TileOp::Sub, 22, 36, -1}, {TileOp::Sqrt, 37, -1, -1}, {TileOp::Div, 22, 38, -1},
    {TileOp::Mul, 35, 39, -1}, {TileOp::Add, 40, 10, -1}, {TileOp::Div, 34, 41, -1}, {TileOp::Sub, 0, 42, -1}};
void adam_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = c[0], v11 = c[1],
      v13 = c[3], v14 = Gt::f(v8, v13), v15 = Neg::f(v8), v22 = c[12], v23 = Sub::f(v22, v5), v27 = Sub::f(v22, v6),
      v31 = Pow::f(v5, v9), v32 = Sub::f(v22, v31), v33 = Div::f(v4, v32), v36 = Pow::f(v6, v9),
      v37 = Sub::f(v22, v36), v38 = Sqrt::f(v37), v39 = Div::f(v22, v38);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v12 = Mul::f(v1, v11), v16 = Max::f(v12, v15),
        v17 = Min::f(v16, v8), v18 = Select::f(v14, v17, v12), v19 = Mul::f(v7, v0), v20 = Add::f(v18, v19),
        v21 = Mul::f(v5, v2), v24 = Mul::f(v23, v20), v25 = Add::f(v21, v24), v26 = Mul::f(v6, v3),
        v28 = Mul::f(v27, v20), v29 = Mul::f(v28, v20), v30 = Add::f(v26, v29), v34 = Mul::f(v33, v25),
        v35 = Sqrt::f(v30), v40 = Mul::f(v35, v39), v41 = Add::f(v40, v10), v42 = Div::f(v34, v41),
        v43 = Sub::f(v0, v42);
    o0[i] = v43;
    o1[i] = v25;
    o2[i] = v30;
  }
}
