/* A cuBLASLt on host memory for the tests: the calls that dlcore/cuda/_cublaslt.py makes, each argument checked as the
   library documents it, and the product computed from nothing but what the descriptors say. A wrong attribute number or
   size, a leading dimension that is too small, shapes that do not meet, an algorithm of another problem, or an address
   less aligned than was promised, is a status other than 0. Where NVIDIA's header is at hand, the numbers are held
   against it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID = 7, UNSUPPORTED = 15 };
enum { R_32F = 0, R_16F = 2, R_16BF = 14, COMPUTE_32F = 68, EPILOGUE_BIAS = 4 };
enum { TRANSA = 3, TRANSB = 4, EPILOGUE = 7, BIAS_POINTER = 8 };
enum { BATCH_COUNT = 5, BATCH_STRIDE = 6, MAX_WORKSPACE = 1, ALIGN_A = 5, ALIGN_D = 8 };

#ifdef WITH_HEADER
#include <cublasLt.h>
#define SAME(a, b) _Static_assert((int)(a) == (int)(b), #b)
SAME(R_32F, CUDA_R_32F);
SAME(R_16F, CUDA_R_16F);
SAME(R_16BF, CUDA_R_16BF);
SAME(COMPUTE_32F, CUBLAS_COMPUTE_32F);
SAME(EPILOGUE_BIAS, CUBLASLT_EPILOGUE_BIAS);
SAME(TRANSA, CUBLASLT_MATMUL_DESC_TRANSA);
SAME(TRANSB, CUBLASLT_MATMUL_DESC_TRANSB);
SAME(EPILOGUE, CUBLASLT_MATMUL_DESC_EPILOGUE);
SAME(BIAS_POINTER, CUBLASLT_MATMUL_DESC_BIAS_POINTER);
SAME(BATCH_COUNT, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
SAME(BATCH_STRIDE, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
SAME(MAX_WORKSPACE, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME(ALIGN_A, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
SAME(ALIGN_D, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
SAME(OK, CUBLAS_STATUS_SUCCESS);
SAME(INVALID, CUBLAS_STATUS_INVALID_VALUE);
SAME(UNSUPPORTED, CUBLAS_STATUS_NOT_SUPPORTED);
SAME(sizeof(cublasLtMatmulAlgo_t), 64);
SAME(sizeof(cublasLtMatmulHeuristicResult_t), 96);
#else

typedef struct {
  int compute, scale;
  int32_t trans[2], epilogue;
  const void* bias;
} Desc;
typedef struct {
  int type;
  uint64_t rows, cols;
  int64_t ld;
  int32_t batch;
  int64_t stride;
} Layout;
typedef struct {
  uint64_t workspace;
  uint32_t align[4];
} Pref;
typedef struct {
  uint64_t data[8];
} Algo;
typedef struct {
  Algo algo;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
} Heuristic;

static int handle_mark;
static long calls, biased, halves, refused, live;

long standin_calls(void) { return calls; }
long standin_biased(void) { return biased; }
long standin_halves(void) { return halves; }
long standin_refused(void) { return refused; }
long standin_live(void) { return live; } /* descriptors and layouts that nobody destroyed */

static size_t item(int type) { return type == R_32F ? 4 : 2; }

static float half_value(uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 1023;
  float v = exponent == 0    ? ldexpf((float)fraction, -24)
            : exponent == 31 ? (fraction ? NAN : INFINITY)
                             : ldexpf((float)(fraction + 1024), exponent - 25);
  return h >> 15 ? -v : v;
}

static uint16_t half_bits(float v) {
  uint16_t sign = signbit(v) ? 0x8000 : 0;
  float a = fabsf(v);
  if (isnan(v)) return 0x7e00;
  if (a >= 65520) return sign | 0x7c00;
  int exponent;
  frexpf(a, &exponent);
  if (exponent < -13) exponent = -13; /* below 2^-14 the step stays 2^-24 */
  int units = (int)nearbyintf(ldexpf(a, 11 - exponent));
  return (uint16_t)(sign | (units + ((exponent + 13) << 10)));
}

static float load(int type, const void* p, int64_t i) {
  if (type == R_32F) return ((const float*)p)[i];
  uint16_t h = ((const uint16_t*)p)[i];
  if (type == R_16F) return half_value(h);
  uint32_t bits = (uint32_t)h << 16;
  float v;
  memcpy(&v, &bits, 4);
  return v;
}

static void store(int type, void* p, int64_t i, float v) {
  if (type == R_32F) {
    ((float*)p)[i] = v;
  } else if (type == R_16F) {
    ((uint16_t*)p)[i] = half_bits(v);
  } else {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    ((uint16_t*)p)[i] = isnan(v) ? 0x7fc0 : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
}

int cublasLtCreate(void** handle) {
  *handle = &handle_mark;
  return OK;
}

int cublasLtMatmulDescCreate(Desc** d, int compute, int scale) {
  if (compute != COMPUTE_32F || scale != R_32F) return INVALID;
  *d = calloc(1, sizeof **d), live++;
  (*d)->compute = compute, (*d)->scale = scale, (*d)->epilogue = 1;
  return OK;
}

int cublasLtMatmulDescSetAttribute(Desc* d, int attribute, const void* buffer, size_t size) {
  if ((attribute == TRANSA || attribute == TRANSB) && size == 4) {
    int32_t value = *(const int32_t*)buffer;
    if (value != 0 && value != 1) return INVALID;
    d->trans[attribute - TRANSA] = value;
  } else if (attribute == EPILOGUE && size == 4) {
    d->epilogue = *(const int32_t*)buffer;
    if (d->epilogue != EPILOGUE_BIAS && d->epilogue != 1) return INVALID;
  } else if (attribute == BIAS_POINTER && size == 8) {
    d->bias = *(const void* const*)buffer;
  } else {
    return INVALID;
  }
  return OK;
}

int cublasLtMatrixLayoutCreate(Layout** l, int type, uint64_t rows, uint64_t cols, int64_t ld) {
  if ((type != R_32F && type != R_16F && type != R_16BF) || !rows || !cols || ld < (int64_t)rows) return INVALID;
  *l = calloc(1, sizeof **l), live++;
  **l = (Layout){type, rows, cols, ld, 1, 0};
  return OK;
}

int cublasLtMatrixLayoutSetAttribute(Layout* l, int attribute, const void* buffer, size_t size) {
  if (attribute == BATCH_COUNT && size == 4) {
    l->batch = *(const int32_t*)buffer;
  } else if (attribute == BATCH_STRIDE && size == 8) {
    l->stride = *(const int64_t*)buffer;
    if (l->stride < 0) return INVALID;
  } else {
    return INVALID;
  }
  return OK;
}

int cublasLtMatmulDescDestroy(Desc* d) {
  free(d), live--;
  return OK;
}

int cublasLtMatrixLayoutDestroy(Layout* l) {
  free(l), live--;
  return OK;
}

int cublasLtMatmulPreferenceCreate(Pref** p) {
  *p = calloc(1, sizeof **p);
  **p = (Pref){0, {256, 256, 256, 256}};
  return OK;
}

int cublasLtMatmulPreferenceSetAttribute(Pref* p, int attribute, const void* buffer, size_t size) {
  if (attribute == MAX_WORKSPACE && size == 8) {
    p->workspace = *(const uint64_t*)buffer;
  } else if (attribute >= ALIGN_A && attribute <= ALIGN_D && size == 4) {
    p->align[attribute - ALIGN_A] = *(const uint32_t*)buffer;
  } else {
    return INVALID;
  }
  return OK;
}

int cublasLtMatmulPreferenceDestroy(Pref* p) {
  free(p);
  return OK;
}

/* m, n, k of a problem whose parts fit each other, or a status. */
static int problem(const Desc* d, const Layout* a, const Layout* b, const Layout* c, const Layout* out,
                   uint64_t mnk[3]) {
  uint64_t m = d->trans[0] ? a->cols : a->rows, k = d->trans[0] ? a->rows : a->cols;
  uint64_t k2 = d->trans[1] ? b->cols : b->rows, n = d->trans[1] ? b->rows : b->cols;
  if (k != k2 || out->rows != m || out->cols != n || c->rows != m || c->cols != n || c->ld != out->ld) return INVALID;
  if (a->batch != b->batch || a->batch != out->batch || a->type != b->type) return INVALID;
  if ((out->type != a->type && out->type != R_32F) || c->type != out->type) return INVALID;
  if (out->batch > 1 && out->stride < out->ld * (int64_t)(n - 1) + (int64_t)m) return INVALID; /* results overlap */
  if (d->epilogue == EPILOGUE_BIAS && !d->bias) return INVALID;
  mnk[0] = m, mnk[1] = n, mnk[2] = k;
  return OK;
}

static uint64_t bias_alignment(const Desc* d) {
  return d->epilogue == EPILOGUE_BIAS ? (uint64_t)((uintptr_t)d->bias & -(uintptr_t)d->bias) : 0;
}

int cublasLtMatmulAlgoGetHeuristic(void* handle, const Desc* d, const Layout* a, const Layout* b, const Layout* c,
                                   const Layout* out, const Pref* p, int requested, Heuristic* results, int* found) {
  uint64_t mnk[3];
  if (handle != &handle_mark || requested < 1 || problem(d, a, b, c, out, mnk)) return INVALID;
  *results = (Heuristic){
      {{mnk[0], mnk[1], mnk[2], p->align[0], p->align[1], p->align[3], (uint64_t)a->type, bias_alignment(d)}},
      4096,
      OK,
      1.0f,
      {0}};
  *found = p->workspace >= results->workspace;
  if (*found && mnk[2] == 1) { /* a result that says of itself that it is none: nothing else of it counts */
    memset(results, 0xff, sizeof *results);
    results->state = UNSUPPORTED, refused++;
    return OK;
  }
  return *found ? OK : UNSUPPORTED;
}

static int crooked(const void* p, uint64_t alignment) { return !p || (uintptr_t)p % alignment; }

int cublasLtMatmul(void* handle, const Desc* d, const float* alpha, const void* a, const Layout* la, const void* b,
                   const Layout* lb, const float* beta, const void* c, const Layout* lc, void* out, const Layout* lo,
                   const Algo* algo, void* workspace, size_t workspace_bytes, void* stream) {
  uint64_t mnk[3];
  (void)stream;
  if (handle != &handle_mark || problem(d, la, lb, lc, lo, mnk) || memcmp(mnk, algo->data, sizeof mnk)) return INVALID;
  if (crooked(a, algo->data[3]) || crooked(b, algo->data[4]) || crooked(out, algo->data[5]) || c != out) return INVALID;
  if ((uint64_t)la->type != algo->data[6] || bias_alignment(d) < algo->data[7]) return INVALID;
  if (workspace_bytes < 4096 || crooked(workspace, 256) || *alpha != 1 || *beta != 0) return INVALID;
  memset(workspace, 0x5a, 4096);
  calls++, biased += d->epilogue == EPILOGUE_BIAS, halves += la->type != R_32F;
  int64_t ai = d->trans[0] ? la->ld : 1, ak = d->trans[0] ? 1 : la->ld;
  int64_t bk = d->trans[1] ? lb->ld : 1, bj = d->trans[1] ? 1 : lb->ld;
  for (int32_t s = 0; s < la->batch; s++) {
    const char* as = (const char*)a + s * la->stride * (int64_t)item(la->type);
    const char* bs = (const char*)b + s * lb->stride * (int64_t)item(lb->type);
    char* os = (char*)out + s * lo->stride * (int64_t)item(lo->type);
    for (int64_t i = 0; i < (int64_t)mnk[0]; i++)
      for (int64_t j = 0; j < (int64_t)mnk[1]; j++) {
        double sum = d->epilogue == EPILOGUE_BIAS ? load(lo->type, d->bias, i) : 0;
        for (int64_t k = 0; k < (int64_t)mnk[2]; k++)
          sum += (double)load(la->type, as, i * ai + k * ak) * load(lb->type, bs, k * bk + j * bj);
        store(lo->type, os, i + j * lo->ld, (float)sum);
      }
  }
  return OK;
}
#endif
