#include "CVectorKernels.h"

double vk_squared_norm_f64(const float *row, size_t dimension) {
  double sums[4] = {0};
  for (size_t j = 0; j < dimension; j++) {
    const double x = (double)row[j];
    sums[j % 4] += x * x;
  }
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}
