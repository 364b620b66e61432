// What one core of this machine can do at most: bytes read a second, and operations a second.
// Every function measures by itself and returns rates of several repetitions.

#ifndef CMACHINELIMITS_H
#define CMACHINELIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Rates of the repetitions, a second; all 0 where the machine lacks what is to be measured.
typedef struct {
  double lowest, median, highest;
} ml_rates;

enum { ml_repetitions = 9 };

// Cycles: a chain of additions, each of which waits for the one before and takes one cycle.
ml_rates ml_cycles(void);

// Bytes read in ascending order from a block of so many bytes that has been read before. Huge pages
// are asked for or refused; the kernel may be unable to give them.
ml_rates ml_bytes_read(size_t bytes, bool huge_pages);

// Bytes read by several threads, each from a block of its own.
ml_rates ml_bytes_read_by_threads(size_t bytes, size_t threads);

// The bytes of huge pages behind the last block that was read; 0 when it has none or none can tell.
size_t ml_huge_page_bytes(void);

// fp32 operations, two for each fused multiply-add, from registers alone.
typedef enum { ml_fma_portable, ml_fma_avx2, ml_fma_avx512 } ml_fma_kind;
ml_rates ml_fma_operations(ml_fma_kind kind);

// int8 operations, two for each multiplication whose product is added to a sum of 32 bits, or of 16
// for the narrow kind.
typedef enum { ml_dot_avx2, ml_dot_avx2_narrow, ml_dot_avx_vnni, ml_dot_avx512_vnni, ml_dot_neon } ml_dot_kind;
ml_rates ml_dot_operations(ml_dot_kind kind);

// fp32 operations of a matrix product C[m × n] = A[m × k] B[n × k]ᵀ through BLAS on one thread.
ml_rates ml_sgemm_operations(size_t m, size_t n, size_t k);

// Which BLAS answers, and the kernels it has chosen for this processor.
const char *ml_blas_name(void);
const char *ml_blas_core(void);

#endif
