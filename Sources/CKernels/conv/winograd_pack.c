// Packing 3 x 3 weights for Winograd's filtering: transformed, as planes of panels.
#include <string.h>

#include "conv/winograd.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

enum { most_taps = 9 };

size_t winograd_packed_size(const winograd_grid *grid, const conv_packing *packing) {
    return winograd_planes(grid) * winograd_weights_plane(grid, packing->panel_columns);
}

typedef struct {
    const winograd_grid *grid;
    const snn_kernel_table *kernels;
    const conv_packing *packing;
    bool flipped;
    size_t plane;
} pack_plan;

/// One row of a panel, of all planes: the weights of one source channel's phase.
static void pack_row(const pack_plan *plan, winograd_phase phase, const float *weights, size_t columns, float *row) {
    const size_t side = plan->grid->taps, step = plan->grid->source.step * plan->grid->target.step;
    static const float zeros[SNN_MAX_TILE_COLUMNS];
    float values[most_taps][SNN_MAX_TILE_COLUMNS];
    if (columns < plan->packing->panel_columns) memset(values, 0, sizeof(values));
    plan->kernels->transpose(
        columns, most_taps, weights, plan->packing->column_stride, values[0], SNN_MAX_TILE_COLUMNS);
    const void *pixels[most_taps];
    for (size_t i = 0; i < side * side; i++) {
        size_t tap;
        pixels[i] = winograd_tap(phase, step, plan->flipped, i / side, i % side, &tap) ? values[tap] : zeros;
    }
    plan->grid->transforms->spread_weights(plan->packing->panel_columns, pixels, row, plan->plane);
}

/// Row `row` of a panel, both counted over all phases: those of the source or those of the target are one.
static void pack_panel_row(const pack_plan *plan, size_t panel, size_t row, const float *weights, float *packed) {
    const winograd_images *source = &plan->grid->source, *target = &plan->grid->target;
    const conv_packing *packing = plan->packing;
    const size_t panels = conv_packing_panels(packing), first = panel % panels * packing->panel_columns;
    const winograd_phase phase =
        source->step > 1 ? winograd_phase_at(source, row / packing->depth) : winograd_phase_at(target, panel / panels);
    const float *from = weights + first * packing->column_stride + row % packing->depth * packing->depth_stride;
    pack_row(plan, phase, from, snn_min(packing->panel_columns, packing->columns - first),
        packed + (panel * winograd_numbers(source) + row) * packing->panel_columns);
}

void winograd_pack(
    const winograd_grid *grid, const conv_packing *packing, bool flipped, const float *weights, float *packed) {
    const pack_plan plan = {
        .grid = grid,
        .kernels = snn_kernels(),
        .packing = packing,
        .flipped = flipped,
        .plane = winograd_weights_plane(grid, packing->panel_columns),
    };
    const size_t panels = winograd_panels(grid, packing->panel_columns), rows = winograd_numbers(&grid->source);
    SNN_PARALLEL_PIECES(snn_threads_for(winograd_packed_size(grid, packing)), thread, first, end, panels * rows, {
        for (size_t i = first; i < end; i++) pack_panel_row(&plan, i / rows, i % rows, weights, packed);
        // What went past the caches is there before other threads read it.
        atomic_thread_fence(memory_order_seq_cst);
    });
}
