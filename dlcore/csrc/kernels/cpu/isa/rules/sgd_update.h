// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_sgd_update[] = {{TileOp::Mul, 1, 4, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 5, 7, -1},
    {TileOp::Neg, 5, -1, -1}, {TileOp::Max, 6, 9, -1}, {TileOp::Min, 10, 5, -1}, {TileOp::Select, 8, 11, 6},
    {TileOp::Mul, 3, 0, -1}, {TileOp::Add, 12, 13, -1}, {TileOp::Mul, 2, 14, -1}, {TileOp::Sub, 0, 15, -1}};
void sgd_update(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1];
  const float v2 = *in[2], v3 = *in[3], v4 = *in[4], v5 = *in[5], v7 = c[1], v8 = Gt::f(v5, v7), v9 = Neg::f(v5);
  float *o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v6 = Mul::f(v1, v4), v10 = Max::f(v6, v9), v11 = Min::f(v10, v5),
        v12 = Select::f(v8, v11, v6), v13 = Mul::f(v3, v0), v14 = Add::f(v12, v13), v15 = Mul::f(v2, v14),
        v16 = Sub::f(v0, v15);
    o0[i] = v16;
  }
}

constexpr RuleStep k_sgd_update_plain[] = {{TileOp::Mul, 3, 0, -1}, {TileOp::Add, 1, 4, -1}, {TileOp::Mul, 2, 5, -1},
    {TileOp::Sub, 0, 6, -1}};
void sgd_update_plain(int64_t n, const float* const* in, const float*, float* const* out) {
  const float *a0 = in[0], *a1 = in[1];
  const float v2 = *in[2], v3 = *in[3];
  float *o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v4 = Mul::f(v3, v0), v5 = Add::f(v1, v4), v6 = Mul::f(v2, v5),
        v7 = Sub::f(v0, v6);
    o0[i] = v7;
  }
}

constexpr RuleStep k_sgd_update_scaled[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 4, -1},
    {TileOp::Mul, 3, 0, -1}, {TileOp::Add, 5, 6, -1}, {TileOp::Mul, 2, 7, -1}, {TileOp::Sub, 0, 8, -1}};
void sgd_update_scaled(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1];
  const float v2 = *in[2], v3 = *in[3], v4 = c[0];
  float *o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v5 = Mul::f(v1, v4), v6 = Mul::f(v3, v0), v7 = Add::f(v5, v6),
        v8 = Mul::f(v2, v7), v9 = Sub::f(v0, v8);
    o0[i] = v9;
  }
}

constexpr RuleStep k_sgd_update_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Gt, 4, 5, -1},
    {TileOp::Neg, 4, -1, -1}, {TileOp::Max, 1, 7, -1}, {TileOp::Min, 8, 4, -1}, {TileOp::Select, 6, 9, 1},
    {TileOp::Mul, 3, 0, -1}, {TileOp::Add, 10, 11, -1}, {TileOp::Mul, 2, 12, -1}, {TileOp::Sub, 0, 13, -1}};
void sgd_update_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1];
  const float v2 = *in[2], v3 = *in[3], v4 = *in[4], v5 = c[0], v6 = Gt::f(v4, v5), v7 = Neg::f(v4);
  float *o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v8 = Max::f(v1, v7), v9 = Min::f(v8, v4), v10 = Select::f(v6, v9, v1),
        v11 = Mul::f(v3, v0), v12 = Add::f(v10, v11), v13 = Mul::f(v2, v12), v14 = Sub::f(v0, v13);
    o0[i] = v14;
  }
}

constexpr RuleStep k_sgd_update_scaled_clipped[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 5, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Gt, 4, 7, -1}, {TileOp::Neg, 4, -1, -1}, {TileOp::Max, 6, 9, -1},
    {TileOp::Min, 10, 4, -1}, {TileOp::Select, 8, 11, 6}, {TileOp::Mul, 3, 0, -1}, {TileOp::Add, 12, 13, -1},
    {TileOp::Mul, 2, 14, -1}, {TileOp::Sub, 0, 15, -1}};
void sgd_update_scaled_clipped(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0], *a1 = in[1];
  const float v2 = *in[2], v3 = *in[3], v4 = *in[4], v5 = c[0], v7 = c[2], v8 = Gt::f(v4, v7), v9 = Neg::f(v4);
  float *o0 = out[0];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = a1[i], v6 = Mul::f(v1, v5), v10 = Max::f(v6, v9), v11 = Min::f(v10, v4),
        v12 = Select::f(v8, v11, v6), v13 = Mul::f(v3, v0), v14 = Add::f(v12, v13), v15 = Mul::f(v2, v14),
        v16 = Sub::f(v0, v15);
    o0[i] = v16;
  }
}
