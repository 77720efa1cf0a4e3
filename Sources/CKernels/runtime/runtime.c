// CPU detection, the choice of the kernel table, threads and cache sizes.
#include "swiftnn/runtime.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "gemm/blocks.h"
#include "runtime/kernel_table.h"
#include "runtime/parallel.h"

#if defined(_OPENMP)
// Swift's clang ships no omp.h; these are the functions of libomp we call.
extern int omp_get_num_procs(void);
extern void kmp_set_blocktime(int milliseconds);
#else
static int omp_get_num_procs(void) { return 1; }
static void kmp_set_blocktime(int milliseconds) { (void)milliseconds; }
#endif

static const char *const isa_names[SNN_ISA_COUNT] = {"portable", "neon", "avx2", "avx512", "amx"};

static const snn_kernel_table *table_of(snn_isa isa) {
    switch (isa) {
        case SNN_ISA_PORTABLE: return &snn_kernels_portable;
#if defined(__x86_64__)
        case SNN_ISA_AVX2: return &snn_kernels_avx2;
        case SNN_ISA_AVX512:
        case SNN_ISA_AMX: return &snn_kernels_avx512;
#elif defined(__aarch64__)
        case SNN_ISA_NEON: return &snn_kernels_neon;
#endif
        default: return NULL;
    }
}

const char *snn_isa_name(snn_isa isa) { return (unsigned)isa < SNN_ISA_COUNT ? isa_names[isa] : "unknown"; }

#if defined(__x86_64__)
static bool cpu_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static bool cpu_has_avx512(void) {
#if defined(SWIFTNN_EMULATE_AVX512)
    return cpu_has_avx2();
#else
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
}

static bool cpu_has_amx(void) {
#if defined(__linux__) && !defined(SWIFTNN_EMULATE_AVX512)
    // Linux has room for the tile registers of those processes only that ask for it.
    enum { request_permission = 0x1023, tile_data = 18 };
    return cpu_has_avx512() && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("amx-tile") &&
           __builtin_cpu_supports("amx-bf16") && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return false;
#endif
}
#endif

bool snn_isa_available(snn_isa isa) {
    if (table_of(isa) == NULL) return false;
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (isa) {
        case SNN_ISA_AVX2: return cpu_has_avx2();
        case SNN_ISA_AVX512: return cpu_has_avx512();
        case SNN_ISA_AMX: return cpu_has_amx();
        default: return true;
    }
#else
    return true;
#endif
}

static snn_isa best_isa(void) {
    const char *wanted = getenv("SWIFTNN_ISA");
    for (int isa = 0; wanted != NULL && isa < SNN_ISA_COUNT; isa++) {
        if (strcmp(wanted, isa_names[isa]) == 0 && snn_isa_available(isa)) return isa;
    }
    int isa = SNN_ISA_COUNT - 1;
    while (!snn_isa_available(isa)) isa--;
    return isa;
}

static _Atomic int process_isa = -1;
static _Thread_local int thread_isa = -1;

snn_isa snn_isa_active(void) {
    if (thread_isa >= 0) return thread_isa;
    int isa = atomic_load_explicit(&process_isa, memory_order_relaxed);
    if (isa < 0) {
        isa = best_isa();
        atomic_store_explicit(&process_isa, isa, memory_order_relaxed);
    }
    return isa;
}

bool snn_isa_override(int isa) {
    if (isa >= 0 && !snn_isa_available(isa)) return false;
    thread_isa = isa;
    return true;
}

const snn_kernel_table *snn_kernels(void) { return table_of(snn_isa_active()); }

const snn_block_kernels *snn_blocks(void) {
#if defined(__x86_64__) && defined(SWIFTNN_EMULATE_AVX512)
    if (snn_isa_active() == SNN_ISA_AVX512) return &snn_blocks_avx512;
#elif defined(__x86_64__)
    if (snn_isa_active() == SNN_ISA_AMX) return &snn_blocks_amx;
    if (snn_isa_active() == SNN_ISA_AVX512 && __builtin_cpu_supports("avx512bf16")) return &snn_blocks_avx512;
#endif
    return NULL;
}

static _Atomic int process_threads = 0;
static _Thread_local int thread_threads = 0;

static int bounded_threads(int count) { return count < SNN_THREAD_LIMIT ? count : SNN_THREAD_LIMIT; }

int snn_thread_count(void) {
    if (thread_threads > 0) return thread_threads;
    int count = atomic_load_explicit(&process_threads, memory_order_relaxed);
    if (count > 0) return count;
    const int processors = bounded_threads(omp_get_num_procs());
    // Another thread may have set it meanwhile.
    return atomic_compare_exchange_strong(&process_threads, &count, processors) ? processors : count;
}

void snn_set_thread_count(int count) {
    atomic_store_explicit(&process_threads, bounded_threads(count < 1 ? 1 : count), memory_order_relaxed);
}

void snn_thread_count_override(int count) { thread_threads = bounded_threads(count); }

void snn_set_spin_time(int milliseconds) { kmp_set_blocktime(milliseconds); }

/// Below this many numbers a loop ends before another thread has woken.
static const size_t parallel_grain = 1 << 15;

int snn_threads_for(size_t work) { return work < parallel_grain ? 1 : snn_thread_count(); }

int snn_most_threads(void) { return omp_get_num_procs(); }

#if defined(_SC_LEVEL1_DCACHE_SIZE)
static size_t cache_size(int name, size_t otherwise) {
    long size = sysconf(name);
    return size > 0 ? (size_t)size : otherwise;
}

size_t snn_l1_cache_size(void) { return cache_size(_SC_LEVEL1_DCACHE_SIZE, 32 << 10); }
size_t snn_l2_cache_size(void) { return cache_size(_SC_LEVEL2_CACHE_SIZE, 512 << 10); }
#else
size_t snn_l1_cache_size(void) { return 64 << 10; }
size_t snn_l2_cache_size(void) { return 1 << 20; }
#endif
