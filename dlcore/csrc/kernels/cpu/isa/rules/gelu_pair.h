// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

constexpr RuleStep k_gelu_pair[] = {{TileOp::Gelu, 0, -1, -1}, {TileOp::GeluSlope, 0, -1, -1}};
void gelu_pair(int64_t n, const float* const* in, const float*, float* const* out) {
  const float *a0 = in[0];
  float *o0 = out[0], *o1 = out[1];
#pragma omp simd
  for (int64_t i = 0; i < n; i++) {
    const float v0 = a0[i], v1 = Gelu::f(v0), v2 = GeluSlope::f(v0);
    o0[i] = v1;
    o1[i] = v2;
  }
}
