#include "rates.h"

#include <stdlib.h>
#include <time.h>

double ml_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

ml_rates ml_summary(double rates[ml_repetitions]) {
  qsort(rates, ml_repetitions, sizeof *rates, ascending);
  return (ml_rates){rates[0], rates[ml_repetitions / 2], rates[ml_repetitions - 1]};
}

ml_rates ml_measure(ml_work work, void *context, double units_each_time) {
  volatile uint64_t sink = 0;
  size_t times = 1;
  for (;;) {
    const double start = ml_seconds();
    sink += work(context, times);
    const double taken = ml_seconds() - start;
    if (taken >= ML_SECONDS) break;
    times = taken < ML_SECONDS / 16 ? times * 8 : (size_t)((double)times * ML_SECONDS / taken) + 1;
  }
  double rates[ml_repetitions];
  for (int i = 0; i < ml_repetitions; i++) {
    const double start = ml_seconds();
    sink += work(context, times);
    rates[i] = (double)times * units_each_time / (ml_seconds() - start);
  }
  return ml_summary(rates);
}

// The assembly keeps the compiler from adding the additions up.
static uint64_t additions(void *context, size_t times) {
  (void)context;
  uint64_t sum = 0;
  for (size_t i = 0; i < times * 1000; i++) {
#if ML_X86
#define ADD __asm__ volatile("addq $1, %0" : "+r"(sum));
#elif defined(__aarch64__)
#define ADD __asm__ volatile("add %0, %0, #1" : "+r"(sum));
#else
#define ADD __asm__ volatile("" : "+r"(sum)); sum += 1;
#endif
    ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD ADD
  }
  return sum;
}

ml_rates ml_cycles(void) { return ml_measure(additions, NULL, 16 * 1000); }
