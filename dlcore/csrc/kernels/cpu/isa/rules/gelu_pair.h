// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_gelu_pair[] = {{TileOp::Const, -1, -1, -1}, {TileOp::Mul, 1, 0, -1}, {TileOp::Const, -1, -1, -1},
    {TileOp::Mul, 0, 3, -1}, {TileOp::Erf, 4, -1, -1}, {TileOp::Mul, 2, 5, -1}, {TileOp::Add, 6, 2, -1},
    {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 0, 8, -1}, {TileOp::Const, -1, -1, -1}, {TileOp::Mul, 10, 0, -1},
    {TileOp::Mul, 11, 0, -1}, {TileOp::Exp, 12, -1, -1}, {TileOp::Mul, 9, 13, -1}, {TileOp::Mul, 1, 5, -1},
    {TileOp::Add, 15, 1, -1}, {TileOp::Add, 14, 16, -1}};
void gelu_pair(int64_t n, const float* const* in, const float* c, float* const* out) {
  const float *a0 = in[0];
  const float v1 = c[0], v3 = c[2], v8 = c[7], v10 = c[9];
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v2 = Mul::f(v1, v0), v4 = Mul::f(v0, v3), v5 = Erf::f(v4), v6 = Mul::f(v2, v5),
        v7 = Add::f(v6, v2), v9 = Mul::f(v0, v8), v11 = Mul::f(v10, v0), v12 = Mul::f(v11, v0), v13 = Exp::f(v12),
        v14 = Mul::f(v9, v13), v15 = Mul::f(v1, v5), v16 = Add::f(v15, v1), v17 = Add::f(v14, v16);
    o0[i] = v7;
    o1[i] = v17;
  }
}
