// The random micro-kernels: Philox4x32-10 (Salmon et al. 2011; constants and rounds as in Random123), and what makes
// numbers of its bits.

typedef uint64_t vu64 __attribute__((ext_vector_type(SIMD_WIDTH / 2)));
typedef uint64_t vu64_pair_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(4)));
typedef uint32_t vu_unaligned __attribute__((ext_vector_type(SIMD_WIDTH), aligned(4)));

/// The numbers that one run of the generator makes: two vectors.
#define PHILOX_NUMBERS (2 * SIMD_WIDTH)

/// Half of a block's four words a lane: words 0 and 1 in one vector, 2 and 3 in the other, low word first. A product's
/// two halves then already stand side by side, as the next round and the output want them.
typedef struct {
    vu64 words01, words23;
} philox_blocks;

// ZIP alternates the lanes of two vectors; SWAP exchanges each two neighbours of one.
#if SIMD_WIDTH == 4
#define ZIP(a, b) __builtin_shufflevector(a, b, 0, 2, 1, 3)
#define SWAP(a) __builtin_shufflevector(a, a, 1, 0, 3, 2)
#elif SIMD_WIDTH == 8
#define ZIP(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5, 2, 6, 3, 7)
#define SWAP(a) __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6)
#else
#define ZIP(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)
#define SWAP(a) __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#endif

SIMD_INLINE vu64 philox_multiply(vu64 words, uint32_t factor) {
    return (vu64)SWAP((vu)((words & 0xffffffffu) * factor));
}

SIMD_INLINE philox_blocks philox(vu64 counters, uint64_t seed) {
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    philox_blocks state = {counters, (vu64)0};
#pragma clang loop unroll(full)
    for (int round = 0; round < 10; round++) {
        const vu64 product0 = philox_multiply(state.words01, 0xD2511F53u);
        const vu64 product1 = philox_multiply(state.words23, 0xCD9E8D57u);
        state.words01 = product1 ^ (state.words01 >> 32) ^ key0;
        state.words23 = product0 ^ (state.words23 >> 32) ^ key1;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return state;
}

/// The PHILOX_NUMBERS numbers of the blocks that start at counter `block`.
SIMD_INLINE void philox_store(uint64_t seed, uint64_t block, uint32_t *out) {
    vu64 counters;
    for (size_t lane = 0; lane < SIMD_WIDTH / 2; lane++) counters[lane] = block + lane;
    const philox_blocks state = philox(counters, seed);
    *(vu64_pair_unaligned *)out = ZIP(state.words01, state.words23);
}
#undef ZIP
#undef SWAP

/// The numbers offset ..< offset + count of the stream.
static void random_bits(uint64_t seed, uint64_t offset, size_t count, uint32_t *out) {
    while (count > 0) {
        const size_t skipped = offset % 4;
        size_t made = PHILOX_NUMBERS - skipped;
        if (skipped == 0 && made <= count) {
            philox_store(seed, offset / 4, out);
        } else {
            uint32_t numbers[PHILOX_NUMBERS];
            philox_store(seed, offset / 4, numbers);
            if (made > count) made = count;
            for (size_t i = 0; i < made; i++) out[i] = numbers[skipped + i];
        }
        offset += made;
        out += made;
        count -= made;
    }
}

SIMD_INLINE vu load_bits(const uint32_t *p) { return *(const vu_unaligned *)p; }

/// The upper 24 bits, which a float holds exactly.
SIMD_INLINE vf upper_24(vu bits) { return __builtin_convertvector((vi)(bits >> 8), vf); }

/// low + range * (bits >> 8) * 2^-24, at most `last`. Whole vectors of bits are read.
static void random_uniform(size_t count, const uint32_t *bits, float low, float range, float last, float *out) {
    const vf step = v_set1(range * 0x1p-24f);
    for (size_t i = 0; i < count; i += SIMD_WIDTH) {
        const vf number = v_min(v_set1(last), v_fma(step, upper_24(load_bits(bits + i)), v_set1(low)));
        v_store_lanes(out + i, number, count - i < SIMD_WIDTH ? count - i : SIMD_WIDTH);
    }
}

/// Box-Muller: pairs of bits (radius, angle) become pairs of numbers. `count` is a multiple of PHILOX_NUMBERS.
static void random_normal(size_t count, const uint32_t *bits, float mean, float deviation, float *out) {
    const vu64 low_word = (vu64)0xffffffffu;
    for (size_t i = 0; i < count; i += PHILOX_NUMBERS) {
        // A vector of radii and one of angles: the first pairs in the even lanes, the second in the odd ones.
        const vu64 first = (vu64)load_bits(bits + i), second = (vu64)load_bits(bits + i + SIMD_WIDTH);
        const vu radius_bits = (vu)((first & low_word) | (second << 32));
        const vu angle_bits = (vu)((first >> 32) | (second & ~low_word));
        // Above 0, for the logarithm.
        const vf uniform = (upper_24(radius_bits) + 1) * 0x1p-24f;
        const vf radius = deviation * v_sqrt(-2 * v_log(uniform));
        vf sine, cosine;
        v_sincos_turns(upper_24(angle_bits) * 0x1p-24f, &sine, &cosine);
        const vu64 even = (vu64)v_fma(radius, cosine, v_set1(mean)), odd = (vu64)v_fma(radius, sine, v_set1(mean));
        v_store(out + i, (vf)((even & low_word) | (odd << 32)));
        v_store(out + i + SIMD_WIDTH, (vf)((even >> 32) | (odd & ~low_word)));
    }
}
