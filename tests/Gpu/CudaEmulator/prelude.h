// CUDA C++ as far as kernels use it, for a C++ compiler; included before the source. A block is one OS thread, its threads are fibers.
#include "kernel.h"

typedef EmulatedDim uint3;
typedef EmulatedDim dim3;
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(16) uint4 { unsigned x, y, z, w; };

#define __CUDACC__ 1
#define __CUDA_ARCH__ (EMULATED_ARCHITECTURE * 10)
#define __device__
#define __global__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ __thread
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(n)

// 227 KB as on sm_90, and room to notice what is written behind
__attribute__((aligned(256))) __thread unsigned char shared_memory[232448 + 256];
static __thread EmulatedThread emulated_self;
static const EmulatedServices* emulated_services;

#define threadIdx emulated_self.thread
#define blockIdx emulated_self.block
#define blockDim emulated_self.threads
#define gridDim emulated_self.blocks
#define SPIN() emulated_services->spin()

static inline void __syncthreads() { emulated_services->barrier(); }
static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

static inline int atomicAdd(int* p, int value) { return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST); }
static inline unsigned atomicAdd(unsigned* p, unsigned value) { return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST); }
static inline unsigned long long atomicAdd(unsigned long long* p, unsigned long long value)
{
    return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}
static inline float atomicAdd(float* p, float value)
{
    float old = *p, sum;
    do sum = old + value;
    while (!__atomic_compare_exchange((int*)p, (int*)&old, (int*)&sum, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old;
}

static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
static inline float __int_as_float(int bits) { float x; __builtin_memcpy(&x, &bits, 4); return x; }
static inline float __uint_as_float(unsigned bits) { float x; __builtin_memcpy(&x, &bits, 4); return x; }
static inline int __float_as_int(float x) { int bits; __builtin_memcpy(&bits, &x, 4); return bits; }
static inline unsigned __float_as_uint(float x) { unsigned bits; __builtin_memcpy(&bits, &x, 4); return bits; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
template <class T> static inline T __ldg(const T* p) { return *p; }

// functions of both precisions
#define EMULATED_1(name)                                                       \
    static inline float name(float x) { return __builtin_##name##f(x); }       \
    static inline double name(double x) { return __builtin_##name(x); }        \
    static inline float name##f(float x) { return __builtin_##name##f(x); }
#define EMULATED_2(name)                                                                           \
    static inline float name(float x, float y) { return __builtin_##name##f(x, y); }               \
    static inline double name(double x, double y) { return __builtin_##name(x, y); }               \
    static inline float name##f(float x, float y) { return __builtin_##name##f(x, y); }
EMULATED_1(sqrt) EMULATED_1(exp) EMULATED_1(exp2) EMULATED_1(expm1) EMULATED_1(log) EMULATED_1(log2) EMULATED_1(log10) EMULATED_1(log1p)
EMULATED_1(sin) EMULATED_1(cos) EMULATED_1(tan) EMULATED_1(asin) EMULATED_1(acos) EMULATED_1(atan) EMULATED_1(sinh) EMULATED_1(cosh)
EMULATED_1(tanh) EMULATED_1(fabs) EMULATED_1(floor) EMULATED_1(ceil) EMULATED_1(round) EMULATED_1(trunc) EMULATED_1(cbrt) EMULATED_1(erf)
EMULATED_2(pow) EMULATED_2(atan2) EMULATED_2(fmin) EMULATED_2(fmax) EMULATED_2(fmod) EMULATED_2(hypot) EMULATED_2(copysign)
static inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
static inline float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline float rsqrt(float x) { return 1 / __builtin_sqrtf(x); }
static inline double rsqrt(double x) { return 1 / __builtin_sqrt(x); }
static inline float rsqrtf(float x) { return 1 / __builtin_sqrtf(x); }
static inline void sincosf(float x, float* s, float* c) { *s = __builtin_sinf(x); *c = __builtin_cosf(x); }
static inline void sincos(double x, double* s, double* c) { *s = __builtin_sin(x); *c = __builtin_cos(x); }
static inline int abs(int x) { return x < 0 ? -x : x; }
#define EMULATED_ORDER(type)                                                   \
    static inline type min(type a, type b) { return b < a ? b : a; }           \
    static inline type max(type a, type b) { return a < b ? b : a; }
EMULATED_ORDER(int) EMULATED_ORDER(unsigned) EMULATED_ORDER(long) EMULATED_ORDER(unsigned long) EMULATED_ORDER(long long)
EMULATED_ORDER(unsigned long long)
static inline float min(float a, float b) { return __builtin_fminf(a, b); }
static inline float max(float a, float b) { return __builtin_fmaxf(a, b); }
static inline double min(double a, double b) { return __builtin_fmin(a, b); }
static inline double max(double a, double b) { return __builtin_fmax(a, b); }
#define isfinite(x) __builtin_isfinite(x)
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)

// a kernel with its parameters
template <class T> struct EmulatedPointer { static constexpr bool value = false; };
template <class T> struct EmulatedPointer<T*> { static constexpr bool value = true; };
template <int... I> struct EmulatedIndices {};
template <int N, int... I> struct EmulatedRange : EmulatedRange<N - 1, N - 1, I...> {};
template <int... I> struct EmulatedRange<0, I...> { typedef EmulatedIndices<I...> type; };
template <class F, F function> struct EmulatedCall;
template <class... A, void (*function)(A...)> struct EmulatedCall<void (*)(A...), function>
{
    static constexpr int count = sizeof...(A);
    static constexpr unsigned sizes[sizeof...(A) + 1] = {sizeof(A)..., 0};
    static constexpr bool pointers[sizeof...(A) + 1] = {EmulatedPointer<A>::value..., false};
    template <int... I> static void with(void** p, EmulatedIndices<I...>) { function(*(A*)p[I]...); }
    static void call(void** p) { with(p, typename EmulatedRange<sizeof...(A)>::type()); }
};
#define EMULATED_KERNEL(name, threads)                                                                                              \
    {#name, &EmulatedCall<decltype(&name), &name>::call, EmulatedCall<decltype(&name), &name>::count,                               \
     EmulatedCall<decltype(&name), &name>::sizes, EmulatedCall<decltype(&name), &name>::pointers, threads},
#define EMULATED_MODULE(kernels)                                                                                                    \
    static void emulated_bind(const EmulatedServices* services) { emulated_services = services; }                                   \
    static EmulatedThread* emulated_own() { return &emulated_self; }                                                                \
    static unsigned char* emulated_shared() { return shared_memory; }                                                               \
    extern "C" __attribute__((visibility("default"))) const EmulatedModule emulated_module =                                        \
        {EMULATED_ARCHITECTURE, kernels, emulated_bind, emulated_own, emulated_shared};
