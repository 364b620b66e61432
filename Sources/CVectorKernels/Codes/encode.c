// From fp32 to codes. Everything that a bound rests on is computed in fp64 and rounded outward, on
// every machine alike: rows are encoded once and searched often.

#include <math.h>
#include <string.h>

#include "../Dispatch.h"

#pragma STDC FP_CONTRACT OFF

enum { LANES = VK_CODE_LANES, GROUP = VK_CODE_GROUP };

// The nearest integers of small numbers, without a call: what is added leaves no room for fractions.
static inline double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }
static inline float nearest_float(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

// The root of a sum of squares, more than its own rounding errors too large, as a float.
static float root_upwards(double squares) {
  const double root = sqrt(squares) * (1 + 1e-10);
  const float rounded = (float)root;
  return (double)rounded < root ? nextafterf(rounded, INFINITY) : rounded;
}

static float largest_size(const float *vector, size_t dimension) {
  float largest = 0;
  for (size_t j = 0; j < dimension; j++) {
    const float size = fabsf(vector[j]);
    largest = size > largest ? size : largest;
  }
  return largest;
}

static void put_factors(uint8_t *factors, size_t lane, float scale, float error, float norm) {
  const float values[3] = {scale, error, norm};
  for (size_t i = 0; i < 3; i++) {
    memcpy(factors + (i * LANES + lane) * sizeof(float), &values[i], sizeof(float));
  }
}

void vk_encode_row(const float *row, size_t dimension, uint8_t *block, size_t lane) {
  const size_t group_count = (dimension + GROUP - 1) / GROUP;
  const float largest = largest_size(row, dimension);
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

bool vk_takes_whole_bytes(vk_instruction_set set) {
  return set == vk_instruction_set_scalar || set == vk_instruction_set_avx512_vnni ||
         set == vk_instruction_set_neon_dotprod;
}

// What a sum over one window may reach with one sign; rounding adds half of each of its sixteen
// elements, which makes 128.
enum { LARGEST_SUM = 120 };

// The largest sum of the elements of one sign that share sixteen bits.
static float largest_sum(const float *vector, size_t dimension) {
  float largest = 0;
  for (size_t start = 0; start < dimension; start += VK_CODE_WINDOW * GROUP) {
    const size_t end =
        start + VK_CODE_WINDOW * GROUP < dimension ? start + VK_CODE_WINDOW * GROUP : dimension;
    float positive[GROUP] = {0}, negative[GROUP] = {0};
    for (size_t j = start; j < end; j++) {
      const float x = vector[j];
      positive[j % GROUP] += x > 0 ? x : 0;
      negative[j % GROUP] += x < 0 ? -x : 0;
    }
    for (size_t half = 0; half < GROUP; half += 2) {
      const float up = positive[half] + positive[half + 1];
      const float down = negative[half] + negative[half + 1];
      largest = up > largest ? up : largest;
      largest = down > largest ? down : largest;
    }
  }
  return largest;
}

float vk_code_plane(vk_instruction_set set, const float *vector, size_t dimension, int8_t *plane,
                    float *rest) {
  const size_t padded = (dimension + GROUP - 1) / GROUP * GROUP;
  for (size_t j = dimension; j < padded; j++) plane[j] = 0;
  const float scale = vk_takes_whole_bytes(set) ? largest_size(vector, dimension) / 127
                                                : largest_sum(vector, dimension) / LARGEST_SUM;
  if (scale < 0x1p-100f) {
    memset(plane, 0, dimension);
    memmove(rest, vector, dimension * sizeof(float));
    return 0;
  }
  const float step = 1 / scale;
  for (size_t j = 0; j < dimension; j++) {
    const float code = nearest_float(vector[j] * step);
    plane[j] = (int8_t)code;
    rest[j] = (float)((double)vector[j] - (double)scale * (double)code);
  }
  return scale;
}
