using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Gaussian;

/// <summary>Arguments of the fit kernel for Q learners, of which some are fitted.</summary>
/// <remarks>Sizes as in <see cref="DynamicsShape"/>.</remarks>
internal struct FitArguments<T> where T : unmanaged
{
    /// <summary>[fitted], indices of the fitted learners.</summary>
    public ArrayView<int> Fitted;

    /// <summary>[Q, episodes, T, D], z = [s; u; s′].</summary>
    public ArrayView<T> Samples;

    /// <summary>[Q, episodes], samples of each episode.</summary>
    public ArrayView<int> Lengths;

    /// <summary>[fitted, D], R of an input, floor of an output, in data units; 0: constant entry.</summary>
    public ArrayView<T> Diagonal;

    /// <summary>[fitted, priorSteps, D], μ₀.</summary>
    public ArrayView<T> PriorMean;

    /// <summary>[fitted, priorSteps, D, D], Φ; only the lower triangle is read.</summary>
    public ArrayView<T> PriorScatter;

    /// <summary>[Q, T, S, S + A], output F.</summary>
    public ArrayView<T> F;

    /// <summary>[Q, T, S], output f.</summary>
    public ArrayView<T> Offset;

    /// <summary>[Q, T, S, S], output N.</summary>
    public ArrayView<T> N;

    /// <summary>[Q, T, PackedStep], output of the packed models.</summary>
    public ArrayView<float> Packed;

    /// <summary>[Q], set to <see cref="Number"/> if the learner's model is not finite in float32.</summary>
    public ArrayView<int> Wrong;

    /// <summary>T, S, A, packed row length, episodes per learner, prior steps (0, 1 or T), fit number.</summary>
    public int Horizon, State, Action, PackedRow, Episodes, PriorSteps, Number;

    /// <summary>1: packed models pass through their learner's first episode, in spite of float32 rounding.</summary>
    public int Through;

    /// <summary>n₀.</summary>
    public T Strength;
}

/// <summary>
/// The fit (<see cref="GaussianFit"/>) of one time step of one learner by a thread group, with the matrices in shared
/// memory:
/// <code>
/// Σ = (Σₑ (zₑ − z̄)(zₑ − z̄)ᵀ + Φ + n n₀ / (n + n₀) (z̄ − μ₀)(z̄ − μ₀)ᵀ) / (n + n₀)
/// Σ_ii + R = L P Lᵀ,   F = ((Σ_ii + R)⁻¹ Σ_ip)ᵀ,   f = z̄_p − F z̄_i,   N = Σ_pp − F Σ_ii Fᵀ + floor = C Cᵀ
/// </code>
/// Each number is computed by one thread in a fixed order.
/// </summary>
internal static class GaussianFitKernel
{
    // number of adjacent threads along a row of a matrix
    private const int Columns = 16;

    /// <summary>Threads of a group, a multiple of the threads along a row.</summary>
    public static int Threads(GpuDevice device)
    {
        int most = Math.Min(device.Limits.GroupThreads, device.Info.IsGpu ? 128 : 64);
        return most < Columns ? most : most / Columns * Columns;
    }

    /// <summary>
    /// Elements of a group's shared memory: z̄, 1 / P and two matrices with odd row strides, so that the elements of a
    /// column lie in different banks.
    /// </summary>
    public static int Work(DynamicsShape shape) =>
        shape.Sample + shape.Input + shape.Sample * (shape.Input | 1) + shape.State * (shape.State | 1);

    public static void Single<TMemory>(FitArguments<float> at) where TMemory : struct, IGroupMemory =>
        Body<float, FloatMath, DeviceGroup>(Grid.IdxX, at, TMemory.Allocate<float>(), default);

    public static void Double<TMemory>(FitArguments<double> at) where TMemory : struct, IGroupMemory =>
        Body<double, DoubleMath, DeviceGroup>(Grid.IdxX, at, TMemory.Allocate<double>(), default);

    /// <summary>One time step of one learner.</summary>
    /// <param name="group">Index in the fitted learners · T + time step.</param>
    /// <param name="work">[<see cref="Work"/>], shared memory of the group.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Body<T, TMath, TGroup>(int group, in FitArguments<T> at, ArrayView<T> work, TGroup threads)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TGroup : struct, IThreadGroup
    {
        int states = at.State, inputs = states + at.Action, size = inputs + states;
        int mRow = inputs | 1, nRow = states | 1;
        ArrayView<T> mean = work.SubView(0, size), inverse = work.SubView(size, inputs);
        ArrayView<T> m = work.SubView(size + inputs, size * mRow);
        ArrayView<T> n = work.SubView(size + inputs + size * mRow, states * nRow);
        // arrange the threads in rows and columns
        int thread = threads.Index, count = threads.Size;
        int columns = count < Columns ? count : Columns, rows = count / columns;
        int row = thread / columns, column = thread - row * columns;

        // the step whose samples are fitted: with n₀ = 0 a step without samples copies the last step that has any
        int place = group / at.Horizon, step = group - place * at.Horizon, learner = at.Fitted[place];
        int longest = 0, present = 0;
        ArrayView<int> lengths = at.Lengths.SubView((long)learner * at.Episodes, at.Episodes);
        for (int e = 0; e < at.Episodes; e++) longest = lengths[e] > longest ? lengths[e] : longest;
        int source = at.Strength > T.Zero || step < longest ? step : longest - 1;
        for (int e = 0; e < at.Episodes; e++) present += lengths[e] > source ? 1 : 0;
        ArrayView<T> samples = at.Samples.SubView(((long)learner * at.Episodes * at.Horizon + source) * size);
        ArrayView<T> diagonal = at.Diagonal.SubView((long)place * size, size);
        long prior = at.PriorSteps == 1 ? place : (long)place * at.PriorSteps + source;
        ArrayView<T> priorMean = at.PriorMean.SubView(at.PriorSteps == 0 ? 0 : prior * size);
        ArrayView<T> priorScatter = at.PriorScatter.SubView(at.PriorSteps == 0 ? 0 : prior * size * size);
        T total = TMath.From(present), weight = T.One / (total + at.Strength), shift = total * at.Strength;
        if (at.PriorSteps > 0 && shift > T.Zero) shift /= total + at.Strength;
        else shift = T.Zero;

        // z̄
        for (int r = thread; r < size; r += count)
        {
            T sum = T.Zero;
            for (int e = 0; e < at.Episodes; e++)
                if (lengths[e] > source) sum += samples[(long)e * at.Horizon * size + r];
            mean[r] = present > 0 ? sum / total : priorMean[r];
        }
        threads.Barrier();

        // the lower triangle of Σ with R and the floor: the columns of [s; u] in m, the rest in n; a constant entry has
        // zeros, and a pivot of 1
        for (int r = row; r < size; r += rows)
            for (int c = column; c <= r; c += columns)
            {
                T sum = T.Zero;
                if (diagonal[r] > T.Zero && diagonal[c] > T.Zero)
                {
                    if (at.PriorSteps > 0) sum = priorScatter[r * size + c];
                    if (shift > T.Zero) sum += shift * (mean[r] - priorMean[r]) * (mean[c] - priorMean[c]);
                    for (int e = 0; e < at.Episodes; e++)
                        if (lengths[e] > source)
                        {
                            long z = (long)e * at.Horizon * size;
                            sum += (samples[z + r] - mean[r]) * (samples[z + c] - mean[c]);
                        }
                    sum *= weight;
                }
                if (r == c) sum += r < inputs && !(diagonal[r] > T.Zero) ? T.One : diagonal[r];
                if (c < inputs) m[r * mRow + c] = sum;
                else n[(r - inputs) * nRow + c - inputs] = sum;
            }

        // Σ_ii + R = L P Lᵀ: m becomes L P and n the conditional covariance; a pivot is at least half of R
        T half = TMath.From(0.5f);
        for (int k = 0; k < inputs; k++)
        {
            threads.Barrier();
            T pivot = m[k * mRow + k], least = half * diagonal[k], q = T.One / (pivot < least ? least : pivot);
            if (thread == 0) inverse[k] = q;
            for (int r = k + 1 + row; r < size; r += rows)
            {
                T factor = m[r * mRow + k] * q;
                for (int c = k + 1 + column; c < inputs && c <= r; c += columns)
                    m[r * mRow + c] -= factor * m[c * mRow + k];
                for (int c = column; c <= r - inputs; c += columns)
                    n[(r - inputs) * nRow + c] -= factor * m[(inputs + c) * mRow + k];
            }
        }

        // F by back substitution with L, in the last rows of m
        for (int k = inputs - 1; k >= 0; k--)
        {
            threads.Barrier();
            for (int r = inputs + row; r < size; r += rows)
            {
                T value = m[r * mRow + k] * inverse[k];
                for (int c = column; c < k; c += columns) m[r * mRow + c] -= value * m[k * mRow + c];
            }
        }
        threads.Barrier();
        long model = (long)learner * at.Horizon + step;
        ArrayView<T> f = at.F.SubView(model * states * inputs), offset = at.Offset.SubView(model * states);
        ArrayView<T> noise = at.N.SubView(model * states * states);
        ArrayView<float> packed = at.Packed.SubView(model * (size + 1) * at.PackedRow);
        bool finite = true;
        for (int r = row; r < states; r += rows)
            for (int c = column; c < inputs; c += columns)
            {
                T value = m[(inputs + r) * mRow + c] * inverse[c];
                m[(inputs + r) * mRow + c] = value;
                f[r * inputs + c] = value;
                packed[c * at.PackedRow + r] = TMath.ToFloat(value);
                finite = finite && FloatMath.IsFinite(TMath.ToFloat(value));
            }
        threads.Barrier();

        // f = z̄_p − F z̄_i; N = (conditional covariance of s′) + F R Fᵀ + floor
        for (int r = thread; r < states; r += count)
        {
            T value = mean[inputs + r];
            for (int k = 0; k < inputs; k++) value -= m[(inputs + r) * mRow + k] * mean[k];
            offset[r] = value;
            if (at.Through == 1 && lengths[0] > step)
            {
                // f ← f + s′ − (F [s; u] + f) with F and f in float32
                T next = TMath.From(TMath.ToFloat(value)), real = samples[inputs + r];
                for (int k = 0; k < inputs; k++)
                    next += TMath.From(TMath.ToFloat(m[(inputs + r) * mRow + k])) * samples[k];
                value = TMath.From(TMath.ToFloat(value)) + real - next;
            }
            packed[inputs * at.PackedRow + r] = TMath.ToFloat(value);
            finite = finite && FloatMath.IsFinite(TMath.ToFloat(value));
        }
        for (int r = row; r < states; r += rows)
            for (int c = column; c <= r; c += columns)
            {
                T value = n[r * nRow + c];
                for (int k = 0; k < inputs; k++)
                    value += m[(inputs + r) * mRow + k] * diagonal[k] * m[(inputs + c) * mRow + k];
                n[r * nRow + c] = value;
                noise[r * states + c] = value;
                noise[c * states + r] = value;
            }

        // C Cᵀ = N, as L P Lᵀ in n; a pivot is at least half the floor, and 0 for a constant entry
        for (int k = 0; k < states; k++)
        {
            threads.Barrier();
            T pivot = n[k * nRow + k], least = half * diagonal[inputs + k], q = T.Zero;
            if (least > T.Zero) q = T.One / (pivot < least ? least : pivot);
            for (int r = k + 1 + row; r < states; r += rows)
            {
                T factor = n[r * nRow + k] * q;
                for (int c = k + 1 + column; c <= r; c += columns) n[r * nRow + c] -= factor * n[c * nRow + k];
            }
        }
        threads.Barrier();
        for (int c = row; c < states; c += rows)
        {
            T pivot = n[c * nRow + c], least = half * diagonal[inputs + c];
            T root = TMath.Sqrt(pivot < least ? least : pivot);
            for (int r = c + column; r < states; r += columns)
            {
                T value = T.Zero;
                if (least > T.Zero) value = r == c ? root : n[r * nRow + c] / root;
                packed[(inputs + 1 + c) * at.PackedRow + r] = TMath.ToFloat(value);
                finite = finite && FloatMath.IsFinite(TMath.ToFloat(value));
            }
        }
        if (!finite) at.Wrong[learner] = at.Number;
    }
}
