// OpenBLAS, for double precision and as the peer beside our own product.
#include "swiftnn/gemm.h"

#if defined(__linux__)
// The prototypes of cblas.h that we call (its enumerations are ints).
enum { row_major = 101, no_transpose = 111, transposed = 112 };
extern void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
    int lda, const float *b, int ldb, float beta, float *c, int ldc);
extern void cblas_dgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha, const double *a,
    int lda, const double *b, int ldb, double beta, double *c, int ldc);
extern void openblas_set_num_threads(int count);
extern char *openblas_get_corename(void);
extern char *openblas_get_config(void);

static int transposition(bool transpose) { return transpose ? transposed : no_transpose; }

void snn_openblas_sgemm(const snn_gemm_shape *s, const float *a, const float *b, float *c) {
    cblas_sgemm(row_major, transposition(s->transpose_a), transposition(s->transpose_b), (int)s->m, (int)s->n,
        (int)s->k, s->alpha, a, (int)s->lda, b, (int)s->ldb, s->beta, c, (int)s->ldc);
}

void snn_openblas_dgemm(const snn_gemm_shape *s, const double *a, const double *b, double *c) {
    cblas_dgemm(row_major, transposition(s->transpose_a), transposition(s->transpose_b), (int)s->m, (int)s->n,
        (int)s->k, (double)s->alpha, a, (int)s->lda, b, (int)s->ldb, (double)s->beta, c, (int)s->ldc);
}

void snn_openblas_set_threads(int count) { openblas_set_num_threads(count); }

const char *snn_openblas_core(void) { return openblas_get_corename(); }

const char *snn_openblas_config(void) { return openblas_get_config(); }
#endif
