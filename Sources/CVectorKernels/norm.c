#include "CVectorKernels.h"

// Plain loops over fixed numbers of accumulators, which the compiler turns into vectors.

double vk_squared_norm_f64(const float *row, size_t dimension) {
  enum { LANES = 16 };
  double sums[LANES] = {0};
  size_t start = 0;
  for (; start + LANES <= dimension; start += LANES) {
    for (size_t j = 0; j < LANES; j++) {
      const double x = (double)row[start + j];
      sums[j] += x * x;
    }
  }
  for (size_t j = 0; start + j < dimension; j++) {
    const double x = (double)row[start + j];
    sums[j] += x * x;
  }
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; j++) sums[j] += sums[j + half];
  }
  return sums[0];
}

void vk_divide_f32(const float *row, size_t dimension, double divisor, float *quotients) {
  for (size_t j = 0; j < dimension; j++) quotients[j] = (float)((double)row[j] / divisor);
}
