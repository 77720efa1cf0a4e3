// The table of micro-kernels: one column an instruction set, filled at compile time, chosen once at run time.
// Drivers call snn_kernels()->... ; everything that depends on the instruction set is behind it.
#ifndef SNN_KERNEL_TABLE_H
#define SNN_KERNEL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "conv/conv_tile.h"
#include "gemm/tile.h"
#include "swiftnn/activation.h"

typedef struct {
    size_t width;         ///< floats a vector
    size_t tile_rows;     ///< rows of a register tile
    size_t tile_columns;  ///< columns of a register tile, and the width of a packed panel

    // gemm
    void (*gemm_tile)(const snn_tile *tile);
    void (*gemm_indirect_tile)(const snn_indirect_tile *tile);

    // layout
    void (*transpose)(size_t rows, size_t columns, const float *x, size_t x_row, float *out, size_t out_row);
    // conv
    void (*weight_gradient_tile)(const snn_weight_gradient_tile *tile);
    void (*depthwise_tile)(const snn_depthwise_tile *tile);
    void (*depthwise_gradient)(const snn_depthwise_gradient *sum);

    // activation
    void (*activation_forward)(snn_activation activation, size_t count, const float *x, float *y);
} snn_kernel_table;

/// The table of the tier in use by the calling thread. A driver asks once, outside its parallel regions: the threads of
/// a team do not have the caller's override.
const snn_kernel_table *snn_kernels(void);

extern const snn_kernel_table snn_kernels_portable;
#if defined(__x86_64__)
extern const snn_kernel_table snn_kernels_avx2, snn_kernels_avx512;
#elif defined(__aarch64__)
extern const snn_kernel_table snn_kernels_neon;
#endif

#endif
