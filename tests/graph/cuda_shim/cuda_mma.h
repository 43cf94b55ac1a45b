// What a warp does as one on tensor cores, after NVIDIA's PTX ISA (mma.m16n8k16 and ldmatrix): which lane holds which
// numbers of the operands. Wants `warps`, `meet_warp` and `threadIdx` of the header that includes it.
#pragma once

template <class T>
static float half_of(unsigned int both, unsigned int which, T) {
  T one;
  one.bits = (unsigned short)(both >> 16 * which);
  return dl_get(one);
}

template <class T>
static void dl_mma(float (&d)[4], const unsigned int (&a)[4], unsigned int b0, unsigned int b1, T kind) {
  Warp& warp = warps[threadIdx.x / 32];
  const unsigned int lane = threadIdx.x % 32, mine[6] = {a[0], a[1], a[2], a[3], b0, b1};
  memcpy(warp.at[lane], mine, sizeof mine);
  meet_warp();
  for (unsigned int r = 0; r < 4; r++) {
    const unsigned int row = lane / 4 + r / 2 * 8, column = lane % 4 * 2 + r % 2;
    for (unsigned int k = 0; k < 16; k++) {
      unsigned int left, right;
      memcpy(&left, warp.at[row % 8 * 4 + k % 8 / 2] + 4 * (row / 8 + k / 8 * 2), sizeof left);
      memcpy(&right, warp.at[column * 4 + k % 8 / 2] + 4 * (4 + k / 8), sizeof right);
      d[r] += half_of(left, k % 2, kind) * half_of(right, k % 2, kind);
    }
  }
  meet_warp();
}

static void load_matrices(unsigned int (&to)[4], const void* row, bool turned) {
  Warp& warp = warps[threadIdx.x / 32];
  const unsigned int lane = threadIdx.x % 32;
  memcpy(warp.at[lane], &row, sizeof row);
  meet_warp();
  for (unsigned int m = 0; m < 4; m++) {
    unsigned short pair[2];
    for (unsigned int i = 0; i < 2; i++) {
      const unsigned int line = turned ? lane % 4 * 2 + i : lane / 4, place = turned ? lane / 4 : lane % 4 * 2 + i;
      const unsigned short* from;
      memcpy(&from, warp.at[m * 8 + line], sizeof from);
      if ((size_t)from % 16) abort();  // rows begin at multiples of 16 bytes
      pair[i] = from[place];
    }
    to[m] = pair[0] | (unsigned int)pair[1] << 16;
  }
  meet_warp();
}

static void dl_ldmatrix(unsigned int (&to)[4], const void* row) { load_matrices(to, row, false); }
static void dl_ldmatrix_turned(unsigned int (&to)[4], const void* row) { load_matrices(to, row, true); }
