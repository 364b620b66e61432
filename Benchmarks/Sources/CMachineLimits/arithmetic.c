// Arithmetic from registers: as many sums side by side as hide the latency of one step.

#include "rates.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { steps = 1000 };

static const ml_rates nothing = {0, 0, 0};

// The operands stay unknown to the compiler, so that it computes nothing beforehand.
#define HIDE(value) __asm__ volatile("" : "+x"(value))

// Ten sums and two operands fill twelve of the sixteen registers that AVX2 has.
#define TEN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9)

typedef float portable __attribute__((vector_size(16)));

// What a compiler makes of four floats that are multiplied and added, on any processor.
static uint64_t fma_portable(void *context, size_t times) {
#pragma STDC FP_CONTRACT ON
  (void)context;
  portable a = {1, 1, 1, 1}, b = {0, 0, 0, 0}, sums[10] = {{0}};
  for (size_t i = 0; i < times * steps; i++) {
    __asm__ volatile("" : "+m"(a), "+m"(b));
#define STEP(n) sums[n] = sums[n] * a + b;
    TEN(STEP)
#undef STEP
  }
  portable sum = {0};
  for (int n = 0; n < 10; n++) sum += sums[n];
  return (uint64_t)(sum[0] + sum[1] + sum[2] + sum[3]);
}

#if ML_X86

__attribute__((target("avx2,fma"))) static uint64_t fma_avx2(void *context, size_t times) {
  (void)context;
  __m256 a = _mm256_set1_ps(1), b = _mm256_set1_ps(0);
  HIDE(a);
  HIDE(b);
#define SUM(n) __m256 sum##n = _mm256_set1_ps(n);
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n) sum##n = _mm256_fmadd_ps(sum##n, a, b);
    TEN(STEP)
#undef STEP
  }
  __m256 sum = b;
#define GATHER(n) sum = _mm256_add_ps(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) static uint64_t fma_avx512(void *context, size_t times) {
  (void)context;
  __m512 a = _mm512_set1_ps(1), b = _mm512_set1_ps(0);
  __asm__ volatile("" : "+v"(a), "+v"(b));
#define SUM(n) __m512 sum##n = _mm512_set1_ps(n);
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n) sum##n = _mm512_fmadd_ps(sum##n, a, b);
    TEN(STEP)
#undef STEP
  }
  __m512 sum = b;
#define GATHER(n) sum = _mm512_add_ps(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm512_reduce_add_ps(sum);
}

// Bytes times bytes to pairs of 16 bits, these to sums of 32 bits: three instructions for 32
// products. The hidden operand changes its place each time, or the products would be made once.
__attribute__((target("avx2"))) static uint64_t dot_avx2(void *context, size_t times) {
  (void)context;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(1);
#define SUM(n) __m256i sum##n = _mm256_setzero_si256();
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n)                                                    \
  HIDE(b);                                                         \
  sum##n = _mm256_add_epi32(                                       \
      sum##n, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    TEN(STEP)
#undef STEP
  }
  __m256i sum = ones;
#define GATHER(n) sum = _mm256_add_epi32(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm256_extract_epi32(sum, 0);
}

// The same with the products added up in 16 bits, as long as they fit: two instructions.
__attribute__((target("avx2"))) static uint64_t dot_avx2_narrow(void *context, size_t times) {
  (void)context;
  __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(1);
#define SUM(n) __m256i sum##n = _mm256_setzero_si256();
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n) HIDE(b); sum##n = _mm256_add_epi16(sum##n, _mm256_maddubs_epi16(a, b));
    TEN(STEP)
#undef STEP
  }
  __m256i sum = a;
#define GATHER(n) sum = _mm256_add_epi16(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm256_extract_epi32(sum, 0);
}

__attribute__((target("avx2,avxvnni"))) static uint64_t dot_avx_vnni(void *context, size_t times) {
  (void)context;
  __m256i a = _mm256_set1_epi8(1), b = _mm256_set1_epi8(1);
#define SUM(n) __m256i sum##n = _mm256_setzero_si256();
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n) HIDE(b); sum##n = _mm256_dpbusd_avx_epi32(sum##n, a, b);
    TEN(STEP)
#undef STEP
  }
  __m256i sum = a;
#define GATHER(n) sum = _mm256_add_epi32(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm256_extract_epi32(sum, 0);
}

__attribute__((target("avx512f,avx512vnni"))) static uint64_t dot_avx512_vnni(void *context,
                                                                               size_t times) {
  (void)context;
  __m512i a = _mm512_set1_epi32(0x01010101), b = a;
#define SUM(n) __m512i sum##n = _mm512_setzero_si512();
  TEN(SUM)
#undef SUM
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n)                       \
  __asm__ volatile("" : "+v"(b));     \
  sum##n = _mm512_dpbusd_epi32(sum##n, a, b);
    TEN(STEP)
#undef STEP
  }
  __m512i sum = a;
#define GATHER(n) sum = _mm512_add_epi32(sum, sum##n);
  TEN(GATHER)
#undef GATHER
  return (uint64_t)_mm512_reduce_add_epi32(sum);
}

#elif defined(__aarch64__)

__attribute__((target("dotprod"))) static uint64_t dot_neon(void *context, size_t times) {
  (void)context;
  int8x16_t a = vdupq_n_s8(1), b = a;
  int32x4_t sums[10];
  for (int n = 0; n < 10; n++) sums[n] = vdupq_n_s32(0);
  for (size_t i = 0; i < times * steps; i++) {
#define STEP(n) __asm__ volatile("" : "+w"(b)); sums[n] = vdotq_s32(sums[n], a, b);
    TEN(STEP)
#undef STEP
  }
  int32_t sum = 0;
  for (int n = 0; n < 10; n++) sum += vaddvq_s32(sums[n]);
  return (uint64_t)sum;
}

#endif

ml_rates ml_fma_operations(ml_fma_kind kind) {
  switch (kind) {
    case ml_fma_portable: return ml_measure(fma_portable, NULL, 10.0 * 4 * 2 * steps);
    case ml_fma_avx2:
#if ML_X86
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ml_measure(fma_avx2, NULL, 10.0 * 8 * 2 * steps);
#endif
      return nothing;
    case ml_fma_avx512:
#if ML_X86
      if (__builtin_cpu_supports("avx512f"))
        return ml_measure(fma_avx512, NULL, 10.0 * 16 * 2 * steps);
#endif
      return nothing;
  }
}

ml_rates ml_dot_operations(ml_dot_kind kind) {
  switch (kind) {
    case ml_dot_avx2:
#if ML_X86
      if (__builtin_cpu_supports("avx2")) return ml_measure(dot_avx2, NULL, 10.0 * 32 * 2 * steps);
#endif
      return nothing;
    case ml_dot_avx2_narrow:
#if ML_X86
      if (__builtin_cpu_supports("avx2"))
        return ml_measure(dot_avx2_narrow, NULL, 10.0 * 32 * 2 * steps);
#endif
      return nothing;
    case ml_dot_avx_vnni:
#if ML_X86
      if (__builtin_cpu_supports("avxvnni"))
        return ml_measure(dot_avx_vnni, NULL, 10.0 * 32 * 2 * steps);
#endif
      return nothing;
    case ml_dot_avx512_vnni:
#if ML_X86
      if (__builtin_cpu_supports("avx512vnni"))
        return ml_measure(dot_avx512_vnni, NULL, 10.0 * 64 * 2 * steps);
#endif
      return nothing;
    case ml_dot_neon:
#if defined(__aarch64__)
      return ml_measure(dot_neon, NULL, 10.0 * 16 * 2 * steps);
#endif
      return nothing;
  }
}
