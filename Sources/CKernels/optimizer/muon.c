// Muon: momentum whose step is the nearest orthogonal matrix, by products of matrices alone.
#include <math.h>
#include <string.h>

#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/elementwise.h"
#include "swiftnn/gemm.h"
#include "swiftnn/layout.h"
#include "swiftnn/optimizer.h"
#include "swiftnn/runtime.h"

/// Newton-Schulz's quintic with Jordan's coefficients: they let small singular values grow fastest.
static const float quintic_a = 3.4445f, quintic_b = -4.7750f, quintic_c = 2.0315f;

/// The wide one of a matrix and its transpose, the products of an iteration, the first two of which are symmetric, and
/// scratch memory.
typedef struct {
    size_t rows, columns;
    snn_gemm_shape square_product, quintic_product, step_product;
    float *x, *next_x;        ///< rows x columns
    float *square, *quintic;  ///< rows x rows
    void *workspace;          ///< of the products, and of the norm
} iteration;

static size_t round_up(size_t bytes) { return snn_round_up(bytes, SNN_ALIGNMENT); }

/// Rows of a symmetric product that are computed together, up to their end on the diagonal.
enum { symmetric_rows = 64 };

static snn_gemm_shape symmetric_block(const snn_gemm_shape *shape, size_t first) {
    snn_gemm_shape block = *shape;
    block.m = snn_min(symmetric_rows, shape->m - first);
    block.n = first + block.m;
    return block;
}

static size_t symmetric_workspace_size(const snn_gemm_shape *shape) {
    size_t largest = 0;
    for (size_t first = 0; first < shape->m; first += symmetric_rows) {
        const snn_gemm_shape block = symmetric_block(shape, first);
        largest = snn_max(largest, snn_gemm_workspace_size(&block));
    }
    return largest;
}

/// Copies what lies below the blocks on the diagonal to the other side.
static void mirror(size_t rows, float *c) {
    const snn_kernel_table *kernels = snn_kernels();
    const size_t blocks = snn_ceil_div(rows, symmetric_rows);
    SNN_PARALLEL_2D(snn_threads_for(rows * rows), i, blocks, j, blocks, {
        const size_t top = i * symmetric_rows, left = j * symmetric_rows;
        if (j < i) {
            kernels->transpose(snn_min(symmetric_rows, rows - top), symmetric_rows, c + top * rows + left, rows,
                c + left * rows + top, rows);
        }
    });
}

/// The product of A and its transpose, about half of which is computed.
static void multiply_symmetric(const snn_gemm_shape *shape, const float *a, float *c, void *workspace) {
    for (size_t first = 0; first < shape->m; first += symmetric_rows) {
        const snn_gemm_shape block = symmetric_block(shape, first);
        snn_gemm(&block, a + first * shape->lda, a, NULL, c + first * shape->ldc, workspace);
    }
    mirror(shape->m, c);
}

/// Without its memory.
static iteration make_iteration(const snn_muon *options, size_t rows, size_t columns) {
    const size_t small = snn_min(rows, columns), large = snn_max(rows, columns);
    const snn_gemm_shape square = {
        .m = small,
        .n = small,
        .k = large,
        .lda = large,
        .ldb = large,
        .ldc = small,
        .bfloat16 = options->bfloat16,
        .rounds = options->bfloat16,
    };
    iteration it = {.rows = small, .columns = large};
    it.square_product = it.quintic_product = it.step_product = square;
    it.square_product.transpose_b = it.quintic_product.transpose_b = true;
    it.square_product.alpha = 1;
    it.quintic_product.k = it.quintic_product.lda = it.quintic_product.ldb = small;
    it.quintic_product.alpha = quintic_c;
    it.quintic_product.beta = quintic_b;
    it.step_product.n = it.step_product.ldc = large;
    it.step_product.k = it.step_product.lda = small;
    it.step_product.alpha = 1;
    it.step_product.beta = quintic_a;
    return it;
}

static size_t matrix_size(const iteration *it) { return round_up(it->rows * it->columns * sizeof(float)); }
static size_t square_size(const iteration *it) { return round_up(it->rows * it->rows * sizeof(float)); }

size_t snn_muon_workspace_size(const snn_muon *options, size_t rows, size_t columns) {
    const iteration it = make_iteration(options, rows, columns);
    size_t size = snn_sum_squares_workspace_size(rows * columns);
    size = snn_max(size, symmetric_workspace_size(&it.square_product));
    size = snn_max(size, symmetric_workspace_size(&it.quintic_product));
    size = snn_max(size, snn_gemm_workspace_size(&it.step_product));
    return 2 * matrix_size(&it) + 2 * square_size(&it) + round_up(size);
}

static void give_memory(iteration *it, void *workspace) {
    const size_t matrix = matrix_size(it), square = square_size(it);
    char *memory = workspace;
    it->x = (float *)memory;
    it->next_x = (float *)(memory + matrix);
    it->square = (float *)(memory + 2 * matrix);
    it->quintic = (float *)(memory + 2 * matrix + square);
    it->workspace = memory + 2 * matrix + 2 * square;
}

static void iterate(iteration *it) {
    const size_t size = it->rows * it->columns, square_count = it->rows * it->rows;
    multiply_symmetric(&it->square_product, it->x, it->square, it->workspace);
    memcpy(it->quintic, it->square, square_count * sizeof(float));
    multiply_symmetric(&it->quintic_product, it->square, it->quintic, it->workspace);
    memcpy(it->next_x, it->x, size * sizeof(float));
    snn_gemm(&it->step_product, it->quintic, it->x, NULL, it->next_x, it->workspace);
    float *x = it->x;
    it->x = it->next_x;
    it->next_x = x;
}

static double norm(size_t size, const float *x, void *workspace) { return sqrt(snn_sum_squares(size, x, workspace)); }

void snn_muon_step(const snn_muon *options, size_t rows, size_t columns, const float *gradient, float *velocity,
    float *weights, void *workspace) {
    const size_t size = rows * columns;
    if (size == 0) return;
    iteration it = make_iteration(options, rows, columns);
    give_memory(&it, workspace);
    snn_scale(size, options->momentum, velocity, velocity);
    snn_axpy(size, options->gradient_scale, gradient, velocity);
    snn_scale(size, options->nesterov ? options->momentum : 1, velocity, it.x);
    if (options->nesterov) snn_axpy(size, options->gradient_scale, gradient, it.x);

    const float unit = (float)(1 / (norm(size, it.x, it.workspace) + 1e-7));
    snn_scale(size, unit, it.x, rows > columns ? it.next_x : it.x);
    if (rows > columns) snn_transpose(1, rows, columns, it.next_x, it.x);
    if (options->bfloat16) snn_round_to_bfloat16(size, it.x, it.x);
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
