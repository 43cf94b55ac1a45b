// Enough of CUDA to run a kernel whose threads meet on the CPU: a thread of the machine for every CUDA thread of a
// block, one block after the other. ThreadSanitizer sees what no barrier orders; within a warp shuffles order all.
#pragma once
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <thread>
#include <vector>

struct Dim3 {
  unsigned int x, y, z;
};
static Dim3 blockDim, gridDim;
static thread_local Dim3 blockIdx, threadIdx;

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(...)

struct Warp {
  pthread_barrier_t meet;
  char at[32][24];
};
static pthread_barrier_t block_meet;
static std::vector<Warp> warps;

static void __syncthreads() { pthread_barrier_wait(&block_meet); }
static void meet_warp() { pthread_barrier_wait(&warps[threadIdx.x / 32].meet); }

template <class T>
static T __shfl_xor_sync(unsigned int, T value, int apart) {
  Warp& warp = warps[threadIdx.x / 32];
  unsigned int lane = threadIdx.x % 32;
  memcpy(warp.at[lane], &value, sizeof value);
  meet_warp();
  memcpy(&value, warp.at[lane ^ (unsigned int)apart], sizeof value);
  meet_warp();
  return value;
}

#include "cuda_mma.h"

// Calls `body` once per CUDA thread of a one-dimensional launch; whole warps only.
template <class F>
static void emulate(unsigned int grid, unsigned int block, F body) {
  gridDim = {grid, 1, 1};
  blockDim = {block, 1, 1};
  pthread_barrier_init(&block_meet, nullptr, block);
  warps.resize(block / 32);
  for (Warp& warp : warps) pthread_barrier_init(&warp.meet, nullptr, 32);
  std::vector<std::thread> threads;
  for (unsigned int t = 0; t < block; t++)
    threads.emplace_back([=] {
      threadIdx = {t, 0, 0};
      for (unsigned int b = 0; b < grid; b++) {
        blockIdx = {b, 0, 0};
        body();
        pthread_barrier_wait(&block_meet);
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (Warp& warp : warps) pthread_barrier_destroy(&warp.meet);
  pthread_barrier_destroy(&block_meet);
}
