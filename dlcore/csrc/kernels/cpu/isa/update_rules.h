// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_sgd_update[] = {
    {TileOp::Mul, 1, 4, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 5, 7, -1},
    {TileOp::Neg, 5, -1, -1},
    {TileOp::Max, 6, 9, -1},
    {TileOp::Min, 10, 5, -1},
    {TileOp::Select, 8, 11, 6},
    {TileOp::Mul, 3, 0, -1},
    {TileOp::Add, 12, 13, -1},
    {TileOp::Mul, 2, 14, -1},
    {TileOp::Sub, 0, 15, -1},
};
void sgd_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float v2 = *in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  const float v7 = c[1];
  const float v8 = Gt::f(v5, v7);
  const float v9 = Neg::f(v5);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v6 = Mul::f(v1, v4);
    const float v10 = Max::f(v6, v9);
    const float v11 = Min::f(v10, v5);
    const float v12 = Select::f(v8, v11, v6);
    const float v13 = Mul::f(v3, v0);
    const float v14 = Add::f(v12, v13);
    const float v15 = Mul::f(v2, v14);
    const float v16 = Sub::f(v0, v15);
    o0[i] = v16;
  }
}

constexpr RuleStep k_sgd_update_plain[] = {
    {TileOp::Mul, 3, 0, -1},
    {TileOp::Add, 1, 4, -1},
    {TileOp::Mul, 2, 5, -1},
    {TileOp::Sub, 0, 6, -1},
};
void sgd_update_plain(int64_t n, const float* const* in, const float*, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float v2 = *in[2];
  const float v3 = *in[3];
  float* o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v4 = Mul::f(v3, v0);
    const float v5 = Add::f(v1, v4);
    const float v6 = Mul::f(v2, v5);
    const float v7 = Sub::f(v0, v6);
    o0[i] = v7;
  }
}

constexpr RuleStep k_sgd_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 4, -1},
    {TileOp::Mul, 3, 0, -1},
    {TileOp::Add, 5, 6, -1},
    {TileOp::Mul, 2, 7, -1},
    {TileOp::Sub, 0, 8, -1},
};
void sgd_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float v2 = *in[2];
  const float v3 = *in[3];
  float* o0 = out[0];
  const float v4 = c[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v5 = Mul::f(v1, v4);
    const float v6 = Mul::f(v3, v0);
    const float v7 = Add::f(v5, v6);
    const float v8 = Mul::f(v2, v7);
    const float v9 = Sub::f(v0, v8);
    o0[i] = v9;
  }
}

constexpr RuleStep k_sgd_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 4, 5, -1},
    {TileOp::Neg, 4, -1, -1},
    {TileOp::Max, 1, 7, -1},
    {TileOp::Min, 8, 4, -1},
    {TileOp::Select, 6, 9, 1},
    {TileOp::Mul, 3, 0, -1},
    {TileOp::Add, 10, 11, -1},
    {TileOp::Mul, 2, 12, -1},
    {TileOp::Sub, 0, 13, -1},
};
void sgd_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float v2 = *in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  float* o0 = out[0];
  const float v5 = c[0];
  const float v6 = Gt::f(v4, v5);
  const float v7 = Neg::f(v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v8 = Max::f(v1, v7);
    const float v9 = Min::f(v8, v4);
    const float v10 = Select::f(v6, v9, v1);
    const float v11 = Mul::f(v3, v0);
    const float v12 = Add::f(v10, v11);
    const float v13 = Mul::f(v2, v12);
    const float v14 = Sub::f(v0, v13);
    o0[i] = v14;
  }
}

constexpr RuleStep k_sgd_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 5, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 4, 7, -1},
    {TileOp::Neg, 4, -1, -1},
    {TileOp::Max, 6, 9, -1},
    {TileOp::Min, 10, 4, -1},
    {TileOp::Select, 8, 11, 6},
    {TileOp::Mul, 3, 0, -1},
    {TileOp::Add, 12, 13, -1},
    {TileOp::Mul, 2, 14, -1},
    {TileOp::Sub, 0, 15, -1},
};
void sgd_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float v2 = *in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  float* o0 = out[0];
  const float v5 = c[0];
  const float v7 = c[2];
  const float v8 = Gt::f(v4, v7);
  const float v9 = Neg::f(v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v6 = Mul::f(v1, v5);
    const float v10 = Max::f(v6, v9);
    const float v11 = Min::f(v10, v4);
    const float v12 = Select::f(v8, v11, v6);
    const float v13 = Mul::f(v3, v0);
    const float v14 = Add::f(v12, v13);
    const float v15 = Mul::f(v2, v14);
    const float v16 = Sub::f(v0, v15);
    o0[i] = v16;
  }
}

constexpr RuleStep k_sgd_mom_update[] = {
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 7, 9, -1},
    {TileOp::Neg, 7, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 7, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Mul, 3, 16, -1},
    {TileOp::Sub, 17, 18, -1},
    {TileOp::Add, 0, 19, -1},
};
void sgd_mom_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v9 = c[1];
  const float v10 = Gt::f(v7, v9);
  const float v11 = Neg::f(v7);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v6);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v7);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v18 = Mul::f(v3, v16);
    const float v19 = Sub::f(v17, v18);
    const float v20 = Add::f(v0, v19);
    o0[i] = v20;
    o1[i] = v19;
  }
}

constexpr RuleStep k_sgd_mom_update_plain[] = {
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 1, 6, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Mul, 3, 7, -1},
    {TileOp::Sub, 8, 9, -1},
    {TileOp::Add, 0, 10, -1},
};
void sgd_mom_update_plain(int64_t n, const float* const* in, const float*, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v6 = Mul::f(v5, v0);
    const float v7 = Add::f(v1, v6);
    const float v8 = Mul::f(v4, v2);
    const float v9 = Mul::f(v3, v7);
    const float v10 = Sub::f(v8, v9);
    const float v11 = Add::f(v0, v10);
    o0[i] = v11;
    o1[i] = v10;
  }
}

constexpr RuleStep k_sgd_mom_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 7, 8, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Mul, 3, 9, -1},
    {TileOp::Sub, 10, 11, -1},
    {TileOp::Add, 0, 12, -1},
};
void sgd_mom_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v7 = Mul::f(v1, v6);
    const float v8 = Mul::f(v5, v0);
    const float v9 = Add::f(v7, v8);
    const float v10 = Mul::f(v4, v2);
    const float v11 = Mul::f(v3, v9);
    const float v12 = Sub::f(v10, v11);
    const float v13 = Add::f(v0, v12);
    o0[i] = v13;
    o1[i] = v12;
  }
}

constexpr RuleStep k_sgd_mom_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 7, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 1, 9, -1},
    {TileOp::Min, 10, 6, -1},
    {TileOp::Select, 8, 11, 1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 12, 13, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Mul, 3, 14, -1},
    {TileOp::Sub, 15, 16, -1},
    {TileOp::Add, 0, 17, -1},
};
void sgd_mom_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v8 = Gt::f(v6, v7);
  const float v9 = Neg::f(v6);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v10 = Max::f(v1, v9);
    const float v11 = Min::f(v10, v6);
    const float v12 = Select::f(v8, v11, v1);
    const float v13 = Mul::f(v5, v0);
    const float v14 = Add::f(v12, v13);
    const float v15 = Mul::f(v4, v2);
    const float v16 = Mul::f(v3, v14);
    const float v17 = Sub::f(v15, v16);
    const float v18 = Add::f(v0, v17);
    o0[i] = v18;
    o1[i] = v17;
  }
}

constexpr RuleStep k_sgd_mom_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 9, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 6, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Mul, 3, 16, -1},
    {TileOp::Sub, 17, 18, -1},
    {TileOp::Add, 0, 19, -1},
};
void sgd_mom_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v9 = c[2];
  const float v10 = Gt::f(v6, v9);
  const float v11 = Neg::f(v6);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v7);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v6);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v18 = Mul::f(v3, v16);
    const float v19 = Sub::f(v17, v18);
    const float v20 = Add::f(v0, v19);
    o0[i] = v20;
    o1[i] = v19;
  }
}

constexpr RuleStep k_sgd_ema_update[] = {
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 7, 9, -1},
    {TileOp::Neg, 7, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 7, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 18, 4, -1},
    {TileOp::Mul, 19, 16, -1},
    {TileOp::Add, 17, 20, -1},
    {TileOp::Mul, 3, 21, -1},
    {TileOp::Sub, 0, 22, -1},
};
void sgd_ema_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v9 = c[1];
  const float v10 = Gt::f(v7, v9);
  const float v11 = Neg::f(v7);
  const float v18 = c[10];
  const float v19 = Sub::f(v18, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v6);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v7);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v20 = Mul::f(v19, v16);
    const float v21 = Add::f(v17, v20);
    const float v22 = Mul::f(v3, v21);
    const float v23 = Sub::f(v0, v22);
    o0[i] = v23;
    o1[i] = v21;
  }
}

constexpr RuleStep k_sgd_ema_update_plain[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 1, 7, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 6, 4, -1},
    {TileOp::Mul, 10, 8, -1},
    {TileOp::Add, 9, 11, -1},
    {TileOp::Mul, 3, 12, -1},
    {TileOp::Sub, 0, 13, -1},
};
void sgd_ema_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
  const float v10 = Sub::f(v6, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v7 = Mul::f(v5, v0);
    const float v8 = Add::f(v1, v7);
    const float v9 = Mul::f(v4, v2);
    const float v11 = Mul::f(v10, v8);
    const float v12 = Add::f(v9, v11);
    const float v13 = Mul::f(v3, v12);
    const float v14 = Sub::f(v0, v13);
    o0[i] = v14;
    o1[i] = v12;
  }
}

constexpr RuleStep k_sgd_ema_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 7, 9, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 8, 4, -1},
    {TileOp::Mul, 12, 10, -1},
    {TileOp::Add, 11, 13, -1},
    {TileOp::Mul, 3, 14, -1},
    {TileOp::Sub, 0, 15, -1},
};
void sgd_ema_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
  const float v8 = c[2];
  const float v12 = Sub::f(v8, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v7 = Mul::f(v1, v6);
    const float v9 = Mul::f(v5, v0);
    const float v10 = Add::f(v7, v9);
    const float v11 = Mul::f(v4, v2);
    const float v13 = Mul::f(v12, v10);
    const float v14 = Add::f(v11, v13);
    const float v15 = Mul::f(v3, v14);
    const float v16 = Sub::f(v0, v15);
    o0[i] = v16;
    o1[i] = v14;
  }
}

constexpr RuleStep k_sgd_ema_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 8, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 1, 10, -1},
    {TileOp::Min, 11, 6, -1},
    {TileOp::Select, 9, 12, 1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 13, 14, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 7, 4, -1},
    {TileOp::Mul, 17, 15, -1},
    {TileOp::Add, 16, 18, -1},
    {TileOp::Mul, 3, 19, -1},
    {TileOp::Sub, 0, 20, -1},
};
void sgd_ema_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v8 = c[1];
  const float v9 = Gt::f(v6, v8);
  const float v10 = Neg::f(v6);
  const float v17 = Sub::f(v7, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v11 = Max::f(v1, v10);
    const float v12 = Min::f(v11, v6);
    const float v13 = Select::f(v9, v12, v1);
    const float v14 = Mul::f(v5, v0);
    const float v15 = Add::f(v13, v14);
    const float v16 = Mul::f(v4, v2);
    const float v18 = Mul::f(v17, v15);
    const float v19 = Add::f(v16, v18);
    const float v20 = Mul::f(v3, v19);
    const float v21 = Sub::f(v0, v20);
    o0[i] = v21;
    o1[i] = v19;
  }
}

constexpr RuleStep k_sgd_ema_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 9, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 6, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 18, 4, -1},
    {TileOp::Mul, 19, 16, -1},
    {TileOp::Add, 17, 20, -1},
    {TileOp::Mul, 3, 21, -1},
    {TileOp::Sub, 0, 22, -1},
};
void sgd_ema_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v9 = c[2];
  const float v10 = Gt::f(v6, v9);
  const float v11 = Neg::f(v6);
  const float v18 = c[11];
  const float v19 = Sub::f(v18, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v7);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v6);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v20 = Mul::f(v19, v16);
    const float v21 = Add::f(v17, v20);
    const float v22 = Mul::f(v3, v21);
    const float v23 = Sub::f(v0, v22);
    o0[i] = v23;
    o1[i] = v21;
  }
}

constexpr RuleStep k_nag_mom_update[] = {
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 7, 9, -1},
    {TileOp::Neg, 7, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 7, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Add, 17, 16, -1},
    {TileOp::Mul, 4, 18, -1},
    {TileOp::Add, 19, 16, -1},
    {TileOp::Mul, 3, 20, -1},
    {TileOp::Sub, 0, 21, -1},
};
void nag_mom_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v9 = c[1];
  const float v10 = Gt::f(v7, v9);
  const float v11 = Neg::f(v7);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v6);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v7);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v18 = Add::f(v17, v16);
    const float v19 = Mul::f(v4, v18);
    const float v20 = Add::f(v19, v16);
    const float v21 = Mul::f(v3, v20);
    const float v22 = Sub::f(v0, v21);
    o0[i] = v22;
    o1[i] = v18;
  }
}

constexpr RuleStep k_nag_mom_update_plain[] = {
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 1, 6, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Add, 8, 7, -1},
    {TileOp::Mul, 4, 9, -1},
    {TileOp::Add, 10, 7, -1},
    {TileOp::Mul, 3, 11, -1},
    {TileOp::Sub, 0, 12, -1},
};
void nag_mom_update_plain(int64_t n, const float* const* in, const float*, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v6 = Mul::f(v5, v0);
    const float v7 = Add::f(v1, v6);
    const float v8 = Mul::f(v4, v2);
    const float v9 = Add::f(v8, v7);
    const float v10 = Mul::f(v4, v9);
    const float v11 = Add::f(v10, v7);
    const float v12 = Mul::f(v3, v11);
    const float v13 = Sub::f(v0, v12);
    o0[i] = v13;
    o1[i] = v9;
  }
}

constexpr RuleStep k_nag_mom_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 6, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 7, 8, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Add, 10, 9, -1},
    {TileOp::Mul, 4, 11, -1},
    {TileOp::Add, 12, 9, -1},
    {TileOp::Mul, 3, 13, -1},
    {TileOp::Sub, 0, 14, -1},
};
void nag_mom_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v7 = Mul::f(v1, v6);
    const float v8 = Mul::f(v5, v0);
    const float v9 = Add::f(v7, v8);
    const float v10 = Mul::f(v4, v2);
    const float v11 = Add::f(v10, v9);
    const float v12 = Mul::f(v4, v11);
    const float v13 = Add::f(v12, v9);
    const float v14 = Mul::f(v3, v13);
    const float v15 = Sub::f(v0, v14);
    o0[i] = v15;
    o1[i] = v11;
  }
}

constexpr RuleStep k_nag_mom_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 7, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 1, 9, -1},
    {TileOp::Min, 10, 6, -1},
    {TileOp::Select, 8, 11, 1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 12, 13, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Add, 15, 14, -1},
    {TileOp::Mul, 4, 16, -1},
    {TileOp::Add, 17, 14, -1},
    {TileOp::Mul, 3, 18, -1},
    {TileOp::Sub, 0, 19, -1},
};
void nag_mom_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v8 = Gt::f(v6, v7);
  const float v9 = Neg::f(v6);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v10 = Max::f(v1, v9);
    const float v11 = Min::f(v10, v6);
    const float v12 = Select::f(v8, v11, v1);
    const float v13 = Mul::f(v5, v0);
    const float v14 = Add::f(v12, v13);
    const float v15 = Mul::f(v4, v2);
    const float v16 = Add::f(v15, v14);
    const float v17 = Mul::f(v4, v16);
    const float v18 = Add::f(v17, v14);
    const float v19 = Mul::f(v3, v18);
    const float v20 = Sub::f(v0, v19);
    o0[i] = v20;
    o1[i] = v16;
  }
}

constexpr RuleStep k_nag_mom_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 9, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 8, 11, -1},
    {TileOp::Min, 12, 6, -1},
    {TileOp::Select, 10, 13, 8},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Add, 17, 16, -1},
    {TileOp::Mul, 4, 18, -1},
    {TileOp::Add, 19, 16, -1},
    {TileOp::Mul, 3, 20, -1},
    {TileOp::Sub, 0, 21, -1},
};
void nag_mom_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v9 = c[2];
  const float v10 = Gt::f(v6, v9);
  const float v11 = Neg::f(v6);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v7);
    const float v12 = Max::f(v8, v11);
    const float v13 = Min::f(v12, v6);
    const float v14 = Select::f(v10, v13, v8);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v18 = Add::f(v17, v16);
    const float v19 = Mul::f(v4, v18);
    const float v20 = Add::f(v19, v16);
    const float v21 = Mul::f(v3, v20);
    const float v22 = Sub::f(v0, v21);
    o0[i] = v22;
    o1[i] = v18;
  }
}

constexpr RuleStep k_adam_update[] = {
    {TileOp::Mul, 1, 9, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 10, 13, -1},
    {TileOp::Neg, 10, -1, -1},
    {TileOp::Max, 12, 15, -1},
    {TileOp::Min, 16, 10, -1},
    {TileOp::Select, 14, 17, 12},
    {TileOp::Mul, 8, 0, -1},
    {TileOp::Add, 18, 19, -1},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 22, 5, -1},
    {TileOp::Mul, 23, 20, -1},
    {TileOp::Add, 21, 24, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 22, 6, -1},
    {TileOp::Mul, 27, 20, -1},
    {TileOp::Mul, 28, 20, -1},
    {TileOp::Add, 26, 29, -1},
    {TileOp::Pow, 5, 11, -1},
    {TileOp::Sub, 22, 31, -1},
    {TileOp::Div, 25, 32, -1},
    {TileOp::Mul, 4, 33, -1},
    {TileOp::Pow, 6, 11, -1},
    {TileOp::Sub, 22, 35, -1},
    {TileOp::Div, 30, 36, -1},
    {TileOp::Sqrt, 37, -1, -1},
    {TileOp::Add, 38, 7, -1},
    {TileOp::Div, 34, 39, -1},
    {TileOp::Sub, 0, 40, -1},
};
void adam_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  const float v10 = *in[10];
  const float v11 = *in[11];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v13 = c[1];
  const float v14 = Gt::f(v10, v13);
  const float v15 = Neg::f(v10);
  const float v22 = c[10];
  const float v23 = Sub::f(v22, v5);
  const float v27 = Sub::f(v22, v6);
  const float v31 = Pow::f(v5, v11);
  const float v32 = Sub::f(v22, v31);
  const float v35 = Pow::f(v6, v11);
  const float v36 = Sub::f(v22, v35);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v12 = Mul::f(v1, v9);
    const float v16 = Max::f(v12, v15);
    const float v17 = Min::f(v16, v10);
    const float v18 = Select::f(v14, v17, v12);
    const float v19 = Mul::f(v8, v0);
    const float v20 = Add::f(v18, v19);
    const float v21 = Mul::f(v5, v2);
    const float v24 = Mul::f(v23, v20);
    const float v25 = Add::f(v21, v24);
    const float v26 = Mul::f(v6, v3);
    const float v28 = Mul::f(v27, v20);
    const float v29 = Mul::f(v28, v20);
    const float v30 = Add::f(v26, v29);
    const float v33 = Div::f(v25, v32);
    const float v34 = Mul::f(v4, v33);
    const float v37 = Div::f(v30, v36);
    const float v38 = Sqrt::f(v37);
    const float v39 = Add::f(v38, v7);
    const float v40 = Div::f(v34, v39);
    const float v41 = Sub::f(v0, v40);
    o0[i] = v41;
    o1[i] = v25;
    o2[i] = v30;
  }
}

constexpr RuleStep k_adam_update_plain[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 7, 0, -1},
    {TileOp::Add, 1, 11, -1},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Sub, 10, 5, -1},
    {TileOp::Mul, 14, 12, -1},
    {TileOp::Add, 13, 15, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 10, 6, -1},
    {TileOp::Mul, 18, 12, -1},
    {TileOp::Mul, 19, 12, -1},
    {TileOp::Add, 17, 20, -1},
    {TileOp::Pow, 5, 8, -1},
    {TileOp::Sub, 10, 22, -1},
    {TileOp::Div, 16, 23, -1},
    {TileOp::Mul, 4, 24, -1},
    {TileOp::Pow, 6, 8, -1},
    {TileOp::Sub, 10, 26, -1},
    {TileOp::Div, 21, 27, -1},
    {TileOp::Sqrt, 28, -1, -1},
    {TileOp::Add, 29, 9, -1},
    {TileOp::Div, 25, 30, -1},
    {TileOp::Sub, 0, 31, -1},
};
void adam_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v9 = c[0];
  const float v10 = c[1];
  const float v14 = Sub::f(v10, v5);
  const float v18 = Sub::f(v10, v6);
  const float v22 = Pow::f(v5, v8);
  const float v23 = Sub::f(v10, v22);
  const float v26 = Pow::f(v6, v8);
  const float v27 = Sub::f(v10, v26);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v11 = Mul::f(v7, v0);
    const float v12 = Add::f(v1, v11);
    const float v13 = Mul::f(v5, v2);
    const float v15 = Mul::f(v14, v12);
    const float v16 = Add::f(v13, v15);
    const float v17 = Mul::f(v6, v3);
    const float v19 = Mul::f(v18, v12);
    const float v20 = Mul::f(v19, v12);
    const float v21 = Add::f(v17, v20);
    const float v24 = Div::f(v16, v23);
    const float v25 = Mul::f(v4, v24);
    const float v28 = Div::f(v21, v27);
    const float v29 = Sqrt::f(v28);
    const float v30 = Add::f(v29, v9);
    const float v31 = Div::f(v25, v30);
    const float v32 = Sub::f(v0, v31);
    o0[i] = v32;
    o1[i] = v16;
    o2[i] = v21;
  }
}

constexpr RuleStep k_adam_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 10, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 7, 0, -1},
    {TileOp::Add, 11, 13, -1},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Sub, 12, 5, -1},
    {TileOp::Mul, 16, 14, -1},
    {TileOp::Add, 15, 17, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 12, 6, -1},
    {TileOp::Mul, 20, 14, -1},
    {TileOp::Mul, 21, 14, -1},
    {TileOp::Add, 19, 22, -1},
    {TileOp::Pow, 5, 8, -1},
    {TileOp::Sub, 12, 24, -1},
    {TileOp::Div, 18, 25, -1},
    {TileOp::Mul, 4, 26, -1},
    {TileOp::Pow, 6, 8, -1},
    {TileOp::Sub, 12, 28, -1},
    {TileOp::Div, 23, 29, -1},
    {TileOp::Sqrt, 30, -1, -1},
    {TileOp::Add, 31, 9, -1},
    {TileOp::Div, 27, 32, -1},
    {TileOp::Sub, 0, 33, -1},
};
void adam_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v9 = c[0];
  const float v10 = c[1];
  const float v12 = c[3];
  const float v16 = Sub::f(v12, v5);
  const float v20 = Sub::f(v12, v6);
  const float v24 = Pow::f(v5, v8);
  const float v25 = Sub::f(v12, v24);
  const float v28 = Pow::f(v6, v8);
  const float v29 = Sub::f(v12, v28);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v11 = Mul::f(v1, v10);
    const float v13 = Mul::f(v7, v0);
    const float v14 = Add::f(v11, v13);
    const float v15 = Mul::f(v5, v2);
    const float v17 = Mul::f(v16, v14);
    const float v18 = Add::f(v15, v17);
    const float v19 = Mul::f(v6, v3);
    const float v21 = Mul::f(v20, v14);
    const float v22 = Mul::f(v21, v14);
    const float v23 = Add::f(v19, v22);
    const float v26 = Div::f(v18, v25);
    const float v27 = Mul::f(v4, v26);
    const float v30 = Div::f(v23, v29);
    const float v31 = Sqrt::f(v30);
    const float v32 = Add::f(v31, v9);
    const float v33 = Div::f(v27, v32);
    const float v34 = Sub::f(v0, v33);
    o0[i] = v34;
    o1[i] = v18;
    o2[i] = v23;
  }
}

constexpr RuleStep k_adam_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 8, 12, -1},
    {TileOp::Neg, 8, -1, -1},
    {TileOp::Max, 1, 14, -1},
    {TileOp::Min, 15, 8, -1},
    {TileOp::Select, 13, 16, 1},
    {TileOp::Mul, 7, 0, -1},
    {TileOp::Add, 17, 18, -1},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Sub, 11, 5, -1},
    {TileOp::Mul, 21, 19, -1},
    {TileOp::Add, 20, 22, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 11, 6, -1},
    {TileOp::Mul, 25, 19, -1},
    {TileOp::Mul, 26, 19, -1},
    {TileOp::Add, 24, 27, -1},
    {TileOp::Pow, 5, 9, -1},
    {TileOp::Sub, 11, 29, -1},
    {TileOp::Div, 23, 30, -1},
    {TileOp::Mul, 4, 31, -1},
    {TileOp::Pow, 6, 9, -1},
    {TileOp::Sub, 11, 33, -1},
    {TileOp::Div, 28, 34, -1},
    {TileOp::Sqrt, 35, -1, -1},
    {TileOp::Add, 36, 10, -1},
    {TileOp::Div, 32, 37, -1},
    {TileOp::Sub, 0, 38, -1},
};
void adam_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v10 = c[0];
  const float v11 = c[1];
  const float v12 = c[2];
  const float v13 = Gt::f(v8, v12);
  const float v14 = Neg::f(v8);
  const float v21 = Sub::f(v11, v5);
  const float v25 = Sub::f(v11, v6);
  const float v29 = Pow::f(v5, v9);
  const float v30 = Sub::f(v11, v29);
  const float v33 = Pow::f(v6, v9);
  const float v34 = Sub::f(v11, v33);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v15 = Max::f(v1, v14);
    const float v16 = Min::f(v15, v8);
    const float v17 = Select::f(v13, v16, v1);
    const float v18 = Mul::f(v7, v0);
    const float v19 = Add::f(v17, v18);
    const float v20 = Mul::f(v5, v2);
    const float v22 = Mul::f(v21, v19);
    const float v23 = Add::f(v20, v22);
    const float v24 = Mul::f(v6, v3);
    const float v26 = Mul::f(v25, v19);
    const float v27 = Mul::f(v26, v19);
    const float v28 = Add::f(v24, v27);
    const float v31 = Div::f(v23, v30);
    const float v32 = Mul::f(v4, v31);
    const float v35 = Div::f(v28, v34);
    const float v36 = Sqrt::f(v35);
    const float v37 = Add::f(v36, v10);
    const float v38 = Div::f(v32, v37);
    const float v39 = Sub::f(v0, v38);
    o0[i] = v39;
    o1[i] = v23;
    o2[i] = v28;
  }
}

constexpr RuleStep k_adam_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 11, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 8, 13, -1},
    {TileOp::Neg, 8, -1, -1},
    {TileOp::Max, 12, 15, -1},
    {TileOp::Min, 16, 8, -1},
    {TileOp::Select, 14, 17, 12},
    {TileOp::Mul, 7, 0, -1},
    {TileOp::Add, 18, 19, -1},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 22, 5, -1},
    {TileOp::Mul, 23, 20, -1},
    {TileOp::Add, 21, 24, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 22, 6, -1},
    {TileOp::Mul, 27, 20, -1},
    {TileOp::Mul, 28, 20, -1},
    {TileOp::Add, 26, 29, -1},
    {TileOp::Pow, 5, 9, -1},
    {TileOp::Sub, 22, 31, -1},
    {TileOp::Div, 25, 32, -1},
    {TileOp::Mul, 4, 33, -1},
    {TileOp::Pow, 6, 9, -1},
    {TileOp::Sub, 22, 35, -1},
    {TileOp::Div, 30, 36, -1},
    {TileOp::Sqrt, 37, -1, -1},
    {TileOp::Add, 38, 10, -1},
    {TileOp::Div, 34, 39, -1},
    {TileOp::Sub, 0, 40, -1},
};
void adam_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v10 = c[0];
  const float v11 = c[1];
  const float v13 = c[3];
  const float v14 = Gt::f(v8, v13);
  const float v15 = Neg::f(v8);
  const float v22 = c[12];
  const float v23 = Sub::f(v22, v5);
  const float v27 = Sub::f(v22, v6);
  const float v31 = Pow::f(v5, v9);
  const float v32 = Sub::f(v22, v31);
  const float v35 = Pow::f(v6, v9);
  const float v36 = Sub::f(v22, v35);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v12 = Mul::f(v1, v11);
    const float v16 = Max::f(v12, v15);
    const float v17 = Min::f(v16, v8);
    const float v18 = Select::f(v14, v17, v12);
    const float v19 = Mul::f(v7, v0);
    const float v20 = Add::f(v18, v19);
    const float v21 = Mul::f(v5, v2);
    const float v24 = Mul::f(v23, v20);
    const float v25 = Add::f(v21, v24);
    const float v26 = Mul::f(v6, v3);
    const float v28 = Mul::f(v27, v20);
    const float v29 = Mul::f(v28, v20);
    const float v30 = Add::f(v26, v29);
    const float v33 = Div::f(v25, v32);
    const float v34 = Mul::f(v4, v33);
    const float v37 = Div::f(v30, v36);
    const float v38 = Sqrt::f(v37);
    const float v39 = Add::f(v38, v10);
    const float v40 = Div::f(v34, v39);
    const float v41 = Sub::f(v0, v40);
    o0[i] = v41;
    o1[i] = v25;
    o2[i] = v30;
  }
}

constexpr RuleStep k_adamw_update[] = {
    {TileOp::Mul, 1, 9, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 10, 14, -1},
    {TileOp::Neg, 10, -1, -1},
    {TileOp::Max, 13, 16, -1},
    {TileOp::Min, 17, 10, -1},
    {TileOp::Select, 15, 18, 13},
    {TileOp::Mul, 5, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 21, 5, -1},
    {TileOp::Mul, 22, 19, -1},
    {TileOp::Add, 20, 23, -1},
    {TileOp::Mul, 6, 3, -1},
    {TileOp::Sub, 21, 6, -1},
    {TileOp::Mul, 26, 19, -1},
    {TileOp::Mul, 27, 19, -1},
    {TileOp::Add, 25, 28, -1},
    {TileOp::Pow, 5, 12, -1},
    {TileOp::Sub, 21, 30, -1},
    {TileOp::Div, 24, 31, -1},
    {TileOp::Mul, 4, 32, -1},
    {TileOp::Pow, 6, 12, -1},
    {TileOp::Sub, 21, 34, -1},
    {TileOp::Div, 29, 35, -1},
    {TileOp::Sqrt, 36, -1, -1},
    {TileOp::Add, 37, 7, -1},
    {TileOp::Div, 33, 38, -1},
    {TileOp::Mul, 8, 0, -1},
    {TileOp::Add, 39, 40, -1},
    {TileOp::Mul, 11, 41, -1},
    {TileOp::Sub, 0, 42, -1},
};
void adamw_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  const float v10 = *in[10];
  const float v11 = *in[11];
  const float v12 = *in[12];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v14 = c[1];
  const float v15 = Gt::f(v10, v14);
  const float v16 = Neg::f(v10);
  const float v21 = c[8];
  const float v22 = Sub::f(v21, v5);
  const float v26 = Sub::f(v21, v6);
  const float v30 = Pow::f(v5, v12);
  const float v31 = Sub::f(v21, v30);
  const float v34 = Pow::f(v6, v12);
  const float v35 = Sub::f(v21, v34);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v13 = Mul::f(v1, v9);
    const float v17 = Max::f(v13, v16);
    const float v18 = Min::f(v17, v10);
    const float v19 = Select::f(v15, v18, v13);
    const float v20 = Mul::f(v5, v2);
    const float v23 = Mul::f(v22, v19);
    const float v24 = Add::f(v20, v23);
    const float v25 = Mul::f(v6, v3);
    const float v27 = Mul::f(v26, v19);
    const float v28 = Mul::f(v27, v19);
    const float v29 = Add::f(v25, v28);
    const float v32 = Div::f(v24, v31);
    const float v33 = Mul::f(v4, v32);
    const float v36 = Div::f(v29, v35);
    const float v37 = Sqrt::f(v36);
    const float v38 = Add::f(v37, v7);
    const float v39 = Div::f(v33, v38);
    const float v40 = Mul::f(v8, v0);
    const float v41 = Add::f(v39, v40);
    const float v42 = Mul::f(v11, v41);
    const float v43 = Sub::f(v0, v42);
    o0[i] = v43;
    o1[i] = v24;
    o2[i] = v29;
  }
}

constexpr RuleStep k_adamw_update_plain[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 9, 4, -1},
    {TileOp::Mul, 12, 1, -1},
    {TileOp::Add, 11, 13, -1},
    {TileOp::Mul, 5, 3, -1},
    {TileOp::Sub, 9, 5, -1},
    {TileOp::Mul, 16, 1, -1},
    {TileOp::Mul, 17, 1, -1},
    {TileOp::Add, 15, 18, -1},
    {TileOp::Pow, 4, 8, -1},
    {TileOp::Sub, 9, 20, -1},
    {TileOp::Div, 14, 21, -1},
    {TileOp::Pow, 5, 8, -1},
    {TileOp::Sub, 9, 23, -1},
    {TileOp::Div, 19, 24, -1},
    {TileOp::Sqrt, 25, -1, -1},
    {TileOp::Add, 26, 10, -1},
    {TileOp::Div, 22, 27, -1},
    {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 28, 29, -1},
    {TileOp::Mul, 7, 30, -1},
    {TileOp::Sub, 0, 31, -1},
};
void adamw_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v9 = c[0];
  const float v10 = c[1];
  const float v12 = Sub::f(v9, v4);
  const float v16 = Sub::f(v9, v5);
  const float v20 = Pow::f(v4, v8);
  const float v21 = Sub::f(v9, v20);
  const float v23 = Pow::f(v5, v8);
  const float v24 = Sub::f(v9, v23);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v11 = Mul::f(v4, v2);
    const float v13 = Mul::f(v12, v1);
    const float v14 = Add::f(v11, v13);
    const float v15 = Mul::f(v5, v3);
    const float v17 = Mul::f(v16, v1);
    const float v18 = Mul::f(v17, v1);
    const float v19 = Add::f(v15, v18);
    const float v22 = Div::f(v14, v21);
    const float v25 = Div::f(v19, v24);
    const float v26 = Sqrt::f(v25);
    const float v27 = Add::f(v26, v10);
    const float v28 = Div::f(v22, v27);
    const float v29 = Mul::f(v6, v0);
    const float v30 = Add::f(v28, v29);
    const float v31 = Mul::f(v7, v30);
    const float v32 = Sub::f(v0, v31);
    o0[i] = v32;
    o1[i] = v14;
    o2[i] = v19;
  }
}

constexpr RuleStep k_adamw_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 11, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 9, 4, -1},
    {TileOp::Mul, 14, 12, -1},
    {TileOp::Add, 13, 15, -1},
    {TileOp::Mul, 5, 3, -1},
    {TileOp::Sub, 9, 5, -1},
    {TileOp::Mul, 18, 12, -1},
    {TileOp::Mul, 19, 12, -1},
    {TileOp::Add, 17, 20, -1},
    {TileOp::Pow, 4, 8, -1},
    {TileOp::Sub, 9, 22, -1},
    {TileOp::Div, 16, 23, -1},
    {TileOp::Pow, 5, 8, -1},
    {TileOp::Sub, 9, 25, -1},
    {TileOp::Div, 21, 26, -1},
    {TileOp::Sqrt, 27, -1, -1},
    {TileOp::Add, 28, 10, -1},
    {TileOp::Div, 24, 29, -1},
    {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 30, 31, -1},
    {TileOp::Mul, 7, 32, -1},
    {TileOp::Sub, 0, 33, -1},
};
void adamw_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v9 = c[0];
  const float v10 = c[1];
  const float v11 = c[2];
  const float v14 = Sub::f(v9, v4);
  const float v18 = Sub::f(v9, v5);
  const float v22 = Pow::f(v4, v8);
  const float v23 = Sub::f(v9, v22);
  const float v25 = Pow::f(v5, v8);
  const float v26 = Sub::f(v9, v25);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v12 = Mul::f(v1, v11);
    const float v13 = Mul::f(v4, v2);
    const float v15 = Mul::f(v14, v12);
    const float v16 = Add::f(v13, v15);
    const float v17 = Mul::f(v5, v3);
    const float v19 = Mul::f(v18, v12);
    const float v20 = Mul::f(v19, v12);
    const float v21 = Add::f(v17, v20);
    const float v24 = Div::f(v16, v23);
    const float v27 = Div::f(v21, v26);
    const float v28 = Sqrt::f(v27);
    const float v29 = Add::f(v28, v10);
    const float v30 = Div::f(v24, v29);
    const float v31 = Mul::f(v6, v0);
    const float v32 = Add::f(v30, v31);
    const float v33 = Mul::f(v7, v32);
    const float v34 = Sub::f(v0, v33);
    o0[i] = v34;
    o1[i] = v16;
    o2[i] = v21;
  }
}

constexpr RuleStep k_adamw_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 7, 12, -1},
    {TileOp::Neg, 7, -1, -1},
    {TileOp::Max, 1, 14, -1},
    {TileOp::Min, 15, 7, -1},
    {TileOp::Select, 13, 16, 1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 10, 4, -1},
    {TileOp::Mul, 19, 17, -1},
    {TileOp::Add, 18, 20, -1},
    {TileOp::Mul, 5, 3, -1},
    {TileOp::Sub, 10, 5, -1},
    {TileOp::Mul, 23, 17, -1},
    {TileOp::Mul, 24, 17, -1},
    {TileOp::Add, 22, 25, -1},
    {TileOp::Pow, 4, 9, -1},
    {TileOp::Sub, 10, 27, -1},
    {TileOp::Div, 21, 28, -1},
    {TileOp::Pow, 5, 9, -1},
    {TileOp::Sub, 10, 30, -1},
    {TileOp::Div, 26, 31, -1},
    {TileOp::Sqrt, 32, -1, -1},
    {TileOp::Add, 33, 11, -1},
    {TileOp::Div, 29, 34, -1},
    {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 35, 36, -1},
    {TileOp::Mul, 8, 37, -1},
    {TileOp::Sub, 0, 38, -1},
};
void adamw_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v10 = c[0];
  const float v11 = c[1];
  const float v12 = c[2];
  const float v13 = Gt::f(v7, v12);
  const float v14 = Neg::f(v7);
  const float v19 = Sub::f(v10, v4);
  const float v23 = Sub::f(v10, v5);
  const float v27 = Pow::f(v4, v9);
  const float v28 = Sub::f(v10, v27);
  const float v30 = Pow::f(v5, v9);
  const float v31 = Sub::f(v10, v30);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v15 = Max::f(v1, v14);
    const float v16 = Min::f(v15, v7);
    const float v17 = Select::f(v13, v16, v1);
    const float v18 = Mul::f(v4, v2);
    const float v20 = Mul::f(v19, v17);
    const float v21 = Add::f(v18, v20);
    const float v22 = Mul::f(v5, v3);
    const float v24 = Mul::f(v23, v17);
    const float v25 = Mul::f(v24, v17);
    const float v26 = Add::f(v22, v25);
    const float v29 = Div::f(v21, v28);
    const float v32 = Div::f(v26, v31);
    const float v33 = Sqrt::f(v32);
    const float v34 = Add::f(v33, v11);
    const float v35 = Div::f(v29, v34);
    const float v36 = Mul::f(v6, v0);
    const float v37 = Add::f(v35, v36);
    const float v38 = Mul::f(v8, v37);
    const float v39 = Sub::f(v0, v38);
    o0[i] = v39;
    o1[i] = v21;
    o2[i] = v26;
  }
}

constexpr RuleStep k_adamw_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 12, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 7, 14, -1},
    {TileOp::Neg, 7, -1, -1},
    {TileOp::Max, 13, 16, -1},
    {TileOp::Min, 17, 7, -1},
    {TileOp::Select, 15, 18, 13},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 10, 4, -1},
    {TileOp::Mul, 21, 19, -1},
    {TileOp::Add, 20, 22, -1},
    {TileOp::Mul, 5, 3, -1},
    {TileOp::Sub, 10, 5, -1},
    {TileOp::Mul, 25, 19, -1},
    {TileOp::Mul, 26, 19, -1},
    {TileOp::Add, 24, 27, -1},
    {TileOp::Pow, 4, 9, -1},
    {TileOp::Sub, 10, 29, -1},
    {TileOp::Div, 23, 30, -1},
    {TileOp::Pow, 5, 9, -1},
    {TileOp::Sub, 10, 32, -1},
    {TileOp::Div, 28, 33, -1},
    {TileOp::Sqrt, 34, -1, -1},
    {TileOp::Add, 35, 11, -1},
    {TileOp::Div, 31, 36, -1},
    {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 37, 38, -1},
    {TileOp::Mul, 8, 39, -1},
    {TileOp::Sub, 0, 40, -1},
};
void adamw_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float* a3 = in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  const float v9 = *in[9];
  float* o0 = out[0];
  float* o1 = out[1];
  float* o2 = out[2];
  const float v10 = c[0];
  const float v11 = c[1];
  const float v12 = c[2];
  const float v14 = c[4];
  const float v15 = Gt::f(v7, v14);
  const float v16 = Neg::f(v7);
  const float v21 = Sub::f(v10, v4);
  const float v25 = Sub::f(v10, v5);
  const float v29 = Pow::f(v4, v9);
  const float v30 = Sub::f(v10, v29);
  const float v32 = Pow::f(v5, v9);
  const float v33 = Sub::f(v10, v32);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v3 = a3[i];
    const float v13 = Mul::f(v1, v12);
    const float v17 = Max::f(v13, v16);
    const float v18 = Min::f(v17, v7);
    const float v19 = Select::f(v15, v18, v13);
    const float v20 = Mul::f(v4, v2);
    const float v22 = Mul::f(v21, v19);
    const float v23 = Add::f(v20, v22);
    const float v24 = Mul::f(v5, v3);
    const float v26 = Mul::f(v25, v19);
    const float v27 = Mul::f(v26, v19);
    const float v28 = Add::f(v24, v27);
    const float v31 = Div::f(v23, v30);
    const float v34 = Div::f(v28, v33);
    const float v35 = Sqrt::f(v34);
    const float v36 = Add::f(v35, v11);
    const float v37 = Div::f(v31, v36);
    const float v38 = Mul::f(v6, v0);
    const float v39 = Add::f(v37, v38);
    const float v40 = Mul::f(v8, v39);
    const float v41 = Sub::f(v0, v40);
    o0[i] = v41;
    o1[i] = v23;
    o2[i] = v28;
  }
}

constexpr RuleStep k_rmsprop_update[] = {
    {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 8, 10, -1},
    {TileOp::Neg, 8, -1, -1},
    {TileOp::Max, 9, 12, -1},
    {TileOp::Min, 13, 8, -1},
    {TileOp::Select, 11, 14, 9},
    {TileOp::Mul, 6, 0, -1},
    {TileOp::Add, 15, 16, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 19, 4, -1},
    {TileOp::Mul, 20, 17, -1},
    {TileOp::Mul, 21, 17, -1},
    {TileOp::Add, 18, 22, -1},
    {TileOp::Mul, 3, 17, -1},
    {TileOp::Add, 23, 5, -1},
    {TileOp::Sqrt, 25, -1, -1},
    {TileOp::Div, 24, 26, -1},
    {TileOp::Sub, 0, 27, -1},
};
void rmsprop_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  const float v7 = *in[7];
  const float v8 = *in[8];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v10 = c[1];
  const float v11 = Gt::f(v8, v10);
  const float v12 = Neg::f(v8);
  const float v19 = c[10];
  const float v20 = Sub::f(v19, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v9 = Mul::f(v1, v7);
    const float v13 = Max::f(v9, v12);
    const float v14 = Min::f(v13, v8);
    const float v15 = Select::f(v11, v14, v9);
    const float v16 = Mul::f(v6, v0);
    const float v17 = Add::f(v15, v16);
    const float v18 = Mul::f(v4, v2);
    const float v21 = Mul::f(v20, v17);
    const float v22 = Mul::f(v21, v17);
    const float v23 = Add::f(v18, v22);
    const float v24 = Mul::f(v3, v17);
    const float v25 = Add::f(v23, v5);
    const float v26 = Sqrt::f(v25);
    const float v27 = Div::f(v24, v26);
    const float v28 = Sub::f(v0, v27);
    o0[i] = v28;
    o1[i] = v23;
  }
}

constexpr RuleStep k_rmsprop_update_plain[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 1, 8, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 7, 4, -1},
    {TileOp::Mul, 11, 9, -1},
    {TileOp::Mul, 12, 9, -1},
    {TileOp::Add, 10, 13, -1},
    {TileOp::Mul, 3, 9, -1},
    {TileOp::Add, 14, 6, -1},
    {TileOp::Sqrt, 16, -1, -1},
    {TileOp::Div, 15, 17, -1},
    {TileOp::Sub, 0, 18, -1},
};
void rmsprop_update_plain(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
  const float v7 = c[1];
  const float v11 = Sub::f(v7, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v5, v0);
    const float v9 = Add::f(v1, v8);
    const float v10 = Mul::f(v4, v2);
    const float v12 = Mul::f(v11, v9);
    const float v13 = Mul::f(v12, v9);
    const float v14 = Add::f(v10, v13);
    const float v15 = Mul::f(v3, v9);
    const float v16 = Add::f(v14, v6);
    const float v17 = Sqrt::f(v16);
    const float v18 = Div::f(v15, v17);
    const float v19 = Sub::f(v0, v18);
    o0[i] = v19;
    o1[i] = v14;
  }
}

constexpr RuleStep k_rmsprop_update_scaled[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 7, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 8, 10, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 9, 4, -1},
    {TileOp::Mul, 13, 11, -1},
    {TileOp::Mul, 14, 11, -1},
    {TileOp::Add, 12, 15, -1},
    {TileOp::Mul, 3, 11, -1},
    {TileOp::Add, 16, 6, -1},
    {TileOp::Sqrt, 18, -1, -1},
    {TileOp::Div, 17, 19, -1},
    {TileOp::Sub, 0, 20, -1},
};
void rmsprop_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v6 = c[0];
  const float v7 = c[1];
  const float v9 = c[3];
  const float v13 = Sub::f(v9, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v8 = Mul::f(v1, v7);
    const float v10 = Mul::f(v5, v0);
    const float v11 = Add::f(v8, v10);
    const float v12 = Mul::f(v4, v2);
    const float v14 = Mul::f(v13, v11);
    const float v15 = Mul::f(v14, v11);
    const float v16 = Add::f(v12, v15);
    const float v17 = Mul::f(v3, v11);
    const float v18 = Add::f(v16, v6);
    const float v19 = Sqrt::f(v18);
    const float v20 = Div::f(v17, v19);
    const float v21 = Sub::f(v0, v20);
    o0[i] = v21;
    o1[i] = v16;
  }
}

constexpr RuleStep k_rmsprop_update_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 9, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 1, 11, -1},
    {TileOp::Min, 12, 6, -1},
    {TileOp::Select, 10, 13, 1},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 14, 15, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Sub, 8, 4, -1},
    {TileOp::Mul, 18, 16, -1},
    {TileOp::Mul, 19, 16, -1},
    {TileOp::Add, 17, 20, -1},
    {TileOp::Mul, 3, 16, -1},
    {TileOp::Add, 21, 7, -1},
    {TileOp::Sqrt, 23, -1, -1},
    {TileOp::Div, 22, 24, -1},
    {TileOp::Sub, 0, 25, -1},
};
void rmsprop_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v8 = c[1];
  const float v9 = c[2];
  const float v10 = Gt::f(v6, v9);
  const float v11 = Neg::f(v6);
  const float v18 = Sub::f(v8, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v12 = Max::f(v1, v11);
    const float v13 = Min::f(v12, v6);
    const float v14 = Select::f(v10, v13, v1);
    const float v15 = Mul::f(v5, v0);
    const float v16 = Add::f(v14, v15);
    const float v17 = Mul::f(v4, v2);
    const float v19 = Mul::f(v18, v16);
    const float v20 = Mul::f(v19, v16);
    const float v21 = Add::f(v17, v20);
    const float v22 = Mul::f(v3, v16);
    const float v23 = Add::f(v21, v7);
    const float v24 = Sqrt::f(v23);
    const float v25 = Div::f(v22, v24);
    const float v26 = Sub::f(v0, v25);
    o0[i] = v26;
    o1[i] = v21;
  }
}

constexpr RuleStep k_rmsprop_update_scaled_clipped[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 8, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Gt, 6, 10, -1},
    {TileOp::Neg, 6, -1, -1},
    {TileOp::Max, 9, 12, -1},
    {TileOp::Min, 13, 6, -1},
    {TileOp::Select, 11, 14, 9},
    {TileOp::Mul, 5, 0, -1},
    {TileOp::Add, 15, 16, -1},
    {TileOp::Mul, 4, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Sub, 19, 4, -1},
    {TileOp::Mul, 20, 17, -1},
    {TileOp::Mul, 21, 17, -1},
    {TileOp::Add, 18, 22, -1},
    {TileOp::Mul, 3, 17, -1},
    {TileOp::Add, 23, 7, -1},
    {TileOp::Sqrt, 25, -1, -1},
    {TileOp::Div, 24, 26, -1},
    {TileOp::Sub, 0, 27, -1},
};
void rmsprop_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  const float* a1 = in[1];
  const float* a2 = in[2];
  const float v3 = *in[3];
  const float v4 = *in[4];
  const float v5 = *in[5];
  const float v6 = *in[6];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v7 = c[0];
  const float v8 = c[1];
  const float v10 = c[3];
  const float v11 = Gt::f(v6, v10);
  const float v12 = Neg::f(v6);
  const float v19 = c[12];
  const float v20 = Sub::f(v19, v4);
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v1 = a1[i];
    const float v2 = a2[i];
    const float v9 = Mul::f(v1, v8);
    const float v13 = Max::f(v9, v12);
    const float v14 = Min::f(v13, v6);
    const float v15 = Select::f(v11, v14, v9);
    const float v16 = Mul::f(v5, v0);
    const float v17 = Add::f(v15, v16);
    const float v18 = Mul::f(v4, v2);
    const float v21 = Mul::f(v20, v17);
    const float v22 = Mul::f(v21, v17);
    const float v23 = Add::f(v18, v22);
    const float v24 = Mul::f(v3, v17);
    const float v25 = Add::f(v23, v7);
    const float v26 = Sqrt::f(v25);
    const float v27 = Div::f(v24, v26);
    const float v28 = Sub::f(v0, v27);
    o0[i] = v28;
    o1[i] = v23;
  }
}

constexpr RuleStep k_gelu_pair[] = {
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 1, 0, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 0, 3, -1},
    {TileOp::Erf, 4, -1, -1},
    {TileOp::Mul, 2, 5, -1},
    {TileOp::Add, 6, 2, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 0, 8, -1},
    {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 10, 0, -1},
    {TileOp::Mul, 11, 0, -1},
    {TileOp::Exp, 12, -1, -1},
    {TileOp::Mul, 9, 13, -1},
    {TileOp::Mul, 1, 5, -1},
    {TileOp::Add, 15, 1, -1},
    {TileOp::Add, 14, 16, -1},
};
void gelu_pair(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float* a0 = in[0];
  float* o0 = out[0];
  float* o1 = out[1];
  const float v1 = c[0];
  const float v3 = c[2];
  const float v8 = c[7];
  const float v10 = c[9];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i];
    const float v2 = Mul::f(v1, v0);
    const float v4 = Mul::f(v0, v3);
    const float v5 = Erf::f(v4);
    const float v6 = Mul::f(v2, v5);
    const float v7 = Add::f(v6, v2);
    const float v9 = Mul::f(v0, v8);
    const float v11 = Mul::f(v10, v0);
    const float v12 = Mul::f(v11, v0);
    const float v13 = Exp::f(v12);
    const float v14 = Mul::f(v9, v13);
    const float v15 = Mul::f(v1, v5);
    const float v16 = Add::f(v15, v1);
    const float v17 = Add::f(v14, v16);
    o0[i] = v7;
    o1[i] = v17;
  }
}

constexpr UpdateRule kUpdateRules[] = {
    {6, 3u, 11, k_sgd_update, 1, {16}, sgd_update},
    {4, 3u, 4, k_sgd_update_plain, 1, {7}, sgd_update_plain},
    {4, 3u, 6, k_sgd_update_scaled, 1, {9}, sgd_update_scaled},
    {5, 3u, 10, k_sgd_update_clipped, 1, {14}, sgd_update_clipped},
    {5, 3u, 12, k_sgd_update_scaled_clipped, 1, {16}, sgd_update_scaled_clipped},
    {8, 7u, 13, k_sgd_mom_update, 2, {20, 19}, sgd_mom_update},
    {6, 7u, 6, k_sgd_mom_update_plain, 2, {11, 10}, sgd_mom_update_plain},
    {6, 7u, 8, k_sgd_mom_update_scaled, 2, {13, 12}, sgd_mom_update_scaled},
    {7, 7u, 12, k_sgd_mom_update_clipped, 2, {18, 17}, sgd_mom_update_clipped},
    {7, 7u, 14, k_sgd_mom_update_scaled_clipped, 2, {20, 19}, sgd_mom_update_scaled_clipped},
    {8, 7u, 16, k_sgd_ema_update, 2, {23, 21}, sgd_ema_update},
    {6, 7u, 9, k_sgd_ema_update_plain, 2, {14, 12}, sgd_ema_update_plain},
    {6, 7u, 11, k_sgd_ema_update_scaled, 2, {16, 14}, sgd_ema_update_scaled},
    {7, 7u, 15, k_sgd_ema_update_clipped, 2, {21, 19}, sgd_ema_update_clipped},
    {7, 7u, 17, k_sgd_ema_update_scaled_clipped, 2, {23, 21}, sgd_ema_update_scaled_clipped},
    {8, 7u, 15, k_nag_mom_update, 2, {22, 18}, nag_mom_update},
    {6, 7u, 8, k_nag_mom_update_plain, 2, {13, 9}, nag_mom_update_plain},
    {6, 7u, 10, k_nag_mom_update_scaled, 2, {15, 11}, nag_mom_update_scaled},
    {7, 7u, 14, k_nag_mom_update_clipped, 2, {20, 16}, nag_mom_update_clipped},
    {7, 7u, 16, k_nag_mom_update_scaled_clipped, 2, {22, 18}, nag_mom_update_scaled_clipped},
    {12, 15u, 30, k_adam_update, 3, {41, 25, 30}, adam_update},
    {9, 15u, 24, k_adam_update_plain, 3, {32, 16, 21}, adam_update_plain},
    {9, 15u, 26, k_adam_update_scaled, 3, {34, 18, 23}, adam_update_scaled},
    {10, 15u, 30, k_adam_update_clipped, 3, {39, 23, 28}, adam_update_clipped},
    {10, 15u, 32, k_adam_update_scaled_clipped, 3, {41, 25, 30}, adam_update_scaled_clipped},
    {13, 15u, 31, k_adamw_update, 3, {43, 24, 29}, adamw_update},
    {9, 15u, 24, k_adamw_update_plain, 3, {32, 14, 19}, adamw_update_plain},
    {9, 15u, 26, k_adamw_update_scaled, 3, {34, 16, 21}, adamw_update_scaled},
    {10, 15u, 30, k_adamw_update_clipped, 3, {39, 21, 26}, adamw_update_clipped},
    {10, 15u, 32, k_adamw_update_scaled_clipped, 3, {41, 23, 28}, adamw_update_scaled_clipped},
    {9, 7u, 20, k_rmsprop_update, 2, {28, 23}, rmsprop_update},
    {6, 7u, 14, k_rmsprop_update_plain, 2, {19, 14}, rmsprop_update_plain},
    {6, 7u, 16, k_rmsprop_update_scaled, 2, {21, 16}, rmsprop_update_scaled},
    {7, 7u, 20, k_rmsprop_update_clipped, 2, {26, 21}, rmsprop_update_clipped},
    {7, 7u, 22, k_rmsprop_update_scaled_clipped, 2, {28, 23}, rmsprop_update_scaled_clipped},
    {1, 1u, 17, k_gelu_pair, 2, {7, 17}, gelu_pair},
};
