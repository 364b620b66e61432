// From fp32 to codes. Everything that a bound rests on is computed in fp64 and rounded outward, on
// every machine alike: rows are encoded once and searched often.

#include <math.h>
#include <string.h>

#include "../Dispatch.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, GROUP = VK_CODE_GROUP };

// The nearest integer of a small number, without a call: what is added leaves no room for fractions.
static inline double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

// The root of a sum of squares, more than its own rounding errors too large, as a float.
static float root_upwards(double squares) {
  const double root = sqrt(squares) * (1 + 1e-10);
  const float rounded = (float)root;
  return (double)rounded < root ? nextafterf(rounded, INFINITY) : rounded;
}

static void put_factors(uint8_t *factors, size_t lane, float scale, float error, float norm) {
  const float values[3] = {scale, error, norm};
  for (size_t i = 0; i < 3; i++) {
    memcpy(factors + (i * LANES + lane) * sizeof(float), &values[i], sizeof(float));
  }
}

void vk_encode_row(const float *row, size_t dimension, uint8_t *block, size_t lane) {
  const size_t group_count = (dimension + GROUP - 1) / GROUP;
  float largest = 0;
  for (size_t j = 0; j < dimension; j++) {
    const float size = fabsf(row[j]);
    largest = size > largest ? size : largest;
  }
  const double step = largest > 0 ? 127 / (double)largest : 0;
  double of_codes = 0, of_both = 0, squares = 0;
  for (size_t g = 0; g < group_count; g++) {
    for (size_t j = 0; j < GROUP; j++) {
      const double x = g * GROUP + j < dimension ? (double)row[g * GROUP + j] : 0;
      const double code = nearest(x * step);
      of_codes += code * code;
      of_both += code * x;
      squares += x * x;
      block[(g * LANES + lane) * GROUP + j] = (uint8_t)((int)code + 128);
    }
  }
  uint8_t *factors = block + group_count * LANES * GROUP;
  const float norm = root_upwards(squares);
  // The scale of least squares. Where it is hardly a number any more, the code says nothing.
  const float scale = of_codes > 0 ? (float)(of_both / of_codes) : 0;
  if (scale < 0x1p-100f) {
    for (size_t g = 0; g < group_count; g++) {
      memset(block + (g * LANES + lane) * GROUP, 128, GROUP);
    }
    return put_factors(factors, lane, 0, norm, norm);
  }
  double left = 0;
  for (size_t j = 0; j < dimension; j++) {
    const int code = block[(j / GROUP * LANES + lane) * GROUP + j % GROUP] - 128;
    const double rest = (double)row[j] - (double)scale * code;
    left += rest * rest;
  }
  put_factors(factors, lane, scale, root_upwards(left), norm);
}
