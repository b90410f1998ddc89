// CUDA C++ as far as kernels use it, for clang without NVIDIA's headers: compiled to PTX, never run.
// Mathematics is libdevice's, and only declared.
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))

struct float2 { float x, y; } __attribute__((aligned(8)));
struct float4 { float x, y, z, w; } __attribute__((aligned(16)));
struct int4 { int x, y, z, w; } __attribute__((aligned(16)));
struct Place { unsigned x; };
#define threadIdx Place{(unsigned)__nvvm_read_ptx_sreg_tid_x()}
#define blockIdx Place{(unsigned)__nvvm_read_ptx_sreg_ctaid_x()}
#define blockDim Place{(unsigned)__nvvm_read_ptx_sreg_ntid_x()}
#define gridDim Place{(unsigned)__nvvm_read_ptx_sreg_nctaid_x()}

static __device__ inline void __threadfence() { __nvvm_membar_gl(); }
static __device__ inline void __threadfence_block() { __nvvm_membar_cta(); }
static __device__ inline int atomicAdd(int* p, int value) { return __nvvm_atom_add_gen_i(p, value); }
static __device__ inline unsigned atomicAdd(unsigned* p, unsigned value) { return __nvvm_atom_add_gen_i((int*)p, value); }
static __device__ inline float atomicAdd(float* p, float value) { return __nvvm_atom_add_gen_f(p, value); }
static __device__ inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
static __device__ inline float __int_as_float(int bits) { return __builtin_bit_cast(float, bits); }
static __device__ inline float __uint_as_float(unsigned bits) { return __builtin_bit_cast(float, bits); }
static __device__ inline int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
static __device__ inline unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
static __device__ inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

#define FUNCTION_1(name)                                                    \
    extern "C" __device__ float name##f(float);                             \
    extern "C" __device__ double name(double);                              \
    static __device__ inline float name(float x) { return name##f(x); }
#define FUNCTION_2(name)                                                    \
    extern "C" __device__ float name##f(float, float);                      \
    extern "C" __device__ double name(double, double);                      \
    static __device__ inline float name(float x, float y) { return name##f(x, y); }
FUNCTION_1(sqrt) FUNCTION_1(exp) FUNCTION_1(exp2) FUNCTION_1(expm1) FUNCTION_1(log) FUNCTION_1(log2) FUNCTION_1(log1p) FUNCTION_1(sin) FUNCTION_1(cos)
FUNCTION_1(tan) FUNCTION_1(asin) FUNCTION_1(acos) FUNCTION_1(atan) FUNCTION_1(tanh) FUNCTION_1(fabs) FUNCTION_1(floor) FUNCTION_1(ceil)
FUNCTION_1(rsqrt) FUNCTION_1(round) FUNCTION_1(trunc) FUNCTION_2(pow) FUNCTION_2(atan2) FUNCTION_2(fmin) FUNCTION_2(fmax) FUNCTION_2(fmod)
FUNCTION_2(hypot) FUNCTION_2(copysign)
extern "C" __device__ float fmaf(float, float, float);
extern "C" __device__ double fma(double, double, double);
static __device__ inline float fma(float x, float y, float z) { return fmaf(x, y, z); }
#define ORDER(type)                                                                     \
    static __device__ inline type min(type a, type b) { return b < a ? b : a; }         \
    static __device__ inline type max(type a, type b) { return a < b ? b : a; }
ORDER(int) ORDER(unsigned) ORDER(long long) ORDER(unsigned long long) ORDER(float) ORDER(double)
static __device__ inline int abs(int x) { return x < 0 ? -x : x; }
#define isfinite(x) __builtin_isfinite(x)
#define isnan(x) __builtin_isnan(x)
