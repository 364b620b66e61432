// AVX-512. Sixteen elements at a time; a last step of fewer reads and writes through a mask. The
// polynomials and their errors are those of the AVX2 kernels.

#include "../Dispatch.h"

#if VK_X86

#include <immintrin.h>
#include <math.h>

// The lanes of the sixteen from `j` on that are inside the row.
VK_TARGET_AVX512 static inline __mmask16 lanes_inside(size_t j, size_t dimension) {
  return dimension - j < 16 ? (__mmask16)((1u << (dimension - j)) - 1) : (__mmask16)0xFFFF;
}

VK_TARGET_AVX512 static inline __m512 load(__mmask16 inside, const float *address) {
  return _mm512_maskz_loadu_ps(inside, address);
}

// e^x for x <= 0.
VK_TARGET_AVX512 static inline __m512 exp_of(__m512 x) {
  // The operand order keeps a NaN: max returns its second operand when one is not a number.
  x = _mm512_max_ps(_mm512_set1_ps(-87.0f), x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts: the first has few enough bits that n times it is exact.
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20f), r);
  __m512 y = _mm512_set1_ps(1.0f / 5040);
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 720));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 120));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 24));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 6));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.5f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f));
  y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(y, n);
}

// x Φ(x), where Φ(x) = erfc(-x / √2) / 2.
VK_TARGET_AVX512 static inline __m512 gelu_of(__m512 x) {
  const __m512 z = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678f));
  const __m512 one = _mm512_set1_ps(1.0f);
  const __m512 t = _mm512_div_ps(one, _mm512_fmadd_ps(z, _mm512_set1_ps(0.3275911f), one));
  __m512 y = _mm512_set1_ps(1.061405429f);
  y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(-1.453152027f));
  y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(1.421413741f));
  y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(-0.284496736f));
  y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(0.254829592f));
  y = _mm512_mul_ps(_mm512_mul_ps(y, t), exp_of(_mm512_fnmadd_ps(z, z, _mm512_setzero_ps())));
  const __m512 half = _mm512_mul_ps(y, _mm512_set1_ps(0.5f));
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  const __m512 phi = _mm512_mask_blend_ps(negative, _mm512_sub_ps(one, half), half);
  return _mm512_mul_ps(x, phi);
}

// Runs the body for each group of sixteen elements of a row: `j` is the first, `inside` the lanes.
#define FOR_EACH_SIXTEEN(dimension)                                                  \
  for (size_t j = 0; j < (dimension); j += 16)                                       \
    for (__mmask16 inside = lanes_inside(j, dimension), once = 1; once; once = 0)

VK_TARGET_AVX512 void add_bias_f32_rows_avx512(float *rows, size_t row_count, size_t dimension,
                                               const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    FOR_EACH_SIXTEEN(dimension) {
      const __m512 x = _mm512_add_ps(load(inside, row + j), load(inside, bias + j));
      _mm512_mask_storeu_ps(row + j, inside, x);
    }
  }
}

VK_TARGET_AVX512 void bias_gelu_f32_rows_avx512(float *rows, size_t row_count, size_t dimension,
                                                const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    FOR_EACH_SIXTEEN(dimension) {
      const __m512 x = _mm512_add_ps(load(inside, row + j), load(inside, bias + j));
      _mm512_mask_storeu_ps(row + j, inside, gelu_of(x));
    }
  }
}

VK_TARGET_AVX512 void softmax_f32_rows_avx512(float *rows, size_t row_count, size_t dimension,
                                              float scale) {
  const __m512 factor = _mm512_set1_ps(scale);
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    __m512 most = _mm512_set1_ps(row[0]);
    FOR_EACH_SIXTEEN(dimension) {
      most = _mm512_mask_max_ps(most, inside, most, load(inside, row + j));
    }
    const __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(most));
    __m512 sum = _mm512_setzero_ps();
    FOR_EACH_SIXTEEN(dimension) {
      // The lanes beyond the row count as the largest, which cannot overflow, and are not added.
      const __m512 x = _mm512_mask_loadu_ps(top, inside, row + j);
      const __m512 y = exp_of(_mm512_mul_ps(factor, _mm512_sub_ps(x, top)));
      _mm512_mask_storeu_ps(row + j, inside, y);
      sum = _mm512_mask_add_ps(sum, inside, sum, y);
    }
    const __m512 inverse = _mm512_set1_ps(1 / _mm512_reduce_add_ps(sum));
    FOR_EACH_SIXTEEN(dimension) {
      _mm512_mask_storeu_ps(row + j, inside, _mm512_mul_ps(load(inside, row + j), inverse));
    }
  }
}

VK_TARGET_AVX512 void bias_layer_norm_f32_rows_avx512(float *rows, size_t row_count,
                                                      size_t dimension, const float *bias,
                                                      const float *gain, const float *shift,
                                                      float epsilon) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    __m512 sum = _mm512_setzero_ps();
    FOR_EACH_SIXTEEN(dimension) {
      const __m512 x = _mm512_add_ps(load(inside, row + j), load(inside, bias + j));
      _mm512_mask_storeu_ps(row + j, inside, x);
      sum = _mm512_add_ps(sum, x);
    }
    const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / (float)dimension);
    __m512 squares = _mm512_setzero_ps();
    FOR_EACH_SIXTEEN(dimension) {
      const __m512 d = _mm512_maskz_sub_ps(inside, load(inside, row + j), mean);
      squares = _mm512_fmadd_ps(d, d, squares);
    }
    const float variance = _mm512_reduce_add_ps(squares) / (float)dimension;
    const __m512 inverse = _mm512_set1_ps(1 / sqrtf(variance + epsilon));
    FOR_EACH_SIXTEEN(dimension) {
      const __m512 x = _mm512_mul_ps(_mm512_sub_ps(load(inside, row + j), mean), inverse);
      _mm512_mask_storeu_ps(row + j, inside,
                            _mm512_fmadd_ps(x, load(inside, gain + j), load(inside, shift + j)));
    }
  }
}

#endif
