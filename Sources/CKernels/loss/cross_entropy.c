// Cross-entropy from logits, and the counting of right answers.
#include <stdbool.h>

#include "loss/chunks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"
#include "swiftnn/loss.h"

size_t snn_loss_workspace_size(size_t rows, size_t classes) {
    (void)rows, (void)classes;
    return SNN_LOSS_CHUNKS * sizeof(double);
}

/// Where row r of an optional array starts.
static float *row_of(float *x, size_t r, size_t classes) { return x != NULL ? x + r * classes : NULL; }

double snn_cross_entropy(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const int32_t *labels, float *dlogits, void *workspace) {
    if (classes == 0) return 0;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
    double *partial = workspace;
    SNN_PARALLEL_STEPS(snn_threads_for(SNN_SOFTMAX_COST * rows * classes), r, rows, chunk, {
        partial[r / chunk] = kernels->cross_entropy(snn_min(chunk, rows - r), classes, smoothing, scale,
            logits + r * classes, labels + r, row_of(dlogits, r, classes));
    });
    return scale * snn_loss_total(rows, chunk, partial);
}

double snn_cross_entropy_soft(size_t rows, size_t classes, float smoothing, float scale, const float *logits,
    const float *targets, float *dlogits, void *workspace) {
    if (classes == 0) return 0;
    const snn_kernel_table *kernels = snn_kernels();
    const size_t chunk = snn_loss_chunk(rows, classes);
    double *partial = workspace;
    SNN_PARALLEL_STEPS(snn_threads_for(SNN_SOFTMAX_COST * rows * classes), r, rows, chunk, {
        partial[r / chunk] = kernels->cross_entropy_soft(snn_min(chunk, rows - r), classes, smoothing, scale,
            logits + r * classes, targets + r * classes, row_of(dlogits, r, classes));
    });
    return scale * snn_loss_total(rows, chunk, partial);
}

static bool is_label(int32_t label, size_t classes) { return label >= 0 && (size_t)label < classes; }

size_t snn_labels_valid(size_t rows, size_t classes, const int32_t *labels) {
    size_t r = 0;
    while (r < rows && is_label(labels[r], classes)) r++;
    return r;
}

/// Whether the label's logit is the first of the largest; comparisons with NaN are false.
static bool is_correct(size_t classes, const float *logits, size_t label) {
    const float best = logits[label];
    bool correct = best == best;
    for (size_t c = 0; c < label; c++) correct &= logits[c] < best;
    for (size_t c = label + 1; c < classes; c++) correct &= logits[c] <= best;
    return correct;
}

size_t snn_count_correct(size_t rows, size_t classes, const float *logits, const int32_t *labels) {
    size_t correct = 0;
    for (size_t r = 0; r < rows; r++) {
        correct += is_label(labels[r], classes) && is_correct(classes, logits + r * classes, (size_t)labels[r]);
    }
    return correct;
}
