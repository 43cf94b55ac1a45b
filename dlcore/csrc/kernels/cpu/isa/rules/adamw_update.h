// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_adamw_update[] = {{TileOp::Mul, 1, 9, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 10, 14, -1},
    {TileOp::Neg, 10, -1, -1}, {TileOp::Max, 13, 16, -1}, {TileOp::Min, 17, 10, -1}, {TileOp::Select, 15, 18, 13},
    {TileOp::Mul, 5, 2, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Sub, 21, 5, -1}, {TileOp::Mul, 22, 19, -1},
    {TileOp::Add, 20, 23, -1}, {TileOp::Mul, 6, 3, -1}, {TileOp::Sub, 21, 6, -1}, {TileOp::Mul, 26, 19, -1},
    {TileOp::Mul, 27, 19, -1}, {TileOp::Add, 25, 28, -1}, {TileOp::Pow, 5, 12, -1}, {TileOp::Sub, 21, 30, -1},
    {TileOp::Div, 4, 31, -1}, {TileOp::Mul, 32, 24, -1}, {TileOp::Sqrt, 29, -1, -1}, {TileOp::Pow, 6, 12, -1},
    {TileOp::Sub, 21, 35, -1}, {TileOp::Sqrt, 36, -1, -1}, {TileOp::Div, 21, 37, -1}, {TileOp::Mul, 34, 38, -1},
    {TileOp::Add, 39, 7, -1}, {TileOp::Div, 33, 40, -1}, {TileOp::Mul, 8, 0, -1}, {TileOp::Add, 41, 42, -1},
    {TileOp::Mul, 11, 43, -1}, {TileOp::Sub, 0, 44, -1}};
void adamw_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = *in[10],
      v11 = *in[11], v12 = *in[12], v14 = c[1], v15 = Gt::f(v10, v14), v16 = Neg::f(v10), v21 = c[8],
      v22 = Sub::f(v21, v5), v26 = Sub::f(v21, v6), v30 = Pow::f(v5, v12), v31 = Sub::f(v21, v30),
      v32 = Div::f(v4, v31), v35 = Pow::f(v6, v12), v36 = Sub::f(v21, v35), v37 = Sqrt::f(v36),
      v38 = Div::f(v21, v37);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v13 = Mul::f(v1, v9), v17 = Max::f(v13, v16),
        v18 = Min::f(v17, v10), v19 = Select::f(v15, v18, v13), v20 = Mul::f(v5, v2), v23 = Mul::f(v22, v19),
        v24 = Add::f(v20, v23), v25 = Mul::f(v6, v3), v27 = Mul::f(v26, v19), v28 = Mul::f(v27, v19),
        v29 = Add::f(v25, v28), v33 = Mul::f(v32, v24), v34 = Sqrt::f(v29), v39 = Mul::f(v34, v38),
        v40 = Add::f(v39, v7), v41 = Div::f(v33, v40), v42 = Mul::f(v8, v0), v43 = Add::f(v41, v42),
        v44 = Mul::f(v11, v43), v45 = Sub::f(v0, v44);
    o0[i] = v45;
    o1[i] = v24;
    o2[i] = v29;
  }
}

constexpr RuleStep k_adamw_update_plain[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 9, 4, -1}, {TileOp::Mul, 12, 1, -1}, {TileOp::Add, 11, 13, -1},
    {TileOp::Mul, 5, 3, -1}, {TileOp::Sub, 9, 5, -1}, {TileOp::Mul, 16, 1, -1}, {TileOp::Mul, 17, 1, -1},
    {TileOp::Add, 15, 18, -1}, {TileOp::Pow, 4, 8, -1}, {TileOp::Sub, 9, 20, -1}, {TileOp::Div, 9, 21, -1},
    {TileOp::Mul, 22, 14, -1}, {TileOp::Sqrt, 19, -1, -1}, {TileOp::Pow, 5, 8, -1}, {TileOp::Sub, 9, 25, -1},
    {TileOp::Sqrt, 26, -1, -1}, {TileOp::Div, 9, 27, -1}, {TileOp::Mul, 24, 28, -1}, {TileOp::Add, 29, 10, -1},
    {TileOp::Div, 23, 30, -1}, {TileOp::Mul, 6, 0, -1}, {TileOp::Add, 31, 32, -1}, {TileOp::Mul, 7, 33, -1},
    {TileOp::Sub, 0, 34, -1}};
void adamw_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = c[0], v10 = c[1],
      v12 = Sub::f(v9, v4), v16 = Sub::f(v9, v5), v20 = Pow::f(v4, v8), v21 = Sub::f(v9, v20), v22 = Div::f(v9, v21),
      v25 = Pow::f(v5, v8), v26 = Sub::f(v9, v25), v27 = Sqrt::f(v26), v28 = Div::f(v9, v27);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v11 = Mul::f(v4, v2), v13 = Mul::f(v12, v1),
        v14 = Add::f(v11, v13), v15 = Mul::f(v5, v3), v17 = Mul::f(v16, v1), v18 = Mul::f(v17, v1),
        v19 = Add::f(v15, v18), v23 = Mul::f(v22, v14), v24 = Sqrt::f(v19), v29 = Mul::f(v24, v28),
        v30 = Add::f(v29, v10), v31 = Div::f(v23, v30), v32 = Mul::f(v6, v0), v33 = Add::f(v31, v32),
        v34 = Mul::f(v7, v33), v35 = Sub::f(v0, v34);
    o0[i] = v35;
    o1[i] = v14;
    o2[i] = v19;
  }
}

constexpr RuleStep k_adamw_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 11, -1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 9, 4, -1},
    {TileOp::Mul, 14, 12, -1}, {TileOp::Add, 13, 15, -1}, {TileOp::Mul, 5, 3, -1}, {TileOp::Sub, 9, 5, -1},
    {TileOp::Mul, 18, 12, -1}, {TileOp::Mul, 19, 12, -1}, {TileOp::Add, 17, 20, -1}, {TileOp::Pow, 4, 8, -1},
    {TileOp::Sub, 9, 22, -1}, {TileOp::Div, 9, 23, -1}, {TileOp::Mul, 24, 16, -1}, {TileOp::Sqrt, 21, -1, -1},
    {TileOp::Pow, 5, 8, -1}, {TileOp::Sub, 9, 27, -1}, {TileOp::Sqrt, 28, -1, -1}, {TileOp::Div, 9, 29, -1},
    {TileOp::Mul, 26, 30, -1}, {TileOp::Add, 31, 10, -1}, {TileOp::Div, 25, 32, -1}, {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 33, 34, -1}, {TileOp::Mul, 7, 35, -1}, {TileOp::Sub, 0, 36, -1}};
void adamw_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = c[0], v10 = c[1], v11 = c[2],
      v14 = Sub::f(v9, v4), v18 = Sub::f(v9, v5), v22 = Pow::f(v4, v8), v23 = Sub::f(v9, v22), v24 = Div::f(v9, v23),
      v27 = Pow::f(v5, v8), v28 = Sub::f(v9, v27), v29 = Sqrt::f(v28), v30 = Div::f(v9, v29);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v12 = Mul::f(v1, v11), v13 = Mul::f(v4, v2),
        v15 = Mul::f(v14, v12), v16 = Add::f(v13, v15), v17 = Mul::f(v5, v3), v19 = Mul::f(v18, v12),
        v20 = Mul::f(v19, v12), v21 = Add::f(v17, v20), v25 = Mul::f(v24, v16), v26 = Sqrt::f(v21),
        v31 = Mul::f(v26, v30), v32 = Add::f(v31, v10), v33 = Div::f(v25, v32), v34 = Mul::f(v6, v0),
        v35 = Add::f(v33, v34), v36 = Mul::f(v7, v35), v37 = Sub::f(v0, v36);
    o0[i] = v37;
    o1[i] = v16;
    o2[i] = v21;
  }
}

constexpr RuleStep k_adamw_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 7, 12, -1}, {TileOp::Neg, 7, -1, -1}, {TileOp::Max, 1, 14, -1},
    {TileOp::Min, 15, 7, -1}, {TileOp::Select, 13, 16, 1}, {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 10, 4, -1},
    {TileOp::Mul, 19, 17, -1}, {TileOp::Add, 18, 20, -1}, {TileOp::Mul, 5, 3, -1}, {TileOp::Sub, 10, 5, -1},
    {TileOp::Mul, 23, 17, -1}, {TileOp::Mul, 24, 17, -1}, {TileOp::Add, 22, 25, -1}, {TileOp::Pow, 4, 9, -1},
    {TileOp::Sub, 10, 27, -1}, {TileOp::Div, 10, 28, -1}, {TileOp::Mul, 29, 21, -1}, {TileOp::Sqrt, 26, -1, -1},
    {TileOp::Pow, 5, 9, -1}, {TileOp::Sub, 10, 32, -1}, {TileOp::Sqrt, 33, -1, -1}, {TileOp::Div, 10, 34, -1},
    {TileOp::Mul, 31, 35, -1}, {TileOp::Add, 36, 11, -1}, {TileOp::Div, 30, 37, -1}, {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 38, 39, -1}, {TileOp::Mul, 8, 40, -1}, {TileOp::Sub, 0, 41, -1}};
void adamw_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = c[0], v11 = c[1],
      v12 = c[2], v13 = Gt::f(v7, v12), v14 = Neg::f(v7), v19 = Sub::f(v10, v4), v23 = Sub::f(v10, v5),
      v27 = Pow::f(v4, v9), v28 = Sub::f(v10, v27), v29 = Div::f(v10, v28), v32 = Pow::f(v5, v9),
      v33 = Sub::f(v10, v32), v34 = Sqrt::f(v33), v35 = Div::f(v10, v34);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v15 = Max::f(v1, v14), v16 = Min::f(v15, v7),
        v17 = Select::f(v13, v16, v1), v18 = Mul::f(v4, v2), v20 = Mul::f(v19, v17), v21 = Add::f(v18, v20),
        v22 = Mul::f(v5, v3), v24 = Mul::f(v23, v17), v25 = Mul::f(v24, v17), v26 = Add::f(v22, v25),
        v30 = Mul::f(v29, v21), v31 = Sqrt::f(v26), v36 = Mul::f(v31, v35), v37 = Add::f(v36, v11),
        v38 = Div::f(v30, v37), v39 = Mul::f(v6, v0), v40 = Add::f(v38, v39), v41 = Mul::f(v8, v40),
        v42 = Sub::f(v0, v41);
    o0[i] = v42;
    o1[i] = v21;
    o2[i] = v26;
  }
}

constexpr RuleStep k_adamw_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 12, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 7, 14, -1},
    {TileOp::Neg, 7, -1, -1}, {TileOp::Max, 13, 16, -1}, {TileOp::Min, 17, 7, -1}, {TileOp::Select, 15, 18, 13},
    {TileOp::Mul, 4, 2, -1}, {TileOp::Sub, 10, 4, -1}, {TileOp::Mul, 21, 19, -1}, {TileOp::Add, 20, 22, -1},
    {TileOp::Mul, 5, 3, -1}, {TileOp::Sub, 10, 5, -1}, {TileOp::Mul, 25, 19, -1}, {TileOp::Mul, 26, 19, -1},
    {TileOp::Add, 24, 27, -1}, {TileOp::Pow, 4, 9, -1}, {TileOp::Sub, 10, 29, -1}, {TileOp::Div, 10, 30, -1},
    {TileOp::Mul, 31, 23, -1}, {TileOp::Sqrt, 28, -1, -1}, {TileOp::Pow, 5, 9, -1}, {TileOp::Sub, 10, 34, -1},
    {TileOp::Sqrt, 35, -1, -1}, {TileOp::Div, 10, 36, -1}, {TileOp::Mul, 33, 37, -1}, {TileOp::Add, 38, 11, -1},
    {TileOp::Div, 32, 39, -1}, {TileOp::Mul, 6, 0, -1}, {TileOp::Add, 40, 41, -1}, {TileOp::Mul, 8, 42, -1},
    {TileOp::Sub, 0, 43, -1}};
void adamw_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1], *a2 = in[2], *a3 = in[3];
  const float v4 = *in[4], v5 = *in[5], v6 = *in[6], v7 = *in[7], v8 = *in[8], v9 = *in[9], v10 = c[0], v11 = c[1],
      v12 = c[2], v14 = c[4], v15 = Gt::f(v7, v14), v16 = Neg::f(v7), v21 = Sub::f(v10, v4), v25 = Sub::f(v10, v5),
      v29 = Pow::f(v4, v9), v30 = Sub::f(v10, v29), v31 = Div::f(v10, v30), v34 = Pow::f(v5, v9),
      v35 = Sub::f(v10, v34), v36 = Sqrt::f(v35), v37 = Div::f(v10, v36);
  float *o0 = out[0], *o1 = out[1], *o2 = out[2];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v2 = a2[i], v3 = a3[i], v13 = Mul::f(v1, v12), v17 = Max::f(v13, v16),
        v18 = Min::f(v17, v7), v19 = Select::f(v15, v18, v13), v20 = Mul::f(v4, v2), v22 = Mul::f(v21, v19),
        v23 = Add::f(v20, v22), v24 = Mul::f(v5, v3), v26 = Mul::f(v25, v19), v27 = Mul::f(v26, v19),
        v28 = Add::f(v24, v27), v32 = Mul::f(v31, v23), v33 = Sqrt::f(v28), v38 = Mul::f(v33, v37),
        v39 = Add::f(v38, v11), v40 = Div::f(v32, v39), v41 = Mul::f(v6, v0), v42 = Add::f(v40, v41),
        v43 = Mul::f(v8, v42), v44 = Sub::f(v0, v43);
    o0[i] = v44;
    o1[i] = v23;
    o2[i] = v28;
  }
}
