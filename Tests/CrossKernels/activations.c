// The elementwise parts of a transformer: equal to the oracle within what their contract allows.

#include "check.h"

enum { ROWS = 3 };

static bool near(float found, float expected) {
  return fabsf(found - expected) <= 2e-6f * fmaxf(1, fabsf(expected));
}

static void compare(const char *what, const float *found, const float *expected,
                    size_t dimension) {
  for (size_t i = 0; i < ROWS * dimension; i++)
    EXPECT(near(found[i], expected[i]), "%s, dimension %zu, element %zu: %g, not %g", what,
           dimension, i, (double)found[i], (double)expected[i]);
}

// Runs CALL once on the oracle and once on the set, each with `set_` and its own copy `x` of rows.
#define COMPARE(what, CALL)                                                  \
  do {                                                                       \
    {                                                                        \
      const vk_instruction_set set_ = vk_instruction_set_scalar;             \
      float *x = expected;                                                   \
      memcpy(x, rows, sizeof(float) * ROWS * dimension);                     \
      CALL;                                                                  \
    }                                                                        \
    {                                                                        \
      const vk_instruction_set set_ = set;                                   \
      float *x = guarded_floats(0, ROWS *dimension, gap);                    \
      memcpy(x, rows, sizeof(float) * ROWS * dimension);                     \
      CALL;                                                                  \
      compare(what, x, expected, dimension);                                 \
    }                                                                        \
  } while (0)

static void check_dimension(size_t dimension, size_t gap) {
  float rows[ROWS * 1536], expected[ROWS * 1536];
  float *bias = guarded_floats(1, dimension, gap), *gain = guarded_floats(2, dimension, gap);
  float *shift = guarded_floats(3, dimension, gap);
  for (size_t i = 0; i < dimension; i++)
    bias[i] = next_float(), gain[i] = next_float(), shift[i] = next_float();
  for (size_t i = 0; i < ROWS * dimension; i++) rows[i] = next_float() * 6;
  COMPARE("bias", vk_add_bias_f32_rows(set_, x, ROWS, dimension, bias));
  COMPARE("gelu", vk_bias_gelu_f32_rows(set_, x, ROWS, dimension, bias));
  COMPARE("softmax", vk_softmax_f32_rows(set_, x, ROWS, dimension, 3));
  COMPARE("layer norm",
          vk_bias_layer_norm_f32_rows(set_, x, ROWS, dimension, bias, gain, shift, 1e-3f));
}

// Scores so far apart that all but one vanish, and elements that are no numbers.
static void check_extremes(void) {
  for (size_t dimension = 1; dimension <= 40; dimension++) {
    float *x = guarded_floats(0, dimension, 0);
    for (size_t i = 0; i < dimension; i++) x[i] = i + 1 == dimension ? 1e30f : -1e30f;
    vk_softmax_f32_rows(set, x, 1, dimension, 1);
    for (size_t i = 0; i < dimension; i++)
      EXPECT(i + 1 == dimension ? x[i] == 1 : x[i] >= 0 && x[i] < 1e-30f,
             "softmax of distant scores, dimension %zu", dimension);
    const float zeros[40] = {0};
    for (size_t i = 0; i < dimension; i++) x[i] = i % 5 == 3 ? NAN : (float)i - 20;
    vk_bias_gelu_f32_rows(set, x, 1, dimension, zeros);
    for (size_t i = 0; i < dimension; i++)
      EXPECT((i % 5 == 3) == (bool)isnan(x[i]), "gelu of what is not a number, element %zu", i);
  }
}

void check_activations(void) {
  for (size_t dimension = 1; dimension <= 130; dimension++) {
    for (size_t gap = 0; gap < 8; gap++) check_dimension(dimension, gap);
  }
  check_dimension(384, 0);
  check_dimension(1536, 3);
  check_extremes();
}
