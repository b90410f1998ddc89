// One dialect for CUDA C++ (NVRTC, clang) and OpenCL C 1.2. A kernel is  KERNEL(threads) void name(GLOBAL const float* RESTRICT x, int n) { … }
// in one dimension; memory that a group shares is declared once, first in the kernel, as  SHARED(type, name, count);

#ifdef __OPENCL_VERSION__

#if HAS_DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#define KERNEL(threads) __kernel __attribute__((reqd_work_group_size(threads, 1, 1)))
#define DEVICE static
#define GLOBAL __global
#define LOCAL __local
#define CONSTANT __constant
#define RESTRICT restrict
#define SHARED(type, name, count) __local type name[count]
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define MEMORY_FENCE() mem_fence(CLK_GLOBAL_MEM_FENCE)
#define THREAD ((int)get_local_id(0))
#define GROUP ((int)get_group_id(0))
#define GROUPS ((int)get_num_groups(0))
#define MUL_HIGH(a, b) mul_hi((uint)(a), (uint)(b))
#define ATOMIC_ADD(p, value) atomic_add(p, value)
#define IS_FINITE(x) isfinite(x)
#define LOAD4(p) vload4(0, p)
#define AS_FLOAT(bits) as_float(bits)

#else

typedef unsigned int uint;
typedef unsigned long long ulong;
// 64 bits as in OpenCL; CUDA's own long has 32 on Windows
#define long long long
#define KERNEL(threads) extern "C" __global__ __launch_bounds__(threads)
#define DEVICE static __device__ __forceinline__
#define GLOBAL
#define LOCAL
#define CONSTANT static __device__ const
#define RESTRICT __restrict__
#define SHARED(type, name, count) extern __shared__ __align__(16) unsigned char shared_memory[]; type* name = (type*)shared_memory
#define BARRIER() __syncthreads()
#define MEMORY_FENCE() __threadfence()
#define THREAD ((int)threadIdx.x)
#define GROUP ((int)blockIdx.x)
#define GROUPS ((int)gridDim.x)
#define MUL_HIGH(a, b) __umulhi((uint)(a), (uint)(b))
#define ATOMIC_ADD(p, value) atomicAdd(p, value)
#define IS_FINITE(x) isfinite(x)
#define LOAD4(p) (*(const float4*)(p))
#define AS_FLOAT(bits) __int_as_float(bits)

#endif

#define UNROLL _Pragma("unroll")
#define PRAGMA(text) _Pragma(#text)
#define UNROLL_BY(n) PRAGMA(unroll n)
// a multiple of 16 floats: a cache line
#define PAD(n) (((n) + 15) & ~15)
// in a loop that waits for another group; nothing to do on a GPU
#ifndef SPIN
#define SPIN()
#endif

// e = 0 .. count-1, shared by the THREADS threads of a group. All of them take the same turns: PoCL runs loops together, wrongly, that have a
// BARRIER between them and whose first conditions are the same and differ from thread to thread
#define EACH(e, count) for (int e##_turn = 0, e = THREAD; e##_turn < (count); e##_turn += THREADS, e += THREADS) if (e < (count))
