// NEON. Four elements at a time; the last one to three are taken on a copy that is continued with
// zeros. The polynomials and their errors are those of the AVX2 kernels.

#include "../Dispatch.h"

#if VK_ARM

#include <arm_neon.h>
#include <math.h>

// Four elements, or the `many` that are left, continued with zeros.
static inline float32x4_t load(const float *address, size_t many) {
  if (many >= 4) return vld1q_f32(address);
  float four[4] = {0};
  for (size_t j = 0; j < many; j++) four[j] = address[j];
  return vld1q_f32(four);
}

static inline void store(float *address, size_t many, float32x4_t x) {
  if (many >= 4) {
    vst1q_f32(address, x);
    return;
  }
  float four[4];
  vst1q_f32(four, x);
  for (size_t j = 0; j < many; j++) address[j] = four[j];
}

// All bits in the lanes that are inside the row, of which `many` elements are left.
static inline uint32x4_t mask_of(size_t many) {
  const uint32x4_t lanes = {0, 1, 2, 3};
  return vcltq_u32(lanes, vdupq_n_u32(many < 4 ? (uint32_t)many : 4));
}

static inline float32x4_t only(uint32x4_t mask, float32x4_t x) {
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), mask));
}

// e^x for x <= 0. The maximum keeps a NaN.
static inline float32x4_t exp_of(float32x4_t x) {
  x = vmaxq_f32(vdupq_n_f32(-87.0f), x);
  const float32x4_t n = vrndnq_f32(vmulq_f32(x, vdupq_n_f32(1.44269504f)));
  // ln 2 in two parts: the first has few enough bits that n times it is exact.
  float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(0x1.62e4p-1f));
  r = vfmsq_f32(r, n, vdupq_n_f32(0x1.7f7d1cp-20f));
  float32x4_t y = vdupq_n_f32(1.0f / 5040);
  y = vfmaq_f32(vdupq_n_f32(1.0f / 720), y, r);
  y = vfmaq_f32(vdupq_n_f32(1.0f / 120), y, r);
  y = vfmaq_f32(vdupq_n_f32(1.0f / 24), y, r);
  y = vfmaq_f32(vdupq_n_f32(1.0f / 6), y, r);
  y = vfmaq_f32(vdupq_n_f32(0.5f), y, r);
  y = vfmaq_f32(vdupq_n_f32(1.0f), y, r);
  y = vfmaq_f32(vdupq_n_f32(1.0f), y, r);
  const int32x4_t exponent = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
  return vmulq_f32(y, vreinterpretq_f32_s32(exponent));
}

// x Φ(x), where Φ(x) = erfc(-x / √2) / 2.
static inline float32x4_t gelu_of(float32x4_t x) {
  const float32x4_t z = vmulq_f32(vabsq_f32(x), vdupq_n_f32(0.70710678f));
  const float32x4_t one = vdupq_n_f32(1.0f);
  const float32x4_t t = vdivq_f32(one, vfmaq_f32(one, z, vdupq_n_f32(0.3275911f)));
  float32x4_t y = vdupq_n_f32(1.061405429f);
  y = vfmaq_f32(vdupq_n_f32(-1.453152027f), y, t);
  y = vfmaq_f32(vdupq_n_f32(1.421413741f), y, t);
  y = vfmaq_f32(vdupq_n_f32(-0.284496736f), y, t);
  y = vfmaq_f32(vdupq_n_f32(0.254829592f), y, t);
  y = vmulq_f32(vmulq_f32(y, t), exp_of(vfmsq_f32(vdupq_n_f32(0), z, z)));
  const float32x4_t half = vmulq_f32(y, vdupq_n_f32(0.5f));
  return vmulq_f32(x, vbslq_f32(vcltzq_f32(x), half, vsubq_f32(one, half)));
}

void add_bias_f32_rows_neon(float *rows, size_t row_count, size_t dimension, const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      store(row + j, many, vaddq_f32(load(row + j, many), load(bias + j, many)));
    }
  }
}

void bias_gelu_f32_rows_neon(float *rows, size_t row_count, size_t dimension, const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      store(row + j, many, gelu_of(vaddq_f32(load(row + j, many), load(bias + j, many))));
    }
  }
}

void softmax_f32_rows_neon(float *rows, size_t row_count, size_t dimension, float scale) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    float32x4_t most = vdupq_n_f32(row[0]);
    for (size_t j = 0; j < dimension; j += 4) {
      const uint32x4_t mask = mask_of(dimension - j);
      most = vbslq_f32(mask, vmaxq_f32(most, load(row + j, dimension - j)), most);
    }
    const float32x4_t top = vdupq_n_f32(vmaxvq_f32(most));
    float32x4_t sum = vdupq_n_f32(0);
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      const uint32x4_t mask = mask_of(many);
      // The lanes beyond the row count as the largest, which cannot overflow, and are not added.
      const float32x4_t below = only(mask, vsubq_f32(load(row + j, many), top));
      const float32x4_t y = exp_of(vmulq_n_f32(below, scale));
      store(row + j, many, y);
      sum = vaddq_f32(sum, only(mask, y));
    }
    const float32x4_t inverse = vdupq_n_f32(1 / vaddvq_f32(sum));
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      store(row + j, many, vmulq_f32(load(row + j, many), inverse));
    }
  }
}

void bias_layer_norm_f32_rows_neon(float *rows, size_t row_count, size_t dimension,
                                   const float *bias, const float *gain, const float *shift,
                                   float epsilon) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    float32x4_t sum = vdupq_n_f32(0);
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      const float32x4_t x = vaddq_f32(load(row + j, many), load(bias + j, many));
      store(row + j, many, x);
      sum = vaddq_f32(sum, x);
    }
    const float32x4_t mean = vdupq_n_f32(vaddvq_f32(sum) / (float)dimension);
    float32x4_t squares = vdupq_n_f32(0);
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      const float32x4_t d = only(mask_of(many), vsubq_f32(load(row + j, many), mean));
      squares = vfmaq_f32(squares, d, d);
    }
    const float variance = vaddvq_f32(squares) / (float)dimension;
    const float32x4_t inverse = vdupq_n_f32(1 / sqrtf(variance + epsilon));
    for (size_t j = 0; j < dimension; j += 4) {
      const size_t many = dimension - j;
      const float32x4_t x = vmulq_f32(vsubq_f32(load(row + j, many), mean), inverse);
      store(row + j, many, vfmaq_f32(load(shift + j, many), x, load(gain + j, many)));
    }
  }
}

#endif
