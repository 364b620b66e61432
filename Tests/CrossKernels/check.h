// What the checks share: memory that ends at a forbidden page, reproducible numbers, and counting.

#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CVectorKernels.h"

// The set under test, and what has been compared and found different so far.
extern vk_instruction_set set;
extern long comparisons, failures;

// Counts a comparison; says what differed, the first few times.
#define EXPECT(condition, ...)                    \
  do {                                            \
    comparisons++;                                \
    if (!(condition) && failures++ < 20) {        \
      printf("  %s: ", vk_name(set));             \
      printf(__VA_ARGS__);                        \
      printf("\n");                               \
    }                                             \
  } while (0)

// `count` bytes that end `gap` bytes before memory which must not be touched. Every call lends the
// same memory of the given number (0…7) again; count + gap is at most GUARDED bytes.
enum { GUARDED = 1 << 19 };
void *guarded(int number, size_t count, size_t gap);

static inline float *guarded_floats(int number, size_t count, size_t gap) {
  return guarded(number, count * sizeof(float), gap * sizeof(float));
}

uint64_t next_random(void);
// Between -1 and 1.
float next_float(void);
// A finite number that a score may meet: now and then a zero, a denormal or a very large one.
float next_special(void);

static inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

void check_rows(void);
void check_selection(void);
void check_activations(void);
void check_digests(void);
void check_codes(void);

#endif
