// Canonical scores, bit for bit, and selection.

#include "check.h"

enum { MOST_ROWS = 9 };

typedef void kernel(vk_instruction_set, const float *, size_t, size_t, const float *, float *);

// All row counts and alignments of one dimension, and the last row before forbidden memory.
static void check_dimension(kernel *score, const char *what, size_t dimension,
                            float (*next)(void)) {
  float rows[MOST_ROWS * 3072], expected[MOST_ROWS];
  for (size_t i = 0; i < MOST_ROWS * dimension; i++) rows[i] = next();
  for (size_t gap = 0; gap < 8; gap++) {
    float *query = guarded_floats(0, dimension, (gap * 3) % 8);
    for (size_t i = 0; i < dimension; i++) query[i] = next();
    score(vk_instruction_set_scalar, rows, MOST_ROWS, dimension, query, expected);
    for (size_t count = 0; count <= MOST_ROWS; count++) {
      float *x = guarded_floats(1, count * dimension, gap);
      memcpy(x, rows, count * dimension * sizeof(float));
      float *found = guarded_floats(2, count, 7 - gap);
      score(set, x, count, dimension, query, found);
      for (size_t i = 0; i < count; i++)
        EXPECT(bits_of(found[i]) == bits_of(expected[i]),
               "%s, dimension %zu, gap %zu, row %zu of %zu: %a, not %a", what, dimension, gap, i,
               count, (double)found[i], (double)expected[i]);
    }
  }
}

static void check_kernel(kernel *score, const char *what) {
  for (size_t dimension = 1; dimension <= 130; dimension++) {
    check_dimension(score, what, dimension, next_float);
    check_dimension(score, what, dimension, next_special);
  }
  for (size_t dimension = 256; dimension <= 3072; dimension += 128)
    check_dimension(score, what, dimension, next_float);
  for (size_t dimension = 257; dimension <= 3072; dimension += 211)
    check_dimension(score, what, dimension, next_float);
}

void check_rows(void) {
  check_kernel(vk_inner_product_f32_rows, "inner product");
  check_kernel(vk_squared_distance_f32_rows, "squared distance");
}

void check_selection(void) {
  static const float thresholds[] = {-INFINITY, -1, -0.0f, 2, 4, INFINITY, NAN};
  for (size_t count = 0; count <= 300; count++) {
    for (size_t gap = 0; gap < 8; gap++) {
      float *scores = guarded_floats(0, count, gap);
      for (size_t i = 0; i < count; i++) scores[i] = (float)(next_random() % 7) - 3;
      if (count > 3) scores[next_random() % count] = NAN, scores[3] = INFINITY;
      for (size_t t = 0; t < sizeof thresholds / sizeof thresholds[0]; t++) {
        uint32_t *positions = guarded(1, count * sizeof(uint32_t), 0);
        uint32_t expected[300];
        const size_t many = vk_select_at_least_f32(vk_instruction_set_scalar, scores, count,
                                                   thresholds[t], expected);
        const size_t found =
            vk_select_at_least_f32(set, scores, count, thresholds[t], positions);
        EXPECT(found == many && memcmp(positions, expected, many * sizeof(uint32_t)) == 0,
               "selection of %zu, gap %zu, threshold %g", count, gap, (double)thresholds[t]);
      }
    }
  }
}
