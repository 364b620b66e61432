// Timing of repetitions.

#ifndef CMACHINELIMITS_RATES_H
#define CMACHINELIMITS_RATES_H

#include "CMachineLimits.h"

#if defined(__x86_64__)
#define ML_X86 1
#include <immintrin.h>
#else
#define ML_X86 0
#endif

// One repetition must last so long that the clock and an interrupt do not matter.
#define ML_SECONDS 0.1

double ml_seconds(void);

// Does its work so many times over; what it returns is used, so that no compiler drops the work.
typedef uint64_t (*ml_work)(void *context, size_t times);

// Runs the work until a repetition lasts long enough, then measures repetitions of that length.
ml_rates ml_measure(ml_work work, void *context, double units_each_time);

// The order statistics of rates that were measured elsewhere.
ml_rates ml_summary(double rates[ml_repetitions]);

#endif
