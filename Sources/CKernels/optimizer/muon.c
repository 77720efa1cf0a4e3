// Muon: momentum whose step is the nearest orthogonal matrix, by products of matrices alone.
#include <math.h>
#include <string.h>

#include "runtime/parallel.h"
#include "swiftnn/elementwise.h"
#include "swiftnn/gemm.h"
#include "swiftnn/layout.h"
#include "swiftnn/optimizer.h"
#include "swiftnn/runtime.h"

/// Newton-Schulz's quintic with Jordan's coefficients: they let small singular values grow fastest.
static const float quintic_a = 3.4445f, quintic_b = -4.7750f, quintic_c = 2.0315f;

/// The wide one of a matrix and its transpose, and scratch memory.
typedef struct {
    size_t rows, columns;
    float *x, *next_x;        ///< rows x columns
    float *square, *quintic;  ///< rows x rows
    void *workspace;          ///< of the products, and of the norm
} iteration;

static snn_gemm_shape product(size_t m, size_t n, size_t k, bool transpose_b, float alpha, float beta) {
    return (snn_gemm_shape){.m = m,
        .n = n,
        .k = k,
        .transpose_b = transpose_b,
        .lda = k,
        .ldb = transpose_b ? k : n,
        .ldc = n,
        .alpha = alpha,
        .beta = beta};
}

static snn_gemm_shape square_product(size_t rows, size_t columns) { return product(rows, rows, columns, true, 1, 0); }
static snn_gemm_shape quintic_product(size_t rows) { return product(rows, rows, rows, false, quintic_c, quintic_b); }
static snn_gemm_shape step_product(size_t rows, size_t columns) {
    return product(rows, columns, rows, false, 1, quintic_a);
}

static size_t round_up(size_t bytes) { return snn_round_up(bytes, SNN_ALIGNMENT); }

static size_t product_workspace_size(size_t rows, size_t columns) {
    const snn_gemm_shape products[] = {
        square_product(rows, columns), quintic_product(rows), step_product(rows, columns)};
    size_t size = snn_sum_squares_workspace_size(rows * columns);
    for (size_t i = 0; i < 3; i++) size = snn_max(size, snn_gemm_workspace_size(&products[i]));
    return round_up(size);
}

size_t snn_muon_workspace_size(size_t rows, size_t columns) {
    const size_t small = snn_min(rows, columns), large = snn_max(rows, columns);
    return 2 * round_up(rows * columns * sizeof(float)) + 2 * round_up(small * small * sizeof(float)) +
           product_workspace_size(small, large);
}

static iteration make_iteration(size_t rows, size_t columns, void *workspace) {
    const size_t matrix = round_up(rows * columns * sizeof(float)), square = round_up(rows * rows * sizeof(float));
    char *memory = workspace;
    return (iteration){
        .rows = rows,
        .columns = columns,
        .x = (float *)memory,
        .next_x = (float *)(memory + matrix),
        .square = (float *)(memory + 2 * matrix),
        .quintic = (float *)(memory + 2 * matrix + square),
        .workspace = memory + 2 * matrix + 2 * square,
    };
}

static void iterate(iteration *it) {
    const size_t size = it->rows * it->columns;
    const snn_gemm_shape square = square_product(it->rows, it->columns), quintic = quintic_product(it->rows),
                         step = step_product(it->rows, it->columns);
    snn_gemm(&square, it->x, it->x, NULL, it->square, it->workspace);
    memcpy(it->quintic, it->square, it->rows * it->rows * sizeof(float));
    snn_gemm(&quintic, it->square, it->square, NULL, it->quintic, it->workspace);
    memcpy(it->next_x, it->x, size * sizeof(float));
    snn_gemm(&step, it->quintic, it->x, NULL, it->next_x, it->workspace);
    float *x = it->x;
    it->x = it->next_x;
    it->next_x = x;
}

static double norm(size_t size, const float *x, void *workspace) { return sqrt(snn_sum_squares(size, x, workspace)); }

void snn_muon_step(const snn_muon *options, size_t rows, size_t columns, const float *gradient, float *velocity,
    float *weights, void *workspace) {
    const size_t size = rows * columns;
    if (size == 0) return;
    iteration it = make_iteration(snn_min(rows, columns), snn_max(rows, columns), workspace);
    snn_scale(size, options->momentum, velocity, velocity);
    snn_axpy(size, options->gradient_scale, gradient, velocity);
    snn_scale(size, options->nesterov ? options->momentum : 1, velocity, it.x);
    if (options->nesterov) snn_axpy(size, options->gradient_scale, gradient, it.x);

    const float unit = (float)(1 / (norm(size, it.x, it.workspace) + 1e-7));
    snn_scale(size, unit, it.x, rows > columns ? it.next_x : it.x);
    if (rows > columns) snn_transpose(1, rows, columns, it.next_x, it.x);
    for (size_t i = 0; i < options->iterations; i++) iterate(&it);
    if (rows > columns) {
        snn_transpose(1, columns, rows, it.x, it.next_x);
        it.x = it.next_x;
    }

    const float stretch = sqrtf(rows > columns ? (float)rows / (float)columns : 1);
    if (options->normalize_weights) {
        snn_scale(size, (float)(sqrt((double)rows) / (norm(size, weights, it.workspace) + 1e-7)), weights, weights);
    }
    snn_scale(size, 1 - options->rate * options->weight_decay, weights, weights);
    snn_axpy(size, -options->rate * stretch, it.x, weights);
}
