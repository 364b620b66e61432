// The planes of a query: one plain loop, compiled for each instruction set. Nothing is contracted, so
// all that take whole bytes give the same, and so do all others.

#include <math.h>
#include <string.h>

#include "../Dispatch.h"

#pragma STDC FP_CONTRACT OFF

enum { GROUP = VK_CODE_GROUP };

#define VK_ANY_SET __attribute__((always_inline)) static inline

// The nearest integer of a small number, without a call: what is added leaves no room for fractions.
VK_ANY_SET float nearest_float(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

// What a sum over one window may reach with one sign; rounding adds half of each of its sixteen
// elements, which makes 128.
enum { LARGEST_SUM = 120 };

// Sums of the elements of one window by sign, for each remainder modulo four.
typedef struct {
  float positive[GROUP], negative[GROUP];
} signed_sums;

VK_ANY_SET void add_group(signed_sums *sums, const float *group) {
  for (size_t j = 0; j < GROUP; j++) {
    const float x = group[j];
    sums->positive[j] += x > 0 ? x : 0;
    sums->negative[j] += x < 0 ? -x : 0;
  }
}

VK_ANY_SET float larger(float a, float b) { return a > b ? a : b; }

// The largest sum of the elements of one sign that share sixteen bits.
VK_ANY_SET float largest_sum(const float *vector, size_t dimension) {
  float largest = 0;
  for (size_t start = 0; start < dimension; start += VK_CODE_WINDOW * GROUP) {
    signed_sums sums = {{0}, {0}};
    size_t j = start;
    for (size_t g = 0; g < VK_CODE_WINDOW && j + GROUP <= dimension; g++, j += GROUP) {
      add_group(&sums, vector + j);
    }
    if (j < start + VK_CODE_WINDOW * GROUP && j < dimension) {
      float last[GROUP] = {0};
      memcpy(last, vector + j, (dimension - j) * sizeof(float));
      add_group(&sums, last);
    }
    for (size_t half = 0; half < GROUP; half += 2) {
      largest = larger(largest, sums.positive[half] + sums.positive[half + 1]);
      largest = larger(largest, sums.negative[half] + sums.negative[half + 1]);
    }
  }
  return largest;
}

// Sixteen maxima, so that the compiler may take many elements at a time.
VK_ANY_SET float largest_size(const float *vector, size_t dimension) {
  enum { LANES = 16 };
  float sizes[LANES] = {0};
  size_t start = 0;
  for (; start + LANES <= dimension; start += LANES) {
    for (size_t j = 0; j < LANES; j++) sizes[j] = larger(sizes[j], fabsf(vector[start + j]));
  }
  for (size_t j = 0; start + j < dimension; j++) {
    sizes[j] = larger(sizes[j], fabsf(vector[start + j]));
  }
  float largest = 0;
  for (size_t j = 0; j < LANES; j++) largest = larger(largest, sizes[j]);
  return largest;
}

VK_ANY_SET float code_plane(const float *vector, size_t dimension, int8_t *plane, float *rest,
                            bool takes_whole_bytes) {
  const size_t padded = (dimension + GROUP - 1) / GROUP * GROUP;
  for (size_t j = dimension; j < padded; j++) plane[j] = 0;
  const float scale = takes_whole_bytes ? largest_size(vector, dimension) / 127
                                        : largest_sum(vector, dimension) / LARGEST_SUM;
  if (scale < 0x1p-100f) {
    memset(plane, 0, dimension);
    memmove(rest, vector, dimension * sizeof(float));
    return 0;
  }
  const float step = 1 / scale;
  const double exact_scale = (double)scale;
  for (size_t j = 0; j < dimension; j++) {
    const float code = nearest_float(vector[j] * step);
    plane[j] = (int8_t)(int32_t)code;
    rest[j] = (float)((double)vector[j] - exact_scale * (double)code);
  }
  return scale;
}

bool vk_takes_whole_bytes(vk_instruction_set set) {
  return set == vk_instruction_set_scalar || set == vk_instruction_set_avx512_vnni ||
         set == vk_instruction_set_neon_dotprod;
}

#define DEFINE_PLANE(SET)                                                                     \
  float code_plane_##SET(const float *vector, size_t dimension, int8_t *plane, float *rest) { \
    return code_plane(vector, dimension, plane, rest,                                         \
                      vk_takes_whole_bytes(vk_instruction_set_##SET));                        \
  }

DEFINE_PLANE(scalar)
#if VK_X86
VK_TARGET_AVX2 DEFINE_PLANE(avx2)
VK_TARGET_AVX512 DEFINE_PLANE(avx512)
VK_TARGET_AVX512 DEFINE_PLANE(avx512_vnni)
#elif VK_ARM
DEFINE_PLANE(neon)
DEFINE_PLANE(neon_dotprod)
#endif

int32_t vk_code_plane_sum(const int8_t *plane, size_t count) {
  int32_t sum = 0;
  for (size_t j = 0; j < count; j++) sum += plane[j];
  return sum;
}
