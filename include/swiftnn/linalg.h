// Linear algebra by LAPACK, for what is computed once, not in every step.
#ifndef SWIFTNN_LINALG_H
#define SWIFTNN_LINALG_H

#include <stdbool.h>
#include <stddef.h>

/// The eigenvalues of a symmetric n x n matrix, ascending, and in its place its eigenvectors: row i of the matrix
/// becomes the one of values[i]. workspace: snn_symmetric_eigen_workspace_size bytes, aligned as double is.
///
/// Returns whether the iteration converged.
bool snn_symmetric_eigen(size_t n, double *matrix, double *values, void *workspace);
size_t snn_symmetric_eigen_workspace_size(size_t n);

#endif
