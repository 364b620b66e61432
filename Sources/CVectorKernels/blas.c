// The BLAS shim. OpenBLAS is told once to stay on the calling thread: parallelism is the caller's.

#include "CVectorKernels.h"

#if defined(__APPLE__)
#define ACCELERATE_NEW_LAPACK 1
#include <Accelerate/Accelerate.h>
static void prepare(void) {}
#else
#include <cblas.h>
#include <pthread.h>
static void stay_on_the_calling_thread(void) { openblas_set_num_threads(1); }
// Who comes second waits until the first has told OpenBLAS: a product that starts before would be
// spread over all processors.
static void prepare(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, stay_on_the_calling_thread);
}
#endif

void vk_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
              const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
              size_t ldc) {
  prepare();
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
              transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, a, (int)lda,
              b, (int)ldb, beta, c, (int)ldc);
}
