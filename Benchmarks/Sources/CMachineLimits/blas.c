// Matrix products through BLAS, on the calling thread.

#include "rates.h"

#include <stdlib.h>

#if defined(__APPLE__)
#define ACCELERATE_NEW_LAPACK 1
#include <Accelerate/Accelerate.h>
static void stay_on_the_calling_thread(void) {}
const char *ml_blas_name(void) { return "Accelerate"; }
const char *ml_blas_core(void) { return ""; }
#else
#include <cblas.h>
static void stay_on_the_calling_thread(void) { openblas_set_num_threads(1); }
const char *ml_blas_name(void) { return openblas_get_config(); }
const char *ml_blas_core(void) { return openblas_get_corename(); }
#endif

typedef struct {
  int m, n, k;
  float *a, *b, *c;
} product;

static uint64_t multiply(void *context, size_t times) {
  const product *p = context;
  for (size_t i = 0; i < times; i++) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->m, p->n, p->k, 1, p->a, p->k, p->b,
                p->k, 0, p->c, p->n);
  }
  return (uint64_t)p->c[0];
}

ml_rates ml_sgemm_operations(size_t m, size_t n, size_t k) {
  stay_on_the_calling_thread();
  float *numbers = malloc((m * k + n * k + m * n) * sizeof *numbers);
  if (numbers == NULL) return (ml_rates){0, 0, 0};
  for (size_t i = 0; i < m * k + n * k; i++) numbers[i] = (float)(i % 17) / 17;
  product product = {(int)m,          (int)n,
                     (int)k,          numbers,
                     numbers + m * k, numbers + m * k + n * k};
  const ml_rates rates = ml_measure(multiply, &product, 2.0 * (double)(m * n * k));
  free(numbers);
  return rates;
}
