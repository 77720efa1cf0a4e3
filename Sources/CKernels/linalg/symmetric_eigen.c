// Eigenvectors by LAPACK's dsyev, which OpenBLAS (Linux) and Accelerate (macOS) have.
#include "swiftnn/linalg.h"

extern void dsyev_(const char *job, const char *triangle, const int *n, double *matrix, const int *leading,
    double *values, double *work, const int *work_length, int *info);

/// What dsyev takes for n, in doubles; more would let it use blocks, which matters to large matrices only.
static size_t work_length(size_t n) { return n == 0 ? 1 : 3 * n; }

size_t snn_symmetric_eigen_workspace_size(size_t n) { return work_length(n) * sizeof(double); }

bool snn_symmetric_eigen(size_t n, double *matrix, double *values, void *workspace) {
    if (n == 0) return true;
    const int size = (int)n, length = (int)work_length(n);
    int info = 0;
    // Eigenvectors come as columns of a column-major matrix, which are rows of ours.
    dsyev_("V", "U", &size, matrix, &size, values, workspace, &length, &info);
    return info == 0;
}
