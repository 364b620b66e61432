// The oracle: the formulas written down plainly, with the functions of the C library.

#include <math.h>

#include "../Dispatch.h"

void add_bias_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                              const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    for (size_t j = 0; j < dimension; j++) rows[i * dimension + j] += bias[j];
  }
}

void bias_gelu_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                               const float *bias) {
  for (size_t i = 0; i < row_count; i++) {
    for (size_t j = 0; j < dimension; j++) {
      const float x = rows[i * dimension + j] + bias[j];
      rows[i * dimension + j] = 0.5f * x * erfcf(x * -0.70710678118654752f);
    }
  }
}

void softmax_f32_rows_scalar(float *rows, size_t row_count, size_t dimension, float scale) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    float largest = row[0];
    for (size_t j = 1; j < dimension; j++) largest = row[j] > largest ? row[j] : largest;
    float sum = 0;
    for (size_t j = 0; j < dimension; j++) {
      row[j] = expf(scale * (row[j] - largest));
      sum += row[j];
    }
    for (size_t j = 0; j < dimension; j++) row[j] /= sum;
  }
}

void bias_layer_norm_f32_rows_scalar(float *rows, size_t row_count, size_t dimension,
                                     const float *bias, const float *gain, const float *shift,
                                     float epsilon) {
  for (size_t i = 0; i < row_count; i++) {
    float *row = rows + i * dimension;
    float sum = 0, squares = 0;
    for (size_t j = 0; j < dimension; j++) sum += row[j] += bias[j];
    const float mean = sum / (float)dimension;
    for (size_t j = 0; j < dimension; j++) squares += (row[j] - mean) * (row[j] - mean);
    const float inverse = 1 / sqrtf(squares / (float)dimension + epsilon);
    for (size_t j = 0; j < dimension; j++) row[j] = (row[j] - mean) * inverse * gain[j] + shift[j];
  }
}
