// Enough of CUDA to run a kernel whose threads meet on the CPU: a context for every CUDA thread of a block, switched
// where it waits, so that one thread of the machine does it all, in the same order every time. A meeting that some of
// its threads never come to ends the program, where a device would hang.
#pragma once
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

struct Dim3 {
  unsigned int x, y, z;
};
static Dim3 blockDim, gridDim, blockIdx, threadIdx;

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(...)

struct Meeting {
  unsigned int arrived, round;
};
struct Warp {
  Meeting meeting;
  char at[32][24];
};
struct Fiber {
  ucontext_t context;
  char* stack;
  bool done;
};
enum { kStack = 1 << 16 };
static Meeting block_meeting;
static Warp warps[32];
static Fiber fibers[1024];
static ucontext_t scheduler;
static unsigned long long progress;  // meetings that were complete, threads that were done
static void (*call_body)(void*);
static void* body_of_threads;

static void fiber_main() {
  call_body(body_of_threads);
  fibers[threadIdx.x].done = true;
  progress++;
  swapcontext(&fibers[threadIdx.x].context, &scheduler);
}

static void meet(Meeting& meeting, unsigned int all) {
  const unsigned int round = meeting.round;
  if (++meeting.arrived == all) {
    meeting = {0, round + 1};
    progress++;
    return;
  }
  while (meeting.round == round) swapcontext(&fibers[threadIdx.x].context, &scheduler);
}

static void __syncthreads() { meet(block_meeting, blockDim.x); }
static void meet_warp() { meet(warps[threadIdx.x / 32].meeting, 32); }

template <class T>
static T __shfl_xor_sync(unsigned int, T value, int apart) {
  Warp& warp = warps[threadIdx.x / 32];
  const unsigned int lane = threadIdx.x % 32;
  memcpy(warp.at[lane], &value, sizeof value);
  meet_warp();
  memcpy(&value, warp.at[lane ^ (unsigned int)apart], sizeof value);
  meet_warp();
  return value;
}

#include "cuda_mma.h"

static void run_block() {
  block_meeting = {};
  for (Warp& warp : warps) warp.meeting = {};
  for (unsigned int t = 0; t < blockDim.x; t++) {
    Fiber& fiber = fibers[t];
    fiber.done = false;
    getcontext(&fiber.context);
    if (!fiber.stack) fiber.stack = (char*)malloc(kStack);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = &scheduler;
    makecontext(&fiber.context, fiber_main, 0);
  }
  for (unsigned long long before = ~0ull; before != progress;) {
    before = progress;
    for (unsigned int t = 0; t < blockDim.x; t++) {
      if (fibers[t].done) continue;
      threadIdx = {t, 0, 0};
      swapcontext(&scheduler, &fibers[t].context);
    }
  }
  for (unsigned int t = 0; t < blockDim.x; t++)
    if (!fibers[t].done) {
      fprintf(stderr, "threads of a block wait for others that never come\n");
      abort();
    }
}

// Calls `body` once per CUDA thread of a one-dimensional launch; whole warps only.
template <class F>
static void emulate(unsigned int grid, unsigned int block, F body) {
  gridDim = {grid, 1, 1};
  blockDim = {block, 1, 1};
  call_body = [](void* f) { (*(F*)f)(); };
  body_of_threads = &body;
  for (unsigned int b = 0; b < grid; b++) {
    blockIdx = {b, 0, 0};
    run_block();
  }
}
