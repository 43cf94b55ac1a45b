// Enough of CUDA to run a kernel without barriers on the CPU: one thread after the other, one block after the other.
#pragma once
#include <math.h>

struct Dim3 {
  unsigned int x, y, z;
};
static Dim3 blockIdx, threadIdx, blockDim, gridDim;

#define __global__
#define __device__

// Calls `body` once per CUDA thread of a one-dimensional launch.
template <class F>
static void emulate(unsigned int grid, unsigned int block, F body) {
  gridDim = {grid, 1, 1};
  blockDim = {block, 1, 1};
  for (unsigned int b = 0; b < grid; b++)
    for (unsigned int t = 0; t < block; t++) {
      blockIdx = {b, 0, 0};
      threadIdx = {t, 0, 0};
      body();
    }
}
